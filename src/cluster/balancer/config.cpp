#include "cluster/balancer/config.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include "cluster/balancer/limits.hpp"
#include "json/parse.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

namespace stoa::cluster {
namespace {

// Each struct lists its members once, for reading and writing. S is the struct or its const.
template <class S, class F>
requires std::is_same_v<std::remove_const_t<S>, BalancerPeer>
void each_member(S& s, F&& f) {
    f("name", s.name);
    f("front_address", s.front_address);
    f("back_address", s.back_address);
}

template <class S, class F>
requires std::is_same_v<std::remove_const_t<S>, Neighbour>
void each_member(S& s, F&& f) {
    f("address", s.address);
    f("port", s.port);
}

template <class S, class F>
requires std::is_same_v<std::remove_const_t<S>, AllowList>
void each_member(S& s, F&& f) {
    f("path", s.path);
    f("networks", s.networks);
}

template <class S, class F>
requires std::is_same_v<std::remove_const_t<S>, WebServer> || std::is_same_v<std::remove_const_t<S>, DatabaseServer>
void each_member(S& s, F&& f) {
    f("name", s.name);
    f("address", s.address);
    f("port", s.port);
}

template <class S, class F>
requires std::is_same_v<std::remove_const_t<S>, BalancerSpec>
void each_member(S& s, F&& f) {
    f("cluster", s.cluster);
    f("name", s.name);
    f("front_address", s.front_address);
    f("back_address", s.back_address);
    f("front_interface", s.front_interface);
    f("back_interface", s.back_interface);
    f("peers", s.peers);
    f("neighbours", s.neighbours);
    f("floating_front", s.floating_front);
    f("floating_back", s.floating_back);
    f("router_id", s.router_id);
    f("priority", s.priority);
    f("advert_ms", s.advert_ms);
    f("http_port", s.http_port);
    f("https_port", s.https_port);
    f("status_port", s.status_port);
    f("peers_port", s.peers_port);
    f("db_rw_port", s.db_rw_port);
    f("db_ro_port", s.db_ro_port);
    f("user", s.user);
    f("certificate_secret", s.certificate_secret);
    f("hsts_s", s.hsts_s);
    f("web_service", s.web_service);
    f("web_port", s.web_port);
    f("web", s.web);
    f("push_path", s.push_path);
    f("push_service", s.push_service);
    f("push_port", s.push_port);
    f("health_path", s.health_path);
    f("health_host", s.health_host);
    f("replay_posts", s.replay_posts);
    f("algorithm", s.algorithm);
    f("max_fails", s.max_fails);
    f("fail_timeout_ms", s.fail_timeout_ms);
    f("keepalive", s.keepalive);
    f("check_interval_ms", s.check_interval_ms);
    f("check_timeout_ms", s.check_timeout_ms);
    f("check_fall", s.check_fall);
    f("check_rise", s.check_rise);
    f("retries", s.retries);
    f("waiting_port", s.waiting_port);
    f("waiting_ms", s.waiting_ms);
    f("server_timeout_ms", s.server_timeout_ms);
    f("tunnel_timeout_ms", s.tunnel_timeout_ms);
    f("client_timeout_ms", s.client_timeout_ms);
    f("server_connections_max", s.server_connections_max);
    f("trusted_headers", s.trusted_headers);
    f("allow_lists", s.allow_lists);
    f("connections_max", s.connections_max);
    f("requests_per_10s_max", s.requests_per_10s_max);
    f("buffer_bytes", s.buffer_bytes);
    f("databases", s.databases);
    f("db_primary", s.db_primary);
}

void write(json::Writer& out, const std::string& v) {
    out.text(v);
}
void write(json::Writer& out, bool v) {
    out.boolean(v);
}
void write(json::Writer& out, int v) {
    out.integer(v);
}
void write(json::Writer& out, std::uint16_t v) {
    out.integer(v);
}
template <class T>
void write(json::Writer& out, const std::vector<T>& list);

template <class T>
requires std::is_class_v<T>
void write(json::Writer& out, const T& s) {
    out.begin_object();
    each_member(s, [&](std::string_view name, const auto& member) {
        out.key(name);
        write(out, member);
    });
    out.end_object();
}

template <class T>
void write(json::Writer& out, const std::vector<T>& list) {
    out.begin_array();
    for (const auto& item : list)
        write(out, item);
    out.end_array();
}

Status wrong(const std::string& path, std::string_view expected) {
    return invalid(path + " must be " + std::string(expected), path);
}

Status read(const json::Value& value, const std::string& path, std::string& out) {
    if (!value.is_string()) return wrong(path, "text");
    out = value.string();
    return {};
}

Status read(const json::Value& value, const std::string& path, bool& out) {
    if (!value.is_bool()) return wrong(path, "true or false");
    out = value.boolean();
    return {};
}

template <class Int>
requires std::is_same_v<Int, int> || std::is_same_v<Int, std::uint16_t> Status read(const json::Value& value,
                                                                                    const std::string& path, Int& out) {
    constexpr std::int64_t longest = std::numeric_limits<Int>::max();
    if (!value.is_integer() || value.integer() < 0 || value.integer() > longest)
        return wrong(path, "a number from 0 to " + std::to_string(longest));
    out = static_cast<Int>(value.integer());
    return {};
}

template <class T>
Status read(const json::Value& value, const std::string& path, std::vector<T>& out);

template <class T>
requires std::is_class_v<T> Status read(const json::Value& value, const std::string& path, T& out) {
    if (!value.is_object()) return wrong(path.empty() ? "the balancer" : path, "an object");
    Status status;
    each_member(out, [&](std::string_view name, auto& member) {
        const json::Value* found = value.find(name);
        if (found == nullptr || !status.ok()) return;
        status = read(*found, path.empty() ? std::string(name) : path + "." + std::string(name), member);
    });
    return status;
}

template <class T>
Status read(const json::Value& value, const std::string& path, std::vector<T>& out) {
    if (!value.is_array()) return wrong(path, "a list");
    out.clear();
    for (const auto& item : value.array()) {
        T read_item{};
        STOA_CHECK(read(item, path + "[" + std::to_string(out.size()) + "]", read_item));
        out.push_back(std::move(read_item));
    }
    return {};
}

bool plain(std::string_view text, std::string_view extra) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               extra.find(c) != extra.npos;
    });
}

bool is_ip(const std::string& text) {
    in6_addr parsed{};
    return inet_pton(AF_INET, text.c_str(), &parsed) == 1 || inet_pton(AF_INET6, text.c_str(), &parsed) == 1;
}

bool is_network(const std::string& text) {
    const auto slash = text.find('/');
    if (!is_ip(text.substr(0, slash))) return false;
    if (slash == text.npos) return true;
    int bits = -1;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + slash + 1, end, bits);
    return parsed.ec == std::errc() && parsed.ptr == end && bits >= 0 &&
           bits <= (text.find(':') == text.npos ? 32 : 128);
}

// What goes into a configuration file as it is must not be able to end its line or word.
Status check_name(const std::string& text, const std::string& path) {
    if (text.empty() || text.size() > 63 || !plain(text, "-_."))
        return wrong(path, "a name of letters, digits and -_.");
    return {};
}
Status check_ip(const std::string& text, const std::string& path) {
    return is_ip(text) ? Status() : wrong(path, "an IP address");
}
Status check_range(int value, int low, int high, const std::string& path) {
    if (value >= low && value <= high) return {};
    return wrong(path, "from " + std::to_string(low) + " to " + std::to_string(high));
}
template <class Server>
Status check_servers(const std::vector<Server>& servers, const std::string& path) {
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const std::string at = path + "[" + std::to_string(i) + "].";
        STOA_CHECK(check_name(servers[i].name, at + "name"));
        STOA_CHECK(check_ip(servers[i].address, at + "address"));
        STOA_CHECK(check_range(servers[i].port, 1, 65'535, at + "port"));
    }
    return {};
}

Status check_floating(const BalancerSpec& spec, const std::string& address, const std::string& interface,
                      const std::string& path) {
    if (address.empty()) return {};
    if (address.find('/') == address.npos || !is_network(address))
        return wrong(path, "an address with prefix length, such as 10.0.0.100/24");
    if (interface.empty()) return wrong(path, "left out, or the name of its interface given");
    if (spec.back_interface.empty()) return wrong("back_interface", "given: the balancers speak over it");
    return {};
}

Status check_addresses(const BalancerSpec& spec) {
    STOA_CHECK(check_ip(spec.back_address, "back_address"));
    if (!spec.front_address.empty()) STOA_CHECK(check_ip(spec.front_address, "front_address"));
    STOA_CHECK(check_floating(spec, spec.floating_front, spec.front_interface, "floating_front"));
    STOA_CHECK(check_floating(spec, spec.floating_back, spec.back_interface, "floating_back"));
    for (const auto* interface : {&spec.front_interface, &spec.back_interface})
        if (interface->size() > 15 || !plain(*interface, "-_.@"))
            return wrong("front_interface", "an interface's name");
    for (std::size_t i = 0; i < spec.peers.size(); ++i) {
        const std::string at = "peers[" + std::to_string(i) + "].";
        STOA_CHECK(check_name(spec.peers[i].name, at + "name"));
        STOA_CHECK(check_ip(spec.peers[i].back_address, at + "back_address"));
    }
    for (std::size_t i = 0; i < spec.neighbours.size(); ++i) {
        const std::string at = "neighbours[" + std::to_string(i) + "].";
        STOA_CHECK(check_ip(spec.neighbours[i].address, at + "address"));
        STOA_CHECK(check_range(spec.neighbours[i].port, 1, 65'535, at + "port"));
    }
    return {};
}

Status check_rules(const BalancerSpec& spec) {
    if (spec.health_path.empty() || spec.health_path.front() != '/' || !plain(spec.health_path, "/-_.~"))
        return wrong("health_path", "a path such as /health");
    STOA_CHECK(check_name(spec.health_host, "health_host"));
    for (const auto& header : spec.trusted_headers)
        if (header.empty() || !plain(header, "-_")) return wrong("trusted_headers", "names of headers");
    for (std::size_t i = 0; i < spec.allow_lists.size(); ++i) {
        const std::string at = "allow_lists[" + std::to_string(i) + "].";
        const auto& list = spec.allow_lists[i];
        if (list.path.empty() || list.path.front() != '/' || !plain(list.path, "/-_.~"))
            return wrong(at + "path", "the beginning of a path, such as /admin");
        for (const auto& network : list.networks)
            if (!is_network(network)) return wrong(at + "networks", "addresses or networks such as 10.0.0.0/8");
    }
    if (spec.algorithm != "leastconn" && spec.algorithm != "roundrobin" && spec.algorithm != "random")
        return wrong("algorithm", "leastconn, roundrobin or random");
    return {};
}

}  // namespace

std::string to_json(const BalancerSpec& spec) {
    std::string text;
    json::Writer out(text);
    write(out, spec);
    return text;
}

Result<BalancerSpec> balancer_spec_from_json(std::string_view text) {
    STOA_TRY(const json::Value value, json::parse(text));
    BalancerSpec spec;
    STOA_CHECK(read(value, "", spec));
    STOA_CHECK(check(spec));
    return spec;
}

Status check(const BalancerSpec& spec) {
    STOA_CHECK(check_name(spec.cluster, "cluster"));
    STOA_CHECK(check_name(spec.name, "name"));
    STOA_CHECK(check_addresses(spec));
    STOA_CHECK(check_rules(spec));
    if (!spec.user.empty()) STOA_CHECK(check_name(spec.user, "user"));
    if (!spec.certificate_secret.empty()) STOA_CHECK(check_name(spec.certificate_secret, "certificate_secret"));
    STOA_CHECK(check_name(spec.web_service, "web_service"));
    STOA_CHECK(check_name(spec.push_service, "push_service"));
    if (!spec.push_path.empty() && (spec.push_path.front() != '/' || !plain(spec.push_path, "/-_.")))
        return wrong("push_path", "a path such as /push/, or left out");
    STOA_CHECK(check_range(spec.push_port, 1, 65'535, "push_port"));
    STOA_CHECK(check_servers(spec.web, "web"));
    STOA_CHECK(check_servers(spec.databases, "databases"));
    STOA_CHECK(check_range(spec.router_id, 1, 255, "router_id"));
    STOA_CHECK(check_range(spec.priority, 1, 254, "priority"));
    STOA_CHECK(check_range(spec.advert_ms, 10, 10'000, "advert_ms"));
    STOA_CHECK(check_range(spec.max_fails, 1, 1'000, "max_fails"));
    STOA_CHECK(check_range(spec.check_interval_ms, 50, 60'000, "check_interval_ms"));
    STOA_CHECK(check_range(spec.check_timeout_ms, 10, 60'000, "check_timeout_ms"));
    STOA_CHECK(check_range(spec.check_fall, 1, 100, "check_fall"));
    STOA_CHECK(check_range(spec.check_rise, 1, 100, "check_rise"));
    STOA_CHECK(check_range(spec.retries, 0, 10, "retries"));
    STOA_CHECK(check_range(spec.waiting_ms, 100, 600'000, "waiting_ms"));
    STOA_CHECK(check_range(spec.connections_max, 10, 1'000'000, "connections_max"));
    STOA_CHECK(check_range(spec.buffer_bytes, 16'384, 1'048'576, "buffer_bytes"));
    STOA_CHECK(check_range(static_cast<int>(spec.web.size()), 0, limits::balancer_servers_max, "the number of web"));
    if (!spec.db_primary.empty() && std::none_of(spec.databases.begin(), spec.databases.end(),
                                                 [&](const auto& db) { return db.name == spec.db_primary; }))
        return wrong("db_primary", "one of databases");
    return {};
}

}  // namespace stoa::cluster
