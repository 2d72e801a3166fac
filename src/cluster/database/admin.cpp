#include "cluster/database/admin.hpp"

#include <map>

#include "base/random.hpp"
#include "cluster/database/election.hpp"
#include "cluster/etcd/order.hpp"
#include "json/writer.hpp"

namespace stoa::cluster::database {
namespace {

std::string names(const std::vector<ServerLife>& lives) {
    std::string out;
    for (const auto& one : lives)
        out += (out.empty() ? "" : ", ") + one.name;
    return out.empty() ? "nobody" : out;
}

}  // namespace

Result<ClusterView> Admin::status() {
    STOA_TRY(const auto listing, etcd_.get_prefix(keys_.root()));
    std::map<std::string, std::string, std::less<>> values;
    for (const auto& item : listing.items)
        values.emplace(item.key, item.value);
    auto view = read_view(keys_, values, listing.revision, true);
    if (!view.problem.empty()) return internal_error("What stands in etcd cannot be read: " + view.problem);
    return view;
}

Result<std::vector<std::string>> Admin::explain(const std::vector<std::string>& members) {
    STOA_TRY(const auto view, status());
    std::vector<std::string> out;
    if (view.leader) {
        out.push_back(view.leader->name + " (" + view.leader->address + ") " +
                      (view.leader->open ? "takes writes" : "is being promoted or hands over") + ", epoch " +
                      std::to_string(view.epoch()) + ".");
    } else {
        out.push_back("Nobody takes writes.");
    }
    if (view.acknowledgers) {
        out.push_back("A commit counts when one of these has it: " + names(view.acknowledgers->members) + ".");
        if (view.acknowledgers->alone) out.push_back("Commits count without any standby: one failure may lose them.");
    }
    for (const auto& name : members) {
        const auto at = view.members.find(name);
        if (at == view.members.end()) {
            out.push_back(name + ": its agent is not heard of.");
            continue;
        }
        const Member& member = at->second;
        std::string line = name + ": ";
        if (member.life.empty()) {
            line += "its server does not run";
        } else if (member.writable) {
            line += "takes writes at " + member.applied.text();
        } else {
            line += (member.receiving ? "receives" : "does not receive") + std::string(", has ") +
                    member.received.text() + ", applied " + member.applied.text() + ", " +
                    std::to_string(member.lag_ms) + " ms behind";
        }
        if (!member.problem.empty()) line += "; " + member.problem;
        out.push_back(line + ".");
    }
    if (!view.leader) {
        const auto verdict = elect(view, members);
        out.push_back(verdict.winner.empty() ? "The election waits: " + verdict.missing + "."
                                             : verdict.winner + " is about to take over.");
        if (verdict.winner.empty()) {
            const auto plan = plan_force(view, members);
            if (!plan.winner.empty()) out.push_back("Forcing would make " + plan.winner + " the leader.");
            for (const auto& risk : plan.risks)
                out.push_back("Risk: " + risk);
        }
    }
    for (const auto& change : view.history) {
        out.push_back("Epoch " + std::to_string(change.epoch) + ": " + change.to + " after " +
                      (change.from.empty() ? "nobody" : change.from) + (change.why.empty() ? "" : ", " + change.why) +
                      "; it took over because " + change.reason + ", in " + std::to_string(change.open_ms) + " ms.");
    }
    return out;
}

Result<std::string> Admin::switchover(const std::string& to, int timeout_ms) {
    STOA_TRY(const auto view, status());
    if (!view.leader) return Error{Errc::conflict, "Nobody takes writes: there is nothing to hand over."};
    if (!to.empty() && !view.members.contains(to)) return not_found("There is no member " + to + ".");
    return send({Command::Kind::switchover, "", to, "", ""}, timeout_ms);
}

Result<std::string> Admin::force(const std::vector<std::string>& members, const std::string& to, bool accepts_loss,
                                 int timeout_ms) {
    STOA_TRY(const auto view, status());
    if (view.leader)
        return Error{Errc::conflict, view.leader->name + " takes writes: forcing is for when nobody does."};
    const auto plan = plan_force(view, members, to);
    if (plan.winner.empty()) return Error{Errc::conflict, plan.risks.empty() ? "Nobody can lead." : plan.risks.front()};
    if (!plan.risks.empty() && !accepts_loss) {
        std::string text = "Forcing " + plan.winner + " may lose changes that were acknowledged:";
        for (const auto& risk : plan.risks)
            text += " " + risk;
        return invalid(text, "accept-loss");
    }
    return send({Command::Kind::force, "", plan.winner, "", ""}, timeout_ms);
}

Result<std::string> Admin::reseed(const std::string& member, const std::string& from, int timeout_ms) {
    STOA_TRY(const auto view, status());
    if (view.leader && view.leader->name == member) return Error{Errc::conflict, member + " takes writes."};
    if (!view.members.contains(member)) return not_found("There is no member " + member + ".");
    return send({Command::Kind::reseed, "", member, from, ""}, timeout_ms);
}

Result<std::string> Admin::send(Command command, int timeout_ms) {
    command.id = random_alnum(12);
    return etcd::give_order(etcd_, {keys_.command(), command.id, to_json(command), timeout_ms});
}

std::string to_json(const ClusterView& view) {
    std::string out;
    json::Writer w(out);
    w.begin_object().field("epoch", view.epoch());
    if (view.leader) w.key("leader").raw(to_json(*view.leader));
    if (view.acknowledgers) w.key("acknowledgers").raw(to_json(*view.acknowledgers));
    w.key("members").begin_array();
    for (const auto& [name, member] : view.members)
        w.raw(to_json(member));
    w.end_array();
    if (view.command) w.key("command").raw(to_json(*view.command));
    w.key("history").raw(to_json(view.history)).end_object();
    return out;
}

}  // namespace stoa::cluster::database
