#pragma once
// ClusterSpec: the wanted cluster, as cluster.toml describes it. docs/cluster/spec.md lists the keys.
//
//   name = "shop"
//   [network]
//   front_address = "203.0.113.10/24"     # what browsers reach
//   back_address = "10.0.0.10/24"         # what hosts inside reach
//   [[host]]
//   name = "web1"
//   role = "web"
//   address = "10.0.0.21"
//
// Plain data; parsing is pure. Secrets are not in it: templates name them as {{secret:NAME}}.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cluster/state/service.hpp"

namespace stoa::cluster {

enum class Topology : std::uint8_t {
    single,   ///< one web host with the embedded store, behind one or two balancers
    classic,  ///< MariaDB primary with replicas, Redis with Sentinel, GlusterFS, etcd
    galera,   ///< the same with three MariaDB that all take writes
};
std::string_view to_string(Topology topology);

struct HostSpec {
    std::string name;           ///< a-z, 0-9, '-'; at most 40
    std::string role;           ///< lb, web, push, db, redis, etcd, files
    std::string address;        ///< IPv4, in the back network
    std::string front_address;  ///< lb only: IPv4, in the front network
    bool operator==(const HostSpec&) const = default;
};

struct NetworkSpec {
    std::string front_address;  ///< floating, with its prefix length: "10.98.1.10/24"
    std::string back_address;
    std::string front_interface = "front";  ///< of the lb hosts
    std::string back_interface = "back";
    bool operator==(const NetworkSpec&) const = default;
};

/// What a web host runs instead of the portal.
struct AppSpec {
    struct Program {
        std::string name;
        std::vector<std::string> command;
        std::string health;  ///< of the app: a path, "/ready"; of a helper: "" or tcp address
        int stop_signal = 15;
        std::vector<ServiceFile> files;
        bool operator==(const Program&) const = default;
    };
    Program main;                  ///< empty command: the portal
    std::vector<Program> helpers;  ///< run beside it, e.g. php-fpm
    std::string version;           ///< what hosts must have; for the portal, the program's own
    bool retry_writes = false;     ///< the balancer may send a POST again: the app knows X-Request-ID
    bool operator==(const AppSpec&) const = default;
};

struct WebSpec {
    int min = 2, max = 8;
    int port = 8080;
    int workers = 0;                    ///< of the portal; 0 = four per core
    std::vector<std::string> provider;  ///< command that adds and removes hosts; empty = none
    std::string ui_dir;                 ///< of the portal: folder of the built interface on each web host
    AppSpec app;
    bool operator==(const WebSpec&) const = default;
};

struct DatabaseSpec {
    int memory_mb = 64;  ///< buffer pool
    std::string schema = "stoa";
    /// With elections, while no standby is there: "block": commits wait; "alarm":
    /// they count on the primary alone, and are lost when it then dies for good.
    std::string without_standby = "block";
    bool operator==(const DatabaseSpec&) const = default;
};

struct RedisSpec {
    int memory_mb = 64;
    bool operator==(const RedisSpec&) const = default;
};

struct ClusterSpec {
    std::string name = "stoa";
    Topology topology = Topology::classic;
    std::string public_url;  ///< default: https:// and the front address
    NetworkSpec network;
    std::vector<HostSpec> hosts;
    WebSpec web;
    DatabaseSpec database;
    RedisSpec redis;
    std::vector<std::string> admin_allow;  ///< [admin] allow: networks that may open /admin; empty = all
    std::string program = "stoa";          ///< path of the stoa binary on the hosts

    std::vector<const HostSpec*> of_role(std::string_view role) const;
    const HostSpec* host(std::string_view host_name) const;
    bool portal() const { return web.app.main.command.empty(); }
    bool operator==(const ClusterSpec&) const = default;
};

/// Errors: invalid_argument "cluster.toml:12: host.role must be …", with the key as Error::field. `folder` is where
/// files that the spec names (`from`) are; empty = they are refused.
Result<ClusterSpec> parse_spec(std::string_view text, std::string_view source, const std::string& folder);
Result<ClusterSpec> load_spec(const std::string& path);

/// "10.98.1.10/24" → "10.98.1.10".
std::string without_prefix(const std::string& address);

}  // namespace stoa::cluster
