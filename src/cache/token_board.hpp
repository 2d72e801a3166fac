#pragma once
// TokenBoard: the newest causal token of each account that wrote lately, in this process's memory. Any thread.
//
// It is bounded: a part that is full forgets what it cannot keep, and says "unknown" to every look-up in that part
// until the forgotten tokens would have ended.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/thread_annotations.hpp"
#include "cache/limits.hpp"

namespace stoa::cache {

class TokenBoard {
  public:
    explicit TokenBoard(const Clock& clock, std::size_t accounts_max = limits::causal_board_accounts_max)
        : clock_(clock), shard_accounts_max_(accounts_max / kShards) {}

    /// Keeps the greater sequence of each domain. `token` must be a causal token.
    void put(AccountId account, std::string_view token);
    /// Empty: no write lately. Nothing: unknown.
    std::optional<std::string> token_of(AccountId account) const;

  private:
    static constexpr std::size_t kShards = 16;
    struct Entry {
        std::string token;
        std::int64_t ends_us = 0;
    };
    struct Shard {
        mutable Mutex mutex;
        std::unordered_map<AccountId, Entry> tokens STOA_GUARDED_BY(mutex);
        std::size_t sweep_at STOA_GUARDED_BY(mutex) = 64;
        std::int64_t forgetful_until_us STOA_GUARDED_BY(mutex) = 0;
    };

    bool has_room(Shard& shard, std::int64_t now_us) STOA_REQUIRES(shard.mutex);
    std::size_t shard_of(AccountId account) const { return static_cast<std::size_t>(account) % kShards; }

    const Clock& clock_;
    const std::size_t shard_accounts_max_;
    Shard shards_[kShards];
};

}  // namespace stoa::cache
