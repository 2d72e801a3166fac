#pragma once
// What one host of the balancer pair should be, and the two services that make it so: HAProxy, and keepalived, which
// gives the floating addresses to one of the pair. Plain data, kept as JSON beside the service so that the controller
// (controller.hpp) reads what HAProxy was rendered from. Any thread.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cluster/balancer/view.hpp"
#include "cluster/state/service.hpp"

namespace stoa::cluster {

struct BalancerPeer {
    std::string name, front_address, back_address;  ///< front_address may be empty: only one network
    bool operator==(const BalancerPeer&) const = default;
};

/// A host that should be reachable, and a TCP port of it: who reaches none of them is cut off. A refused connection
/// counts as reached.
struct Neighbour {
    std::string address;
    std::uint16_t port = 0;
    bool operator==(const Neighbour&) const = default;
};

/// Addresses that alone may use paths which begin so.
struct AllowList {
    std::string path;  ///< "/admin"
    std::vector<std::string> networks;
    bool operator==(const AllowList&) const = default;
};

struct BalancerSpec {
    std::string cluster;  ///< a-z, 0-9, '-'
    std::string name;     ///< of this host
    std::string front_address, back_address;
    std::string front_interface, back_interface;
    std::vector<BalancerPeer> peers;  ///< the other balancers
    /// Hosts of the cluster in the back network. The other balancers and the web servers count as well, without being
    /// named here. Empty: this host never counts as cut off.
    std::vector<Neighbour> neighbours;

    // Floating addresses with prefix length, "10.0.0.100/24". Empty: none; without any there is no keepalived.
    std::string floating_front;  ///< users
    std::string floating_back;   ///< clients of the database that do not speak to etcd
    int router_id = 51;          ///< VRRP id 1 to 255, unique in the network segment
    int priority = 100;          ///< 1 to 254; different in each of the pair
    int advert_ms = 100;         ///< 3 lost adverts and a bit, and the other takes over

    std::uint16_t http_port = 80, https_port = 443;
    std::uint16_t status_port = 8404;  ///< back address: /metrics and /health
    std::uint16_t peers_port = 8405;   ///< back address: stick tables between the balancers
    std::uint16_t db_rw_port = 3306, db_ro_port = 3307;

    std::string user = "haproxy";  ///< what HAProxy becomes after its start; empty: stays what the agent is

    std::string certificate_secret;  ///< name of the secret that holds certificate chain and key; empty: no TLS
    int hsts_s = 31'536'000;         ///< 0: no Strict-Transport-Security

    // Web servers.
    std::string web_service = "web";  ///< name of the service on web hosts
    std::uint16_t web_port = 8080;    ///< of those that are found in etcd
    std::vector<WebServer> web;       ///< known when this was written: used until the controller has seen the cluster
    /// Requests whose path begins so go to servers that run push_service, as long as any of them is up; else to web
    /// servers. Empty: to web servers. The servers are found in etcd.
    std::string push_path;
    std::string push_service = "push";
    std::uint16_t push_port = 8080;
    std::string health_path = "/health";
    std::string health_host = "stoa";  ///< Host header of checks
    /// A POST whose server died before it answered is sent to another one. Right only for applications that know a
    /// request again by its X-Request-ID, as the portal does.
    bool replay_posts = true;
    std::string algorithm = "leastconn";  ///< leastconn, roundrobin, random
    int max_fails = 3;                    ///< failed connections in a row after which a server is out …
    int fail_timeout_ms = 15'000;         ///< … for so long, unless its process was started anew
    int keepalive = 32;                   ///< idle connections kept to each server
    int check_interval_ms = 250, check_timeout_ms = 300, check_fall = 2, check_rise = 2;
    int retries = 6;  ///< of one request, each on another server if there is one
    /// Requests wait at this port of 127.0.0.1 while no web server is up; only with replay_posts. 0: they get 503.
    std::uint16_t waiting_port = 8406;
    int waiting_ms = 15'000;
    int server_timeout_ms = 75'000;  ///< an answer's first byte: longer than the longest poll
    int tunnel_timeout_ms = 3'600'000;
    int client_timeout_ms = 75'000;
    int server_connections_max = 0;  ///< at a time to one web server; more wait in the queue; 0 = as many as come

    /// Headers that web servers believe because balancers set them; a client's own are removed. X-Forwarded-For,
    /// X-Forwarded-Proto and X-Request-ID always are.
    std::vector<std::string> trusted_headers = {"X-Forwarded-Host", "X-Forwarded-Port", "X-Real-IP", "Forwarded"};
    std::vector<AllowList> allow_lists;

    int connections_max = 4'000;
    int requests_per_10s_max = 0;  ///< per source address; more get 429; 0 = no limit
    int buffer_bytes = 65'536;     ///< a request that fits can be sent again

    std::vector<DatabaseServer> databases;  ///< empty: no db-rw, db-ro
    std::string db_primary;                 ///< name of the first primary; empty: none yet

    bool operator==(const BalancerSpec&) const = default;
};

std::string to_json(const BalancerSpec& spec);
/// Errors: invalid_argument naming the member. Members that are absent have their defaults.
Result<BalancerSpec> balancer_spec_from_json(std::string_view text);
/// Errors: invalid_argument naming the member.
Status check(const BalancerSpec& spec);

/// `haproxy`, and `keepalived` if there are floating addresses. Files of `haproxy`: balancer.json (the spec), base.cfg,
/// initial.cfg and start.sh; backends.cfg, which lies there besides, is the controller's.
std::vector<Service> balancer_services(const BalancerSpec& spec);

}  // namespace stoa::cluster
