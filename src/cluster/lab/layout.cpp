#include "cluster/lab/layout.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "cluster/plan/services.hpp"

namespace stoa::cluster::lab {

std::string id_of(const std::string& absolute_dir) {
    return sha256_hex(absolute_dir).substr(0, 6);
}

std::string space_of(const std::string& id, const std::string& host) {
    return "stoa-" + id + "-" + host;
}

std::string back(int network, int last) {
    return "10." + std::to_string(network) + ".0." + std::to_string(last);
}

std::string front(int network, int last) {
    return "10." + std::to_string(network) + ".1." + std::to_string(last);
}

HostSpec web_host(int network, int n) {
    return {"web" + std::to_string(n), "web", back(network, 20 + n), ""};
}

Result<ClusterSpec> make_spec(const LabOptions& options, const std::string& id, int network) {
    const bool single = options.topology == Topology::single;
    const int web = single ? 1 : options.web;
    if (web < 1 || web > kWebHostsMax)
        return invalid("A lab has 1 to " + std::to_string(kWebHostsMax) + " web hosts.", "web");
    if (options.push < 0 || options.push > kPushHostsMax)
        return invalid("A lab has 0 to " + std::to_string(kPushHostsMax) + " push hosts.", "push");
    if (single && options.push > 0)
        return invalid("A lab of the topology single has no push hosts: they need a Redis.", "push");
    ClusterSpec spec;
    spec.name = "lab-" + id;
    spec.topology = options.topology;
    spec.network.front_address = front(network, 10) + "/24";
    spec.network.back_address = back(network, 10) + "/24";
    spec.public_url = "https://" + front(network, 10);
    spec.program = options.program;
    const auto add = [&](const std::string& role, const std::string& prefix, int count, int first) {
        for (int n = 1; n <= count; ++n) {
            HostSpec host{prefix + std::to_string(n), role, back(network, first + n), ""};
            if (role == "lb") host.front_address = front(network, first + n);
            spec.hosts.push_back(std::move(host));
        }
    };
    add("lb", "lb", single ? 1 : 2, 10);
    add("web", "web", web, 20);
    if (!single) {
        add("db", "db", 3, 100);
        add("redis", "rd", 3, 110);
    }
    add("etcd", "et", single ? 1 : 3, 120);
    if (!single) add("files", "st", 3, 130);
    add("push", "push", options.push, 140);
    spec.web.min = web;
    spec.web.max = single ? 1 : std::min(kWebHostsMax, std::max(web, 8));
    spec.web.workers = 8;  // all hosts share this machine
    spec.web.ui_dir = options.ui_dir;
    if (!single) spec.web.provider = {options.program, "lab", "host", "--dir", options.dir};
    if (options.app == "php") {
        STOA_CHECK(use_php(spec, options.php_dir));
    } else if (!options.app.empty()) {
        return invalid("There is no application \"" + options.app + "\": leave it out for the portal, or php.", "app");
    }
    // Through the reader, so that the lab's file and what runs are one.
    return parse_spec(to_toml(spec), "the lab's spec", "");
}

}  // namespace stoa::cluster::lab
