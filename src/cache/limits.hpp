#pragma once
// Bounds of causal tokens that only src/cache needs; the others are in base/limits.hpp.

#include <cstddef>

namespace stoa::limits {

inline constexpr std::size_t causal_waiting_max = 16'384;          ///< publications that wait; more are refused at once
inline constexpr std::size_t causal_board_accounts_max = 262'144;  ///< that wrote in the last minute, by all processes
inline constexpr std::size_t causal_members_max = 100;  ///< processes that hold leases; others ask the primary

}  // namespace stoa::limits
