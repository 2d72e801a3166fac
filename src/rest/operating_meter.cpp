#include "rest/operating_meter.hpp"

#include <algorithm>

namespace stoa::rest {
namespace {
constexpr std::int64_t kMinuteUs = 60'000'000;
}

std::size_t OperatingMeter::Hash::operator()(const Key& key) const {
    std::uint64_t hash = static_cast<std::uint64_t>(key.account) * 0x9E3779B97F4A7C15ULL;
    hash = (hash ^ static_cast<std::uint64_t>(key.credential)) * 0xBF58476D1CE4E5B9ULL;
    hash = (hash ^ key.method) * 0x94D049BB133111EBULL;
    return hash ^ (hash >> 31);
}

OperatingMeter::OperatingMeter(int limit_s, std::size_t entries_max)
    : limit_us_(std::int64_t{std::max(limit_s, 0)} * 1'000'000),
      shard_entries_max_(std::max<std::size_t>(1, entries_max / kShards)) {}

void OperatingMeter::Entry::roll_to(std::int64_t now_minute) {
    const std::int64_t steps = std::min<std::int64_t>(now_minute - minute, kBaskets);
    for (std::int64_t i = 1; i <= steps; ++i) {
        std::int64_t& basket = spent_us[static_cast<std::size_t>((minute + i) % kBaskets)];
        sum_us -= basket;
        basket = 0;
    }
    minute = std::max(minute, now_minute);
}

int OperatingMeter::refused_for_s(const Key& key, std::int64_t monotonic_us) {
    if (limit_us_ == 0) return 0;
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    const auto found = shard.entries.find(key);
    if (found == shard.entries.end()) return 0;
    Entry& entry = found->second;
    entry.roll_to(monotonic_us / kMinuteUs);
    if (entry.sum_us < limit_us_) return 0;
    for (std::int64_t age = kBaskets - 1; age > 0; --age) {
        if (entry.spent_us[static_cast<std::size_t>((entry.minute + kBaskets - age) % kBaskets)] == 0) continue;
        const std::int64_t gone_at_us = (entry.minute - age + static_cast<std::int64_t>(kBaskets)) * kMinuteUs;
        return static_cast<int>((gone_at_us - monotonic_us) / 1'000'000 + 1);
    }
    return static_cast<int>(kBaskets) * 60;
}

std::int64_t OperatingMeter::add(const Key& key, std::int64_t spent_us, std::int64_t monotonic_us) {
    const std::int64_t minute = monotonic_us / kMinuteUs;
    Shard& shard = shard_of(key);
    const MutexLock lock(shard.mutex);
    auto found = shard.entries.find(key);
    if (found == shard.entries.end()) {
        if (shard.entries.size() >= shard_entries_max_) {
            const std::int64_t oldest = minute - static_cast<std::int64_t>(kBaskets);
            std::erase_if(shard.entries, [&](const auto& entry) { return entry.second.minute <= oldest; });
            if (shard.entries.size() >= shard_entries_max_) shard.entries.erase(shard.entries.begin());
        }
        found = shard.entries.emplace(key, Entry{}).first;
        found->second.minute = minute;
    }
    Entry& entry = found->second;
    entry.roll_to(minute);
    entry.spent_us[static_cast<std::size_t>(entry.minute % static_cast<std::int64_t>(kBaskets))] += spent_us;
    entry.sum_us += spent_us;
    return entry.sum_us;
}

std::size_t OperatingMeter::entries() const {
    std::size_t count = 0;
    for (const Shard& shard : shards_) {
        const MutexLock lock(shard.mutex);
        count += shard.entries.size();
    }
    return count;
}

}  // namespace stoa::rest
