#include "app/commands/cluster_common.hpp"

#include "cluster/lab/lab.hpp"
#include "cluster/plan/services.hpp"
#include "cluster/state/keys.hpp"

namespace stoa::app {
namespace {

constexpr int kDeadlineMs = 5'000;

Status enter_lab(const ClusterOptions& options) {
    if (options.cluster_dir.empty()) return {};
    STOA_TRY(const cluster::lab::LabInfo info, cluster::lab::load(options.cluster_dir));
    return cluster::lab::enter(info.switch_space);
}

}  // namespace

Result<cluster::ClusterSpec> spec_of(const ClusterOptions& options) {
    STOA_CHECK(enter_lab(options));
    const std::string file = !options.spec_file.empty()     ? options.spec_file
                             : !options.cluster_dir.empty() ? options.cluster_dir + "/cluster.toml"
                                                            : "cluster.toml";
    auto spec = cluster::load_spec(file);
    if (!spec && spec.error().code == Errc::not_found)
        return not_found("There is no " + file +
                         ". Name the cluster's description with --spec, or a lab with --cluster-dir.");
    return spec;
}

Result<Reached> reach(const ClusterOptions& options) {
    Reached reached;
    cluster::etcd::ClientOptions client;
    client.deadline_ms = kDeadlineMs;
    if (!options.etcd.empty() && !options.name.empty()) {
        STOA_CHECK(enter_lab(options));
        reached.name = options.name;
        client.endpoints = options.etcd;
    } else {
        STOA_TRY(const cluster::ClusterSpec spec, spec_of(options));
        reached.name = options.name.empty() ? spec.name : options.name;
        client.endpoints = options.etcd.empty() ? cluster::etcd_endpoints(spec) : options.etcd;
    }
    reached.etcd = std::make_unique<cluster::etcd::Client>(client);
    return reached;
}

Result<cluster::ClusterSpec> applied_spec(Reached& reached) {
    STOA_TRY(const auto value, reached.etcd->get(cluster::Keys(reached.name).spec()));
    if (!value) return not_found("The cluster " + reached.name + " has no spec in etcd. Run `stoa cluster apply`.");
    return cluster::parse_spec(value->value, "the applied spec", "");
}

}  // namespace stoa::app
