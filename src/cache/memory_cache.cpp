// The cache of one process: bounded by bytes, least recently used out first. Split into shards with a lock each.
// (base/lru_cache.hpp counts entries and has one lifetime for all, so it does not fit.)

#include <charconv>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/thread_annotations.hpp"
#include "cache/cache.hpp"
#include "cache/meters.hpp"

namespace stoa::cache {
namespace {

constexpr std::size_t kShards = 16;
constexpr std::size_t kEntryBytes = 160;  ///< list node, map node and the two strings' heads, about

struct Entry {
    std::string key;
    std::string value;
    std::int64_t ends_us = 0;
    std::size_t bytes() const { return key.size() + value.size() + kEntryBytes; }
};

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

class Shard {
  public:
    Entry* find(std::string_view key) STOA_REQUIRES(mutex) {
        const auto found = index_.find(key);
        if (found == index_.end()) return nullptr;
        const auto entry = found->second;
        if (entry->ends_us <= system_clock().monotonic_us()) {
            drop(entry);
            return nullptr;
        }
        order_.splice(order_.begin(), order_, entry);
        return &*entry;
    }

    void put(std::string_view key, std::string_view value, int lifetime_s, std::size_t bytes_max) STOA_REQUIRES(mutex) {
        if (const auto found = index_.find(key); found != index_.end()) drop(found->second);
        Entry entry{std::string(key), std::string(value), ends_us(lifetime_s)};
        if (entry.bytes() > bytes_max) return;
        while (bytes_ + entry.bytes() > bytes_max)
            drop(std::prev(order_.end()));
        bytes_ += entry.bytes();
        order_.push_front(std::move(entry));
        index_.emplace(order_.front().key, order_.begin());
    }

    void change(Entry& entry, std::string value) STOA_REQUIRES(mutex) {
        bytes_ += value.size() - entry.value.size();
        entry.value = std::move(value);
    }

    void remove(std::string_view key) STOA_REQUIRES(mutex) {
        if (const auto found = index_.find(key); found != index_.end()) drop(found->second);
    }

    Mutex mutex;

  private:
    static std::int64_t ends_us(int lifetime_s) {
        return system_clock().monotonic_us() + std::int64_t{lifetime_s} * 1'000'000;
    }
    void drop(std::list<Entry>::iterator entry) STOA_REQUIRES(mutex) {
        bytes_ -= entry->bytes();
        index_.erase(entry->key);
        order_.erase(entry);
    }

    std::list<Entry> order_ STOA_GUARDED_BY(mutex);  ///< most recently used first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> index_ STOA_GUARDED_BY(mutex);
    std::size_t bytes_ STOA_GUARDED_BY(mutex) = 0;
};

class MemoryCache final : public Cache {
  public:
    explicit MemoryCache(std::size_t bytes_max) : shard_bytes_max_(bytes_max / kShards) {}

    std::optional<std::string> get(std::string_view key) override {
        if (!is_cache_key(key)) return meters_.errors.add(), std::nullopt;
        Shard& shard = shard_of(key);
        const MutexLock lock(shard.mutex);
        const Entry* entry = shard.find(key);
        (entry != nullptr ? meters_.hits : meters_.misses).add();
        return entry != nullptr ? std::optional(entry->value) : std::nullopt;
    }

    std::vector<std::optional<std::string>> get_many(std::span<const std::string> keys) override {
        std::vector<std::optional<std::string>> out(keys.size());
        if (keys.size() > limits::cache_keys_per_call_max) return meters_.errors.add(), out;
        for (std::size_t i = 0; i < keys.size(); ++i)
            out[i] = get(keys[i]);
        return out;
    }

    bool set(std::string_view key, std::string_view value, int lifetime_s) override {
        if (!may_store(key, value, lifetime_s)) return meters_.errors.add(), false;
        Shard& shard = shard_of(key);
        const MutexLock lock(shard.mutex);
        shard.put(key, value, lifetime_s, shard_bytes_max_);
        return true;
    }

    bool add(std::string_view key, std::string_view value, int lifetime_s) override {
        if (!may_store(key, value, lifetime_s)) return meters_.errors.add(), false;
        Shard& shard = shard_of(key);
        const MutexLock lock(shard.mutex);
        if (shard.find(key) != nullptr) return false;
        shard.put(key, value, lifetime_s, shard_bytes_max_);
        return true;
    }

    bool remove(std::string_view key) override {
        Shard& shard = shard_of(key);
        const MutexLock lock(shard.mutex);
        shard.remove(key);
        return true;
    }

    std::optional<std::int64_t> increment(std::string_view key, std::int64_t by, int lifetime_s) override {
        if (!may_count(key, by, lifetime_s)) return meters_.errors.add(), std::nullopt;
        Shard& shard = shard_of(key);
        const MutexLock lock(shard.mutex);
        Entry* entry = shard.find(key);
        if (entry == nullptr) {
            shard.put(key, std::to_string(by), lifetime_s, shard_bytes_max_);
            return by;
        }
        const auto before = number(entry->value);
        std::int64_t after = 0;
        if (!before || __builtin_add_overflow(*before, by, &after)) return meters_.errors.add(), std::nullopt;
        shard.change(*entry, std::to_string(after));
        return after;
    }

    bool is_shared() const override { return false; }
    bool reachable() const override { return true; }

  private:
    Shard& shard_of(std::string_view key) { return shards_[(std::hash<std::string_view>{}(key) >> 40) % kShards]; }

    const std::size_t shard_bytes_max_;
    Shard shards_[kShards];
    Meters meters_{"memory"};
};

}  // namespace

std::unique_ptr<Cache> make_memory_cache(std::size_t bytes_max) {
    return std::make_unique<MemoryCache>(bytes_max);
}

}  // namespace stoa::cache
