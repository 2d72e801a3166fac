#pragma once
// Schedule: which faults a torture does when, from a seed. The same seed gives the same schedule. Pure; any thread.
//
// Each layer of the cluster has a timeline of its own, so faults of different layers overlap freely; within a layer one
// follows the other with a pause between them: a layer is built to survive one fault at a time.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace stoa::app::probe {

enum class Harm : std::uint8_t {
    kill_service,  ///< kill -9 of the layer's engine
    stop_service,  ///< SIGSTOP of it
    kill_agent,    ///< kill -9 of the host's agent
    kill_host,     ///< kill -9 of everything on the host
    cut_host,      ///< its cable is pulled
    deafen_host,   ///< it hears nothing, but is heard
    mute_host,     ///< it hears all, but is not heard
    slow_link,     ///< each frame of it takes up to 100 ms longer
    fill_disk,
    stall_disk,  ///< it takes no writes
    slow_disk,
    clock_ahead,  ///< the host's wall clock is wrong by minutes
    clock_behind,
    switch_primary,  ///< planned
};
std::string_view to_string(Harm harm);

struct Blow {
    int at_ms = 0;
    std::string layer;  ///< role of the hosts: "web", "lb", "db", "redis", "etcd", "files"
    Harm harm = Harm::kill_service;
    int victim = 0;       ///< number of the host, modulo how many there are
    bool leader = false;  ///< whoever leads the layer then, instead
    int for_ms = 0;       ///< until it is mended
};

/// In order of time. Nothing begins in the last 20 s, so that all is mended by the end.
std::vector<Blow> make_schedule(std::uint64_t seed, int length_ms);

}  // namespace stoa::app::probe
