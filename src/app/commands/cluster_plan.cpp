// stoa cluster plan|apply|lint|topology: the description of a cluster and what comes of it.

#include "app/commands/cluster_common.hpp"
#include "app/commands/common.hpp"
#include "cluster/plan/apply.hpp"
#include "cluster/plan/lint.hpp"
#include "cluster/plan/topology.hpp"
#include "json/writer.hpp"

namespace stoa::app {
namespace {

using namespace cluster;

void write(json::Writer& out, const std::vector<ServiceChange>& changes) {
    out.begin_array();
    for (const ServiceChange& change : changes) {
        out.begin_object().field("host", change.host).field("service", change.service);
        out.field("change", to_string(change.change)).field("what", change.what).end_object();
    }
    out.end_array();
}

std::string line(const ServiceChange& change) {
    const char sign = change.change == Change::added ? '+' : change.change == Change::removed ? '-' : '~';
    std::string text = std::string("  ") + sign + " " + change.host + "/" + change.service;
    if (!change.what.empty()) text += ": " + change.what;
    return text;
}

}  // namespace

Result<int> cluster_plan(const ClusterOptions& options) {
    STOA_TRY(const ClusterSpec spec, spec_of(options));
    const Plan plan = plan_services(spec);
    STOA_TRY(const Reached reached, reach({options.spec_file, options.cluster_dir, options.etcd, spec.name, false}));
    STOA_TRY(const ClusterState state, read_state(*reached.etcd, spec.name));
    const auto changes = difference(state.hosts, plan);
    const bool spec_changes = state.spec_text != to_toml(spec);
    if (options.json) {
        std::string text;
        json::Writer out(text);
        out.begin_object()
            .field("cluster", spec.name)
            .field("applied_before", state.applied)
            .field("spec_changes", spec_changes);
        out.key("changes");
        write(out, changes);
        out.key("secrets").begin_object();
        for (const auto& [host, services] : plan.hosts) {
            out.key(host).begin_array();
            for (const std::string& name : secrets_of(services))
                out.text(name);
            out.end_array();
        }
        out.end_object().end_object();
        print_line(text);
        return 0;
    }
    if (changes.empty()) {
        print_line(spec_changes ? "Services stay as they are; the description is new." : "Nothing would change.");
        return 0;
    }
    for (const ServiceChange& change : changes)
        print_line(line(change));
    print_line(std::to_string(changes.size()) + " changes. Make them: stoa cluster apply");
    return 0;
}

Result<int> cluster_apply(const ClusterApplyOptions& options) {
    STOA_TRY(const ClusterSpec spec, spec_of(options));
    STOA_TRY(const Reached reached, reach({options.spec_file, options.cluster_dir, options.etcd, spec.name, false}));
    ApplyOptions apply_options;
    apply_options.portal_version = STOA_VERSION;
    apply_options.wait = !options.no_wait;
    if (!options.json) apply_options.progress = [](const std::string& text) { print_line("  " + text); };
    STOA_TRY(const ApplyReport report, apply(*reached.etcd, spec, apply_options));
    if (options.json) {
        std::string text;
        json::Writer out(text);
        out.begin_object().field("cluster", spec.name).field("spec_changed", report.spec_changed);
        out.field("release_changed", report.release_changed).key("changes");
        write(out, report.changes);
        out.end_object();
        print_line(text);
        return 0;
    }
    if (report.changes.empty() && !report.spec_changed && !report.release_changed) {
        print_line("Nothing changed.");
        return 0;
    }
    for (const ServiceChange& change : report.changes)
        print_line(line(change));
    print_line("Applied: " + std::to_string(report.changes.size()) + " changes.");
    return 0;
}

Result<int> cluster_lint(const ClusterOptions& options) {
    ClusterOptions only_file = options;
    if (only_file.spec_file.empty() && !only_file.cluster_dir.empty())
        only_file.spec_file = only_file.cluster_dir + "/cluster.toml";
    only_file.cluster_dir.clear();
    STOA_TRY(const ClusterSpec spec, spec_of(only_file));
    const LintReport report = lint(spec);
    if (options.json) {
        std::string text;
        json::Writer out(text);
        out.begin_object()
            .field("cluster", spec.name)
            .field("score", report.score)
            .field("worst", to_string(report.worst));
        out.key("layers").begin_array();
        for (const LayerScore& layer : report.layers) {
            out.begin_object()
                .field("layer", layer.layer)
                .field("copies", layer.copies)
                .field("may_die", layer.may_die);
            out.field("severity", to_string(layer.severity))
                .field("finding", layer.finding)
                .field("fix", layer.fix)
                .end_object();
        }
        out.end_array().end_object();
        print_line(text);
        return static_cast<int>(report.worst);
    }
    for (const LayerScore& layer : report.layers) {
        std::string head = "  " + layer.layer;
        head.append(head.size() < 16 ? 16 - head.size() : 1, ' ');
        print_line(head + std::to_string(layer.copies) + (layer.copies == 1 ? " copy,   " : " copies, ") +
                   std::to_string(layer.may_die) + " may die   " + std::string(to_string(layer.severity)));
        if (layer.finding.empty()) continue;
        print_line("                  " + layer.finding);
        if (!layer.fix.empty()) print_line("                  -> " + layer.fix);
    }
    print_line("Score: " + std::to_string(report.score) + " of 100");
    return static_cast<int>(report.worst);
}

Result<int> cluster_topology(const ClusterOptions& options) {
    ClusterOptions only_file = options;
    if (only_file.spec_file.empty() && !only_file.cluster_dir.empty())
        only_file.spec_file = only_file.cluster_dir + "/cluster.toml";
    only_file.cluster_dir.clear();
    STOA_TRY(const ClusterSpec spec, spec_of(only_file));
    if (!options.json) {
        print_line(topology_picture(spec));
        return 0;
    }
    const TopologyGraph graph = topology_graph(spec);
    std::string text;
    json::Writer out(text);
    out.begin_object().field("cluster", spec.name).key("nodes").begin_array();
    for (const auto& node : graph.nodes)
        out.begin_object().field("id", node.id).field("role", node.role).field("address", node.address).end_object();
    out.end_array().key("edges").begin_array();
    for (const auto& edge : graph.edges)
        out.begin_object().field("from", edge.from).field("to", edge.to).field("kind", edge.kind).end_object();
    out.end_array().end_object();
    print_line(text);
    return 0;
}

}  // namespace stoa::app
