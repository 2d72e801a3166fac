#include "base/lru_cache.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace stoa {
namespace {

std::shared_ptr<const int> number(int v) {
    return std::make_shared<const int>(v);
}

TEST(LruCache, throws_out_the_least_recently_used_at_the_limit) {
    LruCache<int> cache(2, 0, system_clock(), 1);
    cache.put("a", number(1));
    cache.put("b", number(2));
    EXPECT_EQ(cache.size(), 2U);
    EXPECT_EQ(*cache.get("a"), 1);
    cache.put("c", number(3));
    EXPECT_EQ(cache.size(), 2U);
    EXPECT_EQ(cache.get("b"), nullptr);
    EXPECT_EQ(*cache.get("a"), 1);
    EXPECT_EQ(*cache.get("c"), 3);
}

TEST(LruCache, put_replaces_and_refreshes) {
    LruCache<int> cache(2, 0, system_clock(), 1);
    cache.put("a", number(1));
    cache.put("b", number(2));
    cache.put("a", number(10));
    cache.put("c", number(3));
    EXPECT_EQ(*cache.get("a"), 10);
    EXPECT_EQ(cache.get("b"), nullptr);
}

TEST(LruCache, entries_age_by_the_clock) {
    ManualClock clock;
    LruCache<int> cache(10, 1000, clock);
    cache.put("a", number(1));
    clock.advance_us(999'999);
    EXPECT_NE(cache.get("a"), nullptr);
    clock.set_now(0);  // the wall clock has no say
    EXPECT_NE(cache.get("a"), nullptr);
    clock.advance_us(1);
    EXPECT_EQ(cache.get("a"), nullptr);
    EXPECT_EQ(cache.size(), 0U);
}

TEST(LruCache, erase_and_clear) {
    LruCache<int> cache(100, 0);
    for (int i = 0; i < 50; ++i)
        cache.put(std::to_string(i), number(i));
    EXPECT_TRUE(cache.erase("7"));
    EXPECT_FALSE(cache.erase("7"));
    EXPECT_EQ(cache.get("7"), nullptr);
    cache.clear();
    EXPECT_EQ(cache.size(), 0U);
}

TEST(LruCache, a_value_in_use_outlives_its_entry) {
    LruCache<int> cache(1, 0);
    cache.put("a", number(1));
    const auto held = cache.get("a");
    cache.put("b", number(2));
    EXPECT_EQ(cache.get("a"), nullptr);
    EXPECT_EQ(*held, 1);
}

TEST(LruCache, never_holds_more_than_its_limit) {
    LruCache<int> cache(64, 0);
    for (int i = 0; i < 10'000; ++i)
        cache.put("key" + std::to_string(i), number(i));
    EXPECT_LE(cache.size(), 64U);
    EXPECT_GE(cache.size(), 32U);
}

/// A value whose destruction asks the cache again: it must not happen under the lock.
struct Reentrant {
    LruCache<Reentrant>* cache;
    ~Reentrant() { cache->get("x"); }
};

TEST(LruCache, values_die_outside_the_lock) {
    ManualClock clock;
    LruCache<Reentrant> cache(1, 1, clock, 1);
    const auto make = [&] { return std::shared_ptr<const Reentrant>(new Reentrant{&cache}); };
    cache.put("a", make());
    cache.put("a", make());
    cache.put("b", make());
    cache.erase("b");
    cache.put("c", make());
    clock.advance_s(1);
    cache.get("c");
    cache.put("d", make());
    cache.clear();
}

TEST(LruCache, many_threads_may_use_it) {
    LruCache<int> cache(100, 0);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&cache, t] {
            for (int i = 0; i < 20'000; ++i) {
                const int key = (i * 7 + t) % 300;
                if (const auto value = cache.get(std::to_string(key))) {
                    EXPECT_EQ(*value, key);
                } else {
                    cache.put(std::to_string(key), number(key));
                }
                if (i % 1000 == 0) cache.clear();
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
}

}  // namespace
}  // namespace stoa
