#include "cluster/balancer/render.hpp"

namespace stoa::cluster {

std::string render_keepalived(const BalancerSpec& spec) {
    // Seconds with two digits after the point: centiseconds are what the protocol knows.
    const int centiseconds = spec.advert_ms / 10;
    const std::string advert = std::to_string(centiseconds / 100) + '.' + std::to_string(centiseconds / 10 % 10) +
                               std::to_string(centiseconds % 10);
    std::string out =
        "global_defs {\n"
        "    router_id " +
        spec.name +
        "\n"
        "    vrrp_version 3\n"
        "    script_user root\n"
        "    enable_script_security\n"
        "    vrrp_priority -20\n"
        "    vrrp_garp_master_delay 1\n"
        "    vrrp_garp_master_repeat 2\n"
        "    vrrp_garp_master_refresh 5\n"
        "}\n\n"
        "# 0: this host may have the addresses. Written by the controller: 1 when HAProxy does not answer or no other\n"
        "# host can be reached.\n"
        "track_file fault {\n"
        "    file \"{{dir}}/fault\"\n"
        "    weight 0\n"
        "}\n\n"
        "# For the time when no controller runs.\n"
        "vrrp_script haproxy {\n"
        "    script \"{{dir}}/check.sh\"\n"
        "    interval 1\n"
        "    timeout 1\n"
        "    fall 3\n"
        "    rise 1\n"
        "}\n\n"
        "# One instance for both addresses: they cannot part.\n"
        "vrrp_instance balancer {\n"
        "    state BACKUP\n"
        "    nopreempt\n"
        "    interface " +
        spec.back_interface +
        "\n"
        "    virtual_router_id " +
        std::to_string(spec.router_id) +
        "\n"
        "    priority " +
        std::to_string(spec.priority) +
        "\n"
        "    advert_int " +
        advert +
        "\n"
        "    unicast_src_ip " +
        spec.back_address + "\n";
    if (!spec.peers.empty()) {
        out += "    unicast_peer {\n";
        for (const auto& peer : spec.peers)
            out += "        " + peer.back_address + "\n";
        out += "    }\n";
    }
    if (!spec.front_interface.empty() && spec.front_interface != spec.back_interface)
        out += "    track_interface {\n        " + spec.front_interface + "\n    }\n";
    out += "    virtual_ipaddress {\n";
    if (!spec.floating_front.empty()) out += "        " + spec.floating_front + " dev " + spec.front_interface + "\n";
    if (!spec.floating_back.empty()) out += "        " + spec.floating_back + " dev " + spec.back_interface + "\n";
    out +=
        "    }\n"
        "    track_file {\n        fault\n    }\n"
        "    track_script {\n        haproxy\n    }\n"
        "}\n";
    return out;
}

}  // namespace stoa::cluster
