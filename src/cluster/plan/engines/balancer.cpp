#include "cluster/balancer/config.hpp"

#include "cluster/plan/engines/engines.hpp"

namespace stoa::cluster::engines {

std::vector<Service> balancer(const ClusterSpec& spec, const HostSpec& host) {
    BalancerSpec balancer;
    balancer.cluster = spec.name;
    balancer.name = host.name;
    balancer.front_address = host.front_address;
    balancer.back_address = host.address;
    balancer.front_interface = spec.network.front_interface;
    balancer.back_interface = spec.network.back_interface;
    balancer.floating_front = spec.network.front_address;
    balancer.floating_back = spec.network.back_address;
    balancer.priority = 150;
    for (const HostSpec* peer : spec.of_role("lb")) {
        if (peer->name == host.name) break;
        balancer.priority -= 10;  // the first has the highest
    }
    for (const HostSpec* peer : spec.of_role("lb")) {
        if (peer->name != host.name) balancer.peers.push_back({peer->name, peer->front_address, peer->address});
    }
    for (const HostSpec* neighbour : spec.of_role("etcd"))
        balancer.neighbours.push_back({neighbour->address, static_cast<std::uint16_t>(kEtcdPort)});
    // No web servers: those that live are known from etcd, and hosts that come and go must not change the balancers.
    balancer.certificate_secret = kCertificate;
    balancer.health_path = spec.portal() ? "/ready" : spec.web.app.main.health;
    balancer.replay_posts = spec.portal() || spec.web.app.retry_writes;
    balancer.web_port = static_cast<std::uint16_t>(spec.web.port);
    if (!spec.of_role("push").empty()) {
        balancer.push_path = "/push/";
        balancer.push_port = balancer.web_port;
    }
    if (spec.portal()) balancer.allow_lists.push_back({"/metrics", {}});  // for Prometheus in the back network only
    if (!spec.admin_allow.empty()) balancer.allow_lists.push_back({"/admin", spec.admin_allow});
    for (const HostSpec* db : spec.of_role("db"))
        balancer.databases.push_back({db->name, db->address, static_cast<std::uint16_t>(kDatabasePort)});
    if (!balancer.databases.empty()) balancer.db_primary = balancer.databases.front().name;
    return balancer_services(balancer);
}

}  // namespace stoa::cluster::engines
