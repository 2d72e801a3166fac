#pragma once
// What the balancer should do with today's servers: made from the cluster's state (component.hpp), carried out by the
// controller. Plain data, any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stoa::cluster {

enum class Admission : std::uint8_t {
    admitted,
    draining,  ///< what it has begun it ends; gets nothing new
    refused,   ///< another version or configuration than the cluster's: gets nothing
};

struct WebServer {
    std::string name;     ///< of its host
    std::string address;  ///< IP literal
    std::uint16_t port = 0;
    Admission admission = Admission::admitted;
    std::string reason;  ///< of draining and refused, for people
    /// Changes when its process is started anew; a pause after failures (fail_timeout_ms) ends then.
    std::string incarnation;
    /// Its process has begun and does not serve yet, or is known to be sick: that it takes no connections says nothing.
    bool starting = false;
    std::string backend = "web";  ///< or "push": those that get push_path
    bool operator==(const WebServer&) const = default;
};

struct DatabaseServer {
    std::string name;
    std::string address;
    std::uint16_t port = 0;
    bool operator==(const DatabaseServer&) const = default;
};

struct BalancerView {
    std::vector<WebServer> web;  ///< of both backends; empty: not known, everything stays
    /// The server that takes writes. Absent: not known, everything stays; empty: there is none, nobody gets writes.
    std::optional<std::string> db_primary;
    bool operator==(const BalancerView&) const = default;
};

}  // namespace stoa::cluster
