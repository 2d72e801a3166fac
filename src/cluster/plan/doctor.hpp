#pragma once
// Asks each host of a cluster over the network: is it there, which version does its engine say it is. Blocking, any
// thread; each question has a deadline, hosts are asked side by side.

#include <string>
#include <vector>

#include "cluster/plan/spec.hpp"

namespace stoa::cluster {

struct EngineFinding {
    std::string host, engine;
    bool answers = false;
    std::string found;     ///< version; empty when it does not say
    std::string required;  ///< the least one
    bool good = false;
    std::string advice;  ///< what to do; empty when good
};

/// `redis_password` is needed for Redis to tell its version; without it, only that it answers is checked.
std::vector<EngineFinding> ask_engines(const ClusterSpec& spec, const std::string& redis_password);

/// "10.11.19-MariaDB-0+deb12u1" is at least "10.11".
bool at_least(std::string_view found, std::string_view required);

struct RoundTrip {
    std::string to;
    double ms = -1;  ///< median of several connections; -1 when it does not answer
};
/// From here to each host, by connecting; an answer that nobody listens counts, too.
std::vector<RoundTrip> round_trips(const ClusterSpec& spec);

inline constexpr double kRoundTripWarnMs = 1.0;

}  // namespace stoa::cluster
