#pragma once
// What a host should run: plain data, written by `plan`, stored in etcd as JSON, carried out by the agent (`node`).
// Knows no engine by name: whoever makes a Service says how to start, check and stop it. Any thread.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

namespace stoa::cluster {

/// A file that must lie there before the service starts. In `content`, {{secret:NAME}} is replaced by the agent with
/// the content of the file NAME in its secrets folder, {{dir}} by the service's own folder: secrets never are in etcd.
struct ServiceFile {
    std::string path;  ///< relative to the service's folder
    std::string content;
    int mode = 0600;
    bool shared = false;  ///< the same on all hosts of the role: counts for the configuration hash
    bool operator==(const ServiceFile&) const = default;
};

struct HealthCheck {
    enum class Kind : std::uint8_t { none, tcp, http, command } kind = Kind::none;
    std::string address;               ///< tcp: "10.0.0.1:6379"; http: a URL that answers 200 when well
    std::vector<std::string> command;  ///< exit code 0 when well
    int interval_ms = 200;
    int timeout_ms = 500;
    int fall = 3;  ///< failures in a row until it counts as sick
    /// A service that runs but has been sick so long is killed with SIGKILL and started again: its sockets are reset,
    /// so that whoever waits for an answer asks elsewhere at once. One that refuses connections does not hang: it may
    /// be finishing its requests, and has stop_grace_ms. 0 = never.
    int kill_after_ms = 0;
    bool operator==(const HealthCheck&) const = default;
};

struct Service {
    std::string name;               ///< "web", "mariadb", "haproxy"; one of each per host
    std::vector<std::string> argv;  ///< {{dir}} is replaced; argv[0] is looked for in PATH and sbin
    std::vector<std::pair<std::string, std::string>> environment;  ///< on top of the agent's own
    std::vector<ServiceFile> files;
    std::vector<std::string> folders;               ///< made before the start, relative to the service's folder
    std::vector<std::vector<std::string>> prepare;  ///< commands that run to their end before the first start, once
    HealthCheck health;
    /// Sent when nothing but files has changed, instead of a restart: the program reads them again and goes on. Files
    /// that it only reads at its start are of no effect until then. 0 = any change restarts it.
    int reload_signal = 0;
    int stop_signal = 15;
    int stop_grace_ms = 15'000;  ///< then SIGKILL
    int restart_first_ms = 100;  ///< pause before a restart; doubled up to restart_longest_ms while it keeps dying
    int restart_longest_ms = 5'000;
    bool operator==(const Service&) const = default;
};

/// All of one host. `revision` goes up with each change.
struct HostServices {
    std::int64_t revision = 0;
    std::vector<Service> services;
    bool operator==(const HostServices&) const = default;
};

/// SHA-256 (first 16 hex digits) of the shared files, by path, as they are written in the plan. Two hosts of one role
/// with equal hashes and versions are interchangeable. The agent computes it again from the files on its disk, so that
/// one edited by hand shows.
std::string config_hash(const Service& service);

std::string to_json(const HostServices& services);
/// Errors: invalid_argument naming the member. Unknown members are ignored (written by a newer program).
Result<HostServices> host_services_from_json(std::string_view text);

}  // namespace stoa::cluster
