#pragma once
// Bounds of the balancer.

#include <cstddef>

namespace stoa::limits {

inline constexpr int balancer_servers_max = 200;
inline constexpr int balancer_call_ms = 500;  ///< one command to HAProxy's runtime API
inline constexpr std::size_t balancer_answer_bytes_max = 4 * 1024 * 1024;
inline constexpr std::size_t balancer_spec_bytes_max = 1024 * 1024;
inline constexpr int balancer_tick_ms = 100;         ///< how often the controller looks at HAProxy
inline constexpr int balancer_guard_ms = 50;         ///< how often it is asked whether this host may have the addresses
inline constexpr int balancer_probe_ms = 100;        ///< one connection attempt of those two
inline constexpr int balancer_removed_ms = 120'000;  ///< a server that is taken away ends its requests within
inline constexpr std::size_t balancer_waiting_max = 2'000;  ///< requests that wait while no web server is up
inline constexpr std::size_t balancer_waiting_head_bytes_max = 64 * 1024;
inline constexpr int balancer_reload_ms = 10'000;  ///< until the new worker answers

}  // namespace stoa::limits
