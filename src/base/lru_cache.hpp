#pragma once
// A bounded cache from string keys to shared immutable values, least recently used out first. Any thread.
// Split into shards, each with its own lock, so threads rarely meet. Values are shared_ptr because a reader may still
// use one after another thread has thrown it out.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/thread_annotations.hpp"

namespace stoa {

template <class V>
class LruCache {
  public:
    /// ttl_ms 0 = entries do not age. Each shard holds entries_max / shards, at least one.
    LruCache(std::size_t entries_max, std::int64_t ttl_ms, const Clock& clock = system_clock(), std::size_t shards = 16)
        : ttl_us_(ttl_ms * 1000), clock_(clock) {
        shards = std::max<std::size_t>(1, std::min(shards, entries_max));
        for (std::size_t i = 0; i < shards; ++i)
            shards_.push_back(std::make_unique<Shard>());
        shard_entries_max_ = std::max<std::size_t>(1, entries_max / shards);
    }

    /// The value, now the most recently used; nullptr when absent or older than the ttl.
    std::shared_ptr<const V> get(std::string_view key) {
        const std::size_t hash = std::hash<std::string_view>{}(key);
        const std::int64_t now_us = ttl_us_ > 0 ? clock_.monotonic_us() : 0;
        std::shared_ptr<const V> dead;  // destroyed after the lock is gone
        Shard& shard = shard_of(hash);
        const MutexLock lock(shard.mutex);
        const auto found = shard.index.find(HashedKey{key, hash});
        if (found == shard.index.end()) return nullptr;
        const auto entry = found->second;
        if (ttl_us_ > 0 && entry->expires_us <= now_us) {
            dead = std::move(entry->value);
            shard.index.erase(found);
            shard.order.erase(entry);
            return nullptr;
        }
        if (entry != shard.order.begin()) shard.order.splice(shard.order.begin(), shard.order, entry);
        return entry->value;
    }

    void put(std::string_view key, std::shared_ptr<const V> value) {
        const std::size_t hash = std::hash<std::string_view>{}(key);
        const std::int64_t expires_us = ttl_us_ > 0 ? clock_.monotonic_us() + ttl_us_ : 0;
        std::list<Entry> dead;
        Shard& shard = shard_of(hash);
        const MutexLock lock(shard.mutex);
        if (const auto found = shard.index.find(HashedKey{key, hash}); found != shard.index.end()) {
            found->second->value.swap(value);  // the old value dies with the argument
            found->second->expires_us = expires_us;
            shard.order.splice(shard.order.begin(), shard.order, found->second);
            return;
        }
        if (shard.index.size() >= shard_entries_max_) {
            const auto last = std::prev(shard.order.end());
            shard.index.erase(HashedKey{last->key, last->hash});
            dead.splice(dead.begin(), shard.order, last);
        }
        shard.order.push_front(Entry{std::string(key), hash, std::move(value), expires_us});
        shard.index.emplace(HashedKey{shard.order.front().key, hash}, shard.order.begin());
    }

    /// True when it was there.
    bool erase(std::string_view key) {
        const std::size_t hash = std::hash<std::string_view>{}(key);
        std::list<Entry> dead;
        Shard& shard = shard_of(hash);
        const MutexLock lock(shard.mutex);
        const auto found = shard.index.find(HashedKey{key, hash});
        if (found == shard.index.end()) return false;
        const auto entry = found->second;
        shard.index.erase(found);
        dead.splice(dead.begin(), shard.order, entry);
        return true;
    }

    void clear() {
        for (auto& shard : shards_) {
            std::list<Entry> dead;
            const MutexLock lock(shard->mutex);
            shard->index.clear();
            dead.swap(shard->order);
        }
    }

    std::size_t size() const {
        std::size_t n = 0;
        for (const auto& shard : shards_) {
            const MutexLock lock(shard->mutex);
            n += shard->index.size();
        }
        return n;
    }

  private:
    struct Entry {
        std::string key;
        std::size_t hash;
        std::shared_ptr<const V> value;
        std::int64_t expires_us;
    };
    /// Looks at the key inside the Entry, and remembers the hash so that it is computed once per call.
    struct HashedKey {
        std::string_view text;
        std::size_t hash;
        bool operator==(const HashedKey& other) const { return hash == other.hash && text == other.text; }
    };
    struct KeepHash {
        std::size_t operator()(const HashedKey& key) const { return key.hash; }
    };
    struct alignas(64) Shard {
        Mutex mutex;
        std::list<Entry> order STOA_GUARDED_BY(mutex);  ///< most recently used first
        std::unordered_map<HashedKey, typename std::list<Entry>::iterator, KeepHash> index STOA_GUARDED_BY(mutex);
    };

    /// High bits choose the shard, because the map inside it uses the low ones.
    Shard& shard_of(std::size_t hash) { return *shards_[(hash >> 40) % shards_.size()]; }

    const std::int64_t ttl_us_;
    const Clock& clock_;
    std::size_t shard_entries_max_ = 1;
    std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace stoa
