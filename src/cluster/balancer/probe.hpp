#pragma once
// Short questions to other hosts: does anybody answer on this address? Any thread; block until the deadline at most.

#include <cstdint>
#include <string>
#include <vector>

namespace stoa::cluster {

struct ProbeTarget {
    std::string address;  ///< IP literal
    std::uint16_t port = 0;
};

enum class Reach : std::uint8_t {
    accepted,
    refused,   ///< the host is there, the port is not open
    no_answer  ///< or the network says that there is no such host
};

/// Connects to all at the same time and closes again. One result per target, in order.
std::vector<Reach> probe_all(const std::vector<ProbeTarget>& targets, int timeout_ms);

/// Whether GET path is answered with status 200 in time.
bool http_answers(const ProbeTarget& target, const std::string& path, int timeout_ms);

}  // namespace stoa::cluster
