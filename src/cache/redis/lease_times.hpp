#pragma once
// The times of read leases, see cache/causal_tokens.hpp. All processes must agree on those of the first group.

#include <cstdint>

namespace stoa::cache::redis {

inline constexpr std::int64_t kLeaseUs = 500'000;        ///< how long a lease lasts, from before it was asked for
inline constexpr std::int64_t kConfirmedUs = 1'500'000;  ///< no lease longer than this after a look found the master
inline constexpr std::int64_t kSettledUs = 1'500'000;    ///< age of an epoch from which the list of members is complete
static_assert(kSettledUs >= kLeaseUs && kSettledUs >= kConfirmedUs);

inline constexpr std::int64_t kMarginUs = 50'000;   ///< by which holders end a lease early: clocks may run unevenly
inline constexpr std::int64_t kRenewUs = 150'000;   ///< between renewals
inline constexpr std::int64_t kBeatUs = 1'000'000;  ///< between echoes of a process that wants no lease
inline constexpr std::int64_t kSilenceMaxUs = 2'000'000;  ///< without an answer or echo; then the connections are lost

}  // namespace stoa::cache::redis
