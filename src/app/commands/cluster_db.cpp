// stoa cluster db status|explain|switchover|failover|reseed: who takes writes, and changing that by hand.

#include "app/commands/cluster_common.hpp"
#include "app/commands/cluster_db_galera.hpp"
#include "app/commands/common.hpp"
#include "cluster/database/admin.hpp"
#include "cluster/galera/admin.hpp"
#include "json/writer.hpp"

namespace stoa::app {
namespace {

using namespace cluster;

struct Databases {
    std::vector<std::string> names;  ///< of all database hosts, those whose agent is silent included
    bool galera = false;
};
Result<Databases> databases_of(Reached& reached) {
    STOA_TRY(const ClusterSpec spec, applied_spec(reached));
    Databases found;
    for (const HostSpec* host : spec.of_role("db"))
        found.names.push_back(host->name);
    found.galera = spec.topology == Topology::galera;
    const bool elects = spec.topology == Topology::classic && found.names.size() > 1;
    if (!elects && !found.galera) {
        return Error{Errc::unsupported,
                     "The cluster " + spec.name + " has no primary that is elected: that takes two db hosts or more."};
    }
    return found;
}

/// For commands that need a primary and replicas.
Result<std::vector<std::string>> members_of(Reached& reached) {
    STOA_TRY(Databases found, databases_of(reached));
    if (found.galera) {
        return Error{Errc::unsupported,
                     "With Galera all nodes take writes: there is nothing to switch over, and a node whose data folder "
                     "was emptied gets a copy by itself."};
    }
    return std::move(found.names);
}

std::string role_of(const database::ClusterView& view, const std::string& name, const database::Member& member) {
    if (view.leader && view.leader->name == name) return view.leader->open ? "primary" : "promoting";
    if (member.life.empty()) return "down";
    return member.receiving ? "replica" : "detached";
}

std::string describe(const database::ClusterView& view, const std::string& name) {
    std::string line = "  " + padded(name, 8);
    const auto found = view.members.find(name);
    if (found == view.members.end()) return line + "its agent is not heard of";
    const database::Member& member = found->second;
    const std::string role = role_of(view, name, member);
    line += padded(role, 11) + padded(member.address, 22) +
            padded(role == "primary" ? member.applied.text() : member.received.text(), 16);
    if (role == "replica") {
        line += padded(std::to_string(member.lag_ms) + " ms behind", 15);
        line += member.acknowledges ? "acknowledges" : "does not acknowledge";
        if (!member.in_pool) line += ", answers no reads";
    }
    return member.problem.empty() ? line : line + "  " + member.problem;
}

bool all_well(const database::ClusterView& view, const std::vector<std::string>& names) {
    if (!view.leader || !view.leader->open) return false;
    for (const std::string& name : names) {
        const auto found = view.members.find(name);
        if (found == view.members.end() || !found->second.problem.empty()) return false;
        if (name != view.leader->name && !(found->second.receiving && found->second.acknowledges)) return false;
    }
    return true;
}

/// What came of a command, as the member that carried it out says.
Result<int> print_outcome(const Result<std::string>& outcome, bool json) {
    if (!outcome) return outcome.error();
    if (!json) {
        print_line(*outcome);
        return 0;
    }
    std::string text;
    json::Writer(text).begin_object().field("outcome", *outcome).end_object();
    print_line(text);
    return 0;
}

}  // namespace

Result<int> cluster_db_status(const ClusterDbOptions& options) {
    STOA_TRY(Reached reached, reach(options));
    STOA_TRY(const Databases databases, databases_of(reached));
    const auto& names = databases.names;
    if (databases.galera) return galera_status(reached, names, options.json);
    STOA_TRY(const database::ClusterView view, database::Admin(*reached.etcd, reached.name).status());
    const int code = all_well(view, names) ? 0 : 1;
    if (options.json) {
        print_line(database::to_json(view));
        return code;
    }
    for (const std::string& name : names)
        print_line(describe(view, name));
    if (view.acknowledgers && view.acknowledgers->alone)
        print_line("  Commits count without any standby: one failure may lose them.");
    for (const database::Change& change : view.history) {
        print_line("  epoch " + std::to_string(change.epoch) + ": " + (change.from.empty() ? "nobody" : change.from) +
                   " -> " + change.to + ", " + (change.why.empty() ? change.reason : change.why) + ", no writes for " +
                   std::to_string(change.open_ms) + " ms");
    }
    print_line(code == 0 ? "All is well." : "Not all is well: stoa cluster db explain");
    return code;
}

Result<int> cluster_db_explain(const ClusterDbOptions& options) {
    STOA_TRY(Reached reached, reach(options));
    STOA_TRY(const auto databases, databases_of(reached));
    STOA_TRY(const auto sentences, databases.galera
                                       ? galera::Admin(*reached.etcd, reached.name).explain(databases.names)
                                       : database::Admin(*reached.etcd, reached.name).explain(databases.names));
    std::string text;
    json::Writer out(text);
    out.begin_array();
    for (const std::string& sentence : sentences) {
        out.text(sentence);
        if (!options.json) print_line(sentence);
    }
    out.end_array();
    if (options.json) print_line(text);
    return 0;
}

Result<int> cluster_db_switchover(const ClusterDbOptions& options) {
    STOA_TRY(Reached reached, reach(options));
    STOA_CHECK(members_of(reached));
    return print_outcome(database::Admin(*reached.etcd, reached.name).switchover(options.member), options.json);
}

Result<int> cluster_db_failover(const ClusterDbOptions& options) {
    STOA_TRY(Reached reached, reach(options));
    STOA_TRY(const auto databases, databases_of(reached));
    const auto& names = databases.names;
    return print_outcome(
        databases.galera
            ? galera::Admin(*reached.etcd, reached.name).force(names, options.member, options.accept_loss)
            : database::Admin(*reached.etcd, reached.name).force(names, options.member, options.accept_loss),
        options.json);
}

Result<int> cluster_db_reseed(const ClusterDbOptions& options) {
    STOA_TRY(Reached reached, reach(options));
    STOA_CHECK(members_of(reached));
    return print_outcome(database::Admin(*reached.etcd, reached.name).reseed(options.member, options.from),
                         options.json);
}

}  // namespace stoa::app
