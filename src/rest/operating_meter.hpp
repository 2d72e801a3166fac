#pragma once
// How long one method ran for one credential in the last ten minutes, in baskets of a minute. Any thread.
// Memory is bounded: what is idle for ten minutes is forgotten, and a full shard forgets an arbitrary entry.
// https://github.com/bitrix24/b24restdocs limits.md

#include <array>
#include <cstdint>
#include <unordered_map>

#include "base/ids.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::rest {

class OperatingMeter {
  public:
    /// limit_s 0 = counted and reported, never refused.
    explicit OperatingMeter(int limit_s, std::size_t entries_max = 65'536);

    /// Which method, called by whom: a webhook or application, or a user's session.
    struct Key {
        AccountId account = 0;
        std::int64_t credential = 0;  ///< webhook or application id; the negated user id for sessions
        std::uint32_t method = 0;     ///< position in the MethodIndex
        bool operator==(const Key&) const = default;
    };

    /// 0 when the call may run, else the seconds after which the oldest basket empties.
    int refused_for_s(const Key& key, std::int64_t monotonic_us);
    /// Adds one call's time; answers the sum over the window, this call included.
    std::int64_t add(const Key& key, std::int64_t spent_us, std::int64_t monotonic_us);
    std::size_t entries() const;

  private:
    static constexpr std::size_t kBaskets = 10;
    static constexpr std::size_t kShards = 16;

    struct Entry {
        std::int64_t minute = 0;  ///< of the newest basket
        std::array<std::int64_t, kBaskets> spent_us{};
        std::int64_t sum_us = 0;
        void roll_to(std::int64_t now_minute);
    };
    struct Hash {
        std::size_t operator()(const Key& key) const;
    };
    struct alignas(64) Shard {
        mutable Mutex mutex;
        std::unordered_map<Key, Entry, Hash> entries STOA_GUARDED_BY(mutex);
    };

    Shard& shard_of(const Key& key) { return shards_[(Hash{}(key) >> 40) % kShards]; }

    const std::int64_t limit_us_;
    const std::size_t shard_entries_max_;
    std::array<Shard, kShards> shards_;
};

}  // namespace stoa::rest
