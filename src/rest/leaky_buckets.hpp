#pragma once
// How many requests one source address may send to one portal: a leaky bucket per (account, address). Any thread.
// Memory is bounded: buckets that have run dry are forgotten, and a full shard forgets an arbitrary one.
// https://github.com/bitrix24/b24restdocs limits.md

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "base/ids.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::rest {

class LeakyBuckets {
  public:
    /// Each request fills by one; `drain_per_s` flows out. size 0 = no limit.
    LeakyBuckets(double size, double drain_per_s, std::size_t entries_max = 65'536);

    /// 0 when the request fits (it is counted), else the seconds after which one will (nothing is counted).
    int enter(AccountId account, std::string_view address, std::int64_t monotonic_us);
    std::size_t entries() const;

  private:
    struct Bucket {
        double level = 0;
        std::int64_t at_us = 0;
    };
    struct alignas(64) Shard {
        mutable Mutex mutex;
        std::unordered_map<std::uint64_t, Bucket> buckets STOA_GUARDED_BY(mutex);
    };
    static constexpr std::size_t kShards = 16;

    void make_room(Shard& shard, std::int64_t now_us) STOA_REQUIRES(shard.mutex);

    const double size_;
    const double drain_per_us_;
    const std::size_t shard_entries_max_;
    std::array<Shard, kShards> shards_;
};

}  // namespace stoa::rest
