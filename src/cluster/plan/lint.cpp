#include "cluster/plan/lint.hpp"

#include <algorithm>

namespace stoa::cluster {
namespace {

/// Of `copies` that must agree by majority.
int spare_of_majority(int copies) {
    return copies < 1 ? 0 : (copies - 1) / 2;
}

LayerScore score(std::string layer, int copies, int may_die) {
    LayerScore out;
    out.layer = std::move(layer);
    out.copies = copies;
    out.may_die = std::max(0, may_die);
    return out;
}

LayerScore& fault(LayerScore& layer, Severity severity, std::string finding, std::string fix) {
    layer.severity = severity;
    layer.finding = std::move(finding);
    layer.fix = std::move(fix);
    return layer;
}

LayerScore balancers(int count) {
    LayerScore layer = score("balancer", count, count - 1);
    if (count < 2)
        fault(layer, Severity::error, "One balancer: when it dies, nobody reaches the portal.",
              "Add a second [[host]] with role = \"lb\"; the floating address moves to it in 0.3 s.");
    return layer;
}

LayerScore web(const ClusterSpec& spec, int count) {
    LayerScore layer = score("web", count, count - 1);
    if (count < 2) {
        fault(layer, Severity::error, "One web host: when it dies, the portal is away until it is back.",
              spec.topology == Topology::single ? "topology = \"classic\" and a second [[host]] with role = \"web\"; "
                                                  "data moves with `stoa cluster promote`."
                                                : "Add a second [[host]] with role = \"web\".");
    } else if (count < 3) {
        fault(layer, Severity::warning,
              "Two web hosts: a rolling update leaves one, and a death during it is an outage.",
              "Add a third [[host]] with role = \"web\".");
    } else if (spec.web.min > count) {
        fault(layer, Severity::warning,
              "web.min asks for " + std::to_string(spec.web.min) + " web hosts, and " + std::to_string(count) +
                  " are described.",
              spec.web.provider.empty() ? "Describe more, or give web.provider, the command that makes them." : "");
        if (!spec.web.provider.empty()) layer.severity = Severity::ok;
    }
    return layer;
}

/// Web hosts serve clients' connections while no push host does.
LayerScore push(int count) {
    return score("push", count, count);
}

LayerScore database(const ClusterSpec& spec, int count) {
    if (spec.topology == Topology::single) {
        LayerScore layer = score("database", 1, 0);
        if (!spec.portal()) return score("database", count, std::max(0, count - 1));
        return fault(layer, Severity::error, "The data is on the only web host.",
                     "topology = \"classic\" with three [[host]] of role = \"db\".");
    }
    if (spec.topology == Topology::galera) return score("database", count, spare_of_majority(count));
    // A commit needs one replica beside the primary, so that one of three may die at any time.
    LayerScore layer = score("database", count, count >= 3 ? count - 2 : 0);
    if (count == 1)
        fault(layer, Severity::error, "One database: its death is an outage, its disk's death a loss.",
              "Add two [[host]] with role = \"db\".");
    if (count == 2 && spec.database.without_standby == "alarm")
        fault(layer, Severity::error,
              "Two databases: while one is away, commits count on the other alone and are lost if it dies, too.",
              "Add a third [[host]] with role = \"db\".");
    if (count == 2 && spec.database.without_standby != "alarm")
        fault(layer, Severity::error, "Two databases: a commit needs both, so that the death of either stops writes.",
              "Add a third [[host]] with role = \"db\", or accept a loss: [database] without_standby = \"alarm\".");
    return layer;
}

LayerScore cache(const ClusterSpec& spec, int count) {
    LayerScore layer = score("cache", count, spare_of_majority(count));
    if (count == 0) {
        if (spec.topology == Topology::single) {
            layer.copies = layer.may_die = 1;  // in the process: dies and comes back with it
            return layer;
        }
        return fault(layer, Severity::error, "No Redis: web hosts do not hear of each other's changes.",
                     "Add three [[host]] with role = \"redis\".");
    }
    if (count == 1)
        fault(layer, Severity::error, "One Redis: without it pages learn of changes late.",
              "Add two [[host]] with role = \"redis\".");
    if (count == 2)
        fault(layer, Severity::warning, "Two Redis: two Sentinels are no majority when one host dies.",
              "Add a third [[host]] with role = \"redis\"; a small one is enough.");
    return layer;
}

LayerScore files(const ClusterSpec& spec, int count) {
    LayerScore layer = score("files", count, spare_of_majority(count));
    if (count == 0) {
        layer.copies = static_cast<int>(spec.of_role("web").size());
        return fault(layer, Severity::error,
                     layer.copies > 1 ? "No shared files: a file is on the web host that took it, and only there."
                                      : "Files have one copy, on the web host.",
                     "Add three [[host]] with role = \"files\".");
    }
    if (count == 1) fault(layer, Severity::error, "Files have one copy.", "Add two [[host]] with role = \"files\".");
    if (count == 2)
        fault(layer, Severity::error,
              "Two copies of files: without one of them nothing is written, so that they never differ.",
              "Add a third [[host]] with role = \"files\".");
    return layer;
}

LayerScore coordination(int count) {
    LayerScore layer = score("coordination", count, spare_of_majority(count));
    if (count == 1)
        fault(layer, Severity::warning, "One etcd: without it the cluster goes on, but nothing is decided.",
              "Add two [[host]] with role = \"etcd\"; small ones are enough.");
    if (count == 2)
        fault(layer, Severity::error, "Two etcd are worse than one: both must live.",
              "Add a third [[host]] with role = \"etcd\".");
    return layer;
}

}  // namespace

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::ok:
            return "ok";
        case Severity::warning:
            return "warning";
        default:
            return "error";
    }
}

LintReport lint(const ClusterSpec& spec) {
    const auto count = [&spec](std::string_view role) { return static_cast<int>(spec.of_role(role).size()); };
    LintReport report;
    report.layers = {balancers(count("lb")),      web(spec, count("web")),     database(spec, count("db")),
                     cache(spec, count("redis")), files(spec, count("files")), coordination(count("etcd"))};
    if (count("push") > 0) report.layers.push_back(push(count("push")));
    int points = 0;
    for (const LayerScore& layer : report.layers) {
        report.worst = std::max(report.worst, layer.severity);
        points += layer.severity == Severity::ok ? 2 : layer.severity == Severity::warning ? 1 : 0;
    }
    report.score = points * 100 / static_cast<int>(report.layers.size() * 2);
    return report;
}

}  // namespace stoa::cluster
