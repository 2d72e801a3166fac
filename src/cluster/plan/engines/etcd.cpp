#include "cluster/plan/engines/engines.hpp"

namespace stoa::cluster::engines {

Service etcd(const ClusterSpec& spec, const HostSpec& host) {
    std::string members;
    for (const HostSpec* member : spec.of_role("etcd"))
        members += (members.empty() ? "" : ",") + member->name + "=http://" + at(member->address, kEtcdPeerPort);
    const std::string client = "http://" + at(host.address, kEtcdPort);
    const std::string peer = "http://" + at(host.address, kEtcdPeerPort);
    Service service;
    service.name = "etcd";
    // An election after a leader's death takes 1.3 to 1.8 s with these times; the agents bridge it.
    service.argv = {"etcd",         "--name",
                    host.name,      "--data-dir",
                    "{{dir}}/data", "--listen-client-urls",
                    client,         "--advertise-client-urls",
                    client,         "--listen-peer-urls",
                    peer,           "--initial-advertise-peer-urls",
                    peer,           "--initial-cluster",
                    members,        "--initial-cluster-token",
                    spec.name,      "--initial-cluster-state",
                    "new",          "--heartbeat-interval",
                    "100",          "--election-timeout",
                    "1000",         "--auto-compaction-mode",
                    "periodic",     "--auto-compaction-retention",
                    "10m",          "--quota-backend-bytes",
                    "268435456",    "--logger",
                    "zap",          "--log-level",
                    "warn"};
    service.health.kind = HealthCheck::Kind::http;
    service.health.address = client + "/health";
    service.health.interval_ms = 1'000;
    service.health.timeout_ms = 1'000;
    service.health.fall = 5;
    service.restart_longest_ms = 2'000;
    return service;
}

}  // namespace stoa::cluster::engines
