#include "cluster/plan/services.hpp"

#include <algorithm>
#include <set>

#include "cluster/plan/engines/engines.hpp"

namespace stoa::cluster {
namespace {

std::vector<Service> services_of(const ClusterSpec& spec, const HostSpec& host) {
    if (host.role == "etcd") return {engines::etcd(spec, host)};
    if (host.role == "db")
        return {spec.topology == Topology::galera ? engines::galera(spec, host) : engines::mariadb(spec, host)};
    if (host.role == "files") return {engines::brick(spec, host), engines::healer(spec, host)};
    if (host.role == "web") return engines::web(spec, host);
    if (host.role == "push") return {engines::push(spec, host)};
    if (host.role == "lb") return engines::balancer(spec, host);
    std::vector<Service> services{engines::redis(spec, host)};
    if (spec.of_role("redis").size() > 1) services.push_back(engines::sentinel(spec, host));
    for (const HostSpec* memcached : engines::memcached_hosts(spec)) {
        if (memcached->name == host.name) services.push_back(engines::memcached(host));
    }
    return services;
}

}  // namespace

Plan plan_services(const ClusterSpec& spec) {
    Plan plan;
    for (const HostSpec& host : spec.hosts)
        plan.hosts[host.name] = services_of(spec, host);
    if (const auto web = spec.of_role("web"); !web.empty()) {
        for (const Service& service : plan.hosts[web.front()->name]) {
            if (service.name == "web") plan.web_hash = config_hash(service);
        }
    }
    return plan;
}

Release::Allowed wanted_release(const ClusterSpec& spec, const Plan& plan, const std::string& portal_version) {
    return {spec.portal() ? portal_version : spec.web.app.version, plan.web_hash};
}

std::vector<std::string> secrets_of(const std::vector<Service>& services) {
    constexpr std::string_view kBegin = "{{secret:";
    std::set<std::string> names;
    for (const Service& service : services) {
        for (const ServiceFile& file : service.files) {
            for (auto at = file.content.find(kBegin); at != std::string::npos; at = file.content.find(kBegin, at + 1)) {
                const auto end = file.content.find("}}", at);
                if (end != std::string::npos)
                    names.insert(file.content.substr(at + kBegin.size(), end - at - kBegin.size()));
            }
        }
    }
    return {names.begin(), names.end()};
}

std::vector<std::string> etcd_endpoints(const ClusterSpec& spec) {
    std::vector<std::string> endpoints;
    for (const HostSpec* host : spec.of_role("etcd"))
        endpoints.push_back("http://" + engines::at(host->address, engines::kEtcdPort));
    return endpoints;
}

}  // namespace stoa::cluster
