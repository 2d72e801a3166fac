#include "cluster/plan/topology.hpp"

#include <algorithm>

#include "cluster/plan/engines/engines.hpp"

namespace stoa::cluster {
namespace {

constexpr std::size_t kNameColumns = 14;
constexpr std::size_t kPerLine = 5;

std::string padded(std::string text, std::size_t columns) {
    if (text.size() < columns) text.append(columns - text.size(), ' ');
    return text;
}

/// One layer: its name, its hosts with their addresses below, several lines when there are many.
std::string layer(const std::string& name, const std::vector<const HostSpec*>& hosts, const std::string& note) {
    std::string out;
    for (std::size_t begin = 0; begin < hosts.size(); begin += kPerLine) {
        const std::size_t end = std::min(hosts.size(), begin + kPerLine);
        std::string names = padded(begin == 0 ? "  " + name : "", kNameColumns), addresses = padded("", kNameColumns);
        for (std::size_t i = begin; i < end; ++i) {
            names += padded(hosts[i]->name, kNameColumns + 2);
            addresses += padded(hosts[i]->address, kNameColumns + 2);
        }
        if (begin == 0 && !note.empty()) names += note;
        out += names.substr(0, names.find_last_not_of(' ') + 1) + "\n";
        out += addresses.substr(0, addresses.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
}

}  // namespace

TopologyGraph topology_graph(const ClusterSpec& spec) {
    TopologyGraph graph;
    graph.nodes.push_back({"users", "users", without_prefix(spec.network.front_address)});
    for (const HostSpec& host : spec.hosts)
        graph.nodes.push_back({host.name, host.role, host.address});
    const auto all = [&](const std::string& from, std::string_view role, const std::string& kind) {
        for (const HostSpec* to : spec.of_role(role))
            graph.edges.push_back({from, to->name, kind});
    };
    all("users", "lb", "requests");
    for (const HostSpec* lb : spec.of_role("lb")) {
        all(lb->name, "web", "requests");
        all(lb->name, "push", "requests");
    }
    for (const HostSpec* push : spec.of_role("push"))
        all(push->name, "redis", "bus");
    for (const HostSpec* web : spec.of_role("web")) {
        if (spec.topology != Topology::single) all(web->name, "db", "sql");
        for (const HostSpec* memcached : engines::memcached_hosts(spec))
            graph.edges.push_back({web->name, memcached->name, "cache"});
        all(web->name, "redis", "bus");
        all(web->name, "files", "files");
    }
    const auto databases = spec.of_role("db");
    for (std::size_t i = 1; i < databases.size(); ++i)
        graph.edges.push_back({databases.front()->name, databases[i]->name, "replication"});
    return graph;
}

std::string topology_picture(const ClusterSpec& spec) {
    const std::string down = std::string(kNameColumns, ' ') + "|\n";
    std::string out = "  users       " + spec.public_url + "\n" + down;
    out += layer("balancers", spec.of_role("lb"), spec.of_role("lb").size() > 1 ? "floating address" : "") + down;
    out += layer("web", spec.of_role("web"), "");
    out += layer("push", spec.of_role("push"), "clients' connections; without it web has them") + down;
    const bool galera = spec.topology == Topology::galera;
    out += layer("database", spec.of_role("db"),
                 galera                          ? "all take writes"
                 : spec.of_role("db").size() > 1 ? "one leads, the others follow"
                                                 : "");
    out += layer("cache, bus", spec.of_role("redis"), "");
    out += layer("files", spec.of_role("files"), "a copy on each");
    out += layer("etcd", spec.of_role("etcd"), "");
    return out;
}

}  // namespace stoa::cluster
