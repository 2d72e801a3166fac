#include "rest/leaky_buckets.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace stoa::rest {
namespace {

constexpr int kRetryAfterMaxS = 60;

/// Two sources that share a hash share a bucket: harmless, and the key stays one word.
std::uint64_t key_of(AccountId account, std::string_view address) {
    const std::uint64_t hash = std::hash<std::string_view>{}(address);
    return hash ^ (static_cast<std::uint64_t>(account) * 0x9E3779B97F4A7C15ULL);
}

}  // namespace

LeakyBuckets::LeakyBuckets(double size, double drain_per_s, std::size_t entries_max)
    : size_(size),
      drain_per_us_(std::max(drain_per_s, 0.001) / 1e6),
      shard_entries_max_(std::max<std::size_t>(1, entries_max / kShards)) {}

int LeakyBuckets::enter(AccountId account, std::string_view address, std::int64_t monotonic_us) {
    if (size_ <= 0) return 0;
    const std::uint64_t key = key_of(account, address);
    Shard& shard = shards_[(key >> 40) % kShards];
    const MutexLock lock(shard.mutex);
    auto found = shard.buckets.find(key);
    if (found == shard.buckets.end()) {
        if (shard.buckets.size() >= shard_entries_max_) make_room(shard, monotonic_us);
        found = shard.buckets.emplace(key, Bucket{0, monotonic_us}).first;
    }
    Bucket& bucket = found->second;
    const auto passed = static_cast<double>(std::max<std::int64_t>(0, monotonic_us - bucket.at_us));
    bucket.level = std::max(0.0, bucket.level - passed * drain_per_us_);
    bucket.at_us = monotonic_us;
    if (bucket.level + 1 <= size_) {
        bucket.level += 1;
        return 0;
    }
    const double wait_s = (bucket.level + 1 - size_) / (drain_per_us_ * 1e6) - 1e-6;  // rounding must not add a second
    return std::clamp(static_cast<int>(std::ceil(wait_s)), 1, kRetryAfterMaxS);
}

void LeakyBuckets::make_room(Shard& shard, std::int64_t now_us) {
    std::erase_if(shard.buckets, [&](const auto& entry) {
        const Bucket& bucket = entry.second;
        return bucket.level <= static_cast<double>(now_us - bucket.at_us) * drain_per_us_;
    });
    if (shard.buckets.size() >= shard_entries_max_) shard.buckets.erase(shard.buckets.begin());
}

std::size_t LeakyBuckets::entries() const {
    std::size_t count = 0;
    for (const Shard& shard : shards_) {
        const MutexLock lock(shard.mutex);
        count += shard.buckets.size();
    }
    return count;
}

}  // namespace stoa::rest
