#pragma once
// Limits of the push server. Beside base/limits.hpp, which everything includes.

#include <cstddef>
#include <cstdint>

namespace stoa::limits {

/// What clients may send to each other in a second, each process counting for itself. Of one sender: over all its
/// connections and posts. Of an account: all its senders together.
inline constexpr int push_sender_messages_per_s_max = 50;
inline constexpr int push_account_messages_per_s_max = 1'000;
inline constexpr std::size_t push_news_users_max = 2'000;  ///< in one message of processes to each other
inline constexpr std::size_t push_neighbours_max = 1'000;  ///< processes on one bus whose life is watched
inline constexpr std::size_t push_senders_max = 20'000;    ///< that have sent lately; more are refused

}  // namespace stoa::limits
