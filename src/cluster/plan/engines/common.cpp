#include <algorithm>

#include "cluster/plan/engines/engines.hpp"

namespace stoa::cluster::engines {

std::string secret(const char* name) {
    return "{{secret:" + std::string(name) + "}}";
}

std::string at(const std::string& address, int port) {
    return address + ":" + std::to_string(port);
}

const HostSpec& first_of(const ClusterSpec& spec, std::string_view role) {
    return *spec.of_role(role).front();
}

std::vector<const HostSpec*> memcached_hosts(const ClusterSpec& spec) {
    auto hosts = spec.of_role("redis");
    hosts.resize(std::min<std::size_t>(hosts.size(), 2));
    return hosts;
}

std::string shared_folder(const ClusterSpec& spec) {
    return spec.of_role("files").empty() ? "" : "{{dir}}/../files-mount/mount";
}

}  // namespace stoa::cluster::engines
