// What every driver promises, against each: in process, Redis, one Memcached, three Memcached.
#include "cache/cache.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "base/limits.hpp"
#include "cache/testing/engines.hpp"

namespace stoa::cache {
namespace {

struct Driver {
    std::string name;
    std::function<EngineUrl()> url;
};

/// Engines live as long as the test program, started at first use.
const std::vector<Driver>& drivers() {
    static const std::vector<Driver> all = {
        {"memory", [] { return EngineUrl(); }},
        {"redis",
         [] {
             static fixture::RedisServer server(fixture::RedisOptions{"a secret"});
             return fixture::url_of("redis://:a%20secret@127.0.0.1:" + std::to_string(server.port()) + "/3?prefix=p:");
         }},
        {"memcached",
         [] {
             static fixture::MemcachedServer server;
             return fixture::url_of("memcached://127.0.0.1:" + std::to_string(server.port()) + "?prefix=p:");
         }},
        {"memcached_x3",
         [] {
             static fixture::MemcachedServer a, b, c;
             return fixture::url_of("memcached://127.0.0.1:" + std::to_string(a.port()) + ",127.0.0.1:" +
                                    std::to_string(b.port()) + ",127.0.0.1:" + std::to_string(c.port()));
         }},
    };
    return all;
}

class CacheContract : public ::testing::TestWithParam<std::size_t> {
  protected:
    void SetUp() override {
        auto opened = open(drivers()[GetParam()].url());
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        cache_ = std::move(*opened);
        ASSERT_TRUE(cache_->reachable());
        static int serial = 0;
        space_ = {"t", ++serial};
    }
    std::string key(std::string_view rest) const { return cache_key(space_, 1, rest); }

    std::unique_ptr<Cache> cache_;
    Space space_;
};

TEST_P(CacheContract, what_was_set_is_there_until_it_is_removed) {
    EXPECT_EQ(cache_->get(key("a")), std::nullopt);
    EXPECT_TRUE(cache_->set(key("a"), "one", 60));
    EXPECT_EQ(cache_->get(key("a")), "one");
    EXPECT_TRUE(cache_->set(key("a"), "two", 60));
    EXPECT_EQ(cache_->get(key("a")), "two");
    EXPECT_TRUE(cache_->remove(key("a")));
    EXPECT_EQ(cache_->get(key("a")), std::nullopt);
    EXPECT_TRUE(cache_->remove(key("a")));
}

TEST_P(CacheContract, values_are_any_bytes) {
    const std::string bytes("\0\r\n\xff END\r\n$5", 12);
    EXPECT_TRUE(cache_->set(key("a"), bytes, 60));
    EXPECT_EQ(cache_->get(key("a")), bytes);
    EXPECT_TRUE(cache_->set(key("b"), "", 60));
    EXPECT_EQ(cache_->get(key("b")), "");
}

TEST_P(CacheContract, entries_end_by_themselves) {
    EXPECT_TRUE(cache_->set(key("short"), "x", 1));
    EXPECT_TRUE(cache_->set(key("long"), "x", 60));
    EXPECT_EQ(cache_->increment(key("n"), 5, 1), 5);
    EXPECT_EQ(cache_->increment(key("n"), 2, 60), 7);               // does not live longer by that
    std::this_thread::sleep_for(std::chrono::milliseconds(2'100));  // Memcached counts whole seconds
    EXPECT_EQ(cache_->get(key("short")), std::nullopt);
    EXPECT_EQ(cache_->get(key("long")), "x");
    EXPECT_EQ(cache_->increment(key("n"), 1, 60), 1);
}

TEST_P(CacheContract, add_succeeds_once) {
    EXPECT_TRUE(cache_->add(key("a"), "first", 60));
    EXPECT_FALSE(cache_->add(key("a"), "second", 60));
    EXPECT_EQ(cache_->get(key("a")), "first");
}

TEST_P(CacheContract, counters_count_what_is_a_number) {
    EXPECT_EQ(cache_->increment(key("n"), 5, 60), 5);
    EXPECT_EQ(cache_->increment(key("n"), 1'000'000'000, 60), 1'000'000'005);
    EXPECT_TRUE(cache_->set(key("text"), "no number", 60));
    EXPECT_EQ(cache_->increment(key("text"), 1, 60), std::nullopt);
    EXPECT_EQ(cache_->get(key("text")), "no number");
    EXPECT_EQ(cache_->increment(key("n"), 0, 60), std::nullopt);
    EXPECT_EQ(cache_->increment(key("n"), 1'000'000'001, 60), std::nullopt);
}

TEST_P(CacheContract, many_keys_come_in_one_call_in_their_order) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < limits::cache_keys_per_call_max; ++i) {
        keys.push_back(key(std::to_string(i)));
        if (i % 3 != 0 && i < 100) {
            EXPECT_TRUE(cache_->set(keys.back(), "v" + std::to_string(i), 60));
        }
    }
    const auto got = cache_->get_many(keys);
    ASSERT_EQ(got.size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const bool there = i % 3 != 0 && i < 100;
        EXPECT_EQ(got[i], there ? std::optional("v" + std::to_string(i)) : std::nullopt) << i;
    }
    keys.push_back(key("1"));
    for (const auto& value : cache_->get_many(keys))  // one over the limit
        EXPECT_EQ(value, std::nullopt);
    EXPECT_TRUE(cache_->get_many({}).empty());
}

TEST_P(CacheContract, the_same_key_twice_is_answered_twice) {
    EXPECT_TRUE(cache_->set(key("a"), "x", 60));
    const std::vector<std::string> keys{key("a"), key("b"), key("a")};
    const auto got = cache_->get_many(keys);
    EXPECT_EQ(got[0], "x");
    EXPECT_EQ(got[1], std::nullopt);
    EXPECT_EQ(got[2], "x");
}

TEST_P(CacheContract, limits_hold_exactly) {
    const std::string longest(limits::cache_key_bytes_max, 'k');
    EXPECT_TRUE(cache_->set(longest, "x", 60));
    EXPECT_EQ(cache_->get(longest), "x");
    EXPECT_FALSE(cache_->set(longest + "k", "x", 60));
    EXPECT_EQ(cache_->get(longest + "k"), std::nullopt);
    EXPECT_FALSE(cache_->set("", "x", 60));
    EXPECT_FALSE(cache_->set("with blank", "x", 60));

    const std::string largest(limits::cache_value_bytes_max, 'v');
    EXPECT_TRUE(cache_->set(key("large"), largest, 60));
    EXPECT_EQ(cache_->get(key("large")), largest);
    EXPECT_FALSE(cache_->set(key("large"), largest + "v", 60));

    EXPECT_TRUE(cache_->set(key("life"), "x", limits::cache_lifetime_s_max));
    EXPECT_EQ(cache_->get(key("life")), "x");
    EXPECT_FALSE(cache_->set(key("life"), "x", limits::cache_lifetime_s_max + 1));
    EXPECT_FALSE(cache_->set(key("life"), "x", 0));
}

TEST_P(CacheContract, threads_share_it) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([this, t] {
            for (int i = 0; i < 200; ++i) {
                const std::string own = key(std::to_string(t) + "-" + std::to_string(i));
                EXPECT_TRUE(cache_->set(own, std::to_string(i), 60));
                EXPECT_EQ(cache_->get(own), std::to_string(i));
                EXPECT_NE(cache_->increment(key("sum"), 1, 60), std::nullopt);
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(cache_->increment(key("sum"), 1, 60), 8 * 200 + 1);
}

INSTANTIATE_TEST_SUITE_P(Drivers, CacheContract, ::testing::Range<std::size_t>(0, 4),
                         [](const auto& driver) { return drivers()[driver.param].name; });

TEST(MemoryCache, keeps_within_its_bytes_and_forgets_the_longest_unused) {
    const auto cache = make_memory_cache(16 * 10'000);  // 16 shards
    const std::string value(1'000, 'v');
    for (int i = 0; i < 1'000; ++i) {
        EXPECT_TRUE(cache->set("hot", value, 60));
        EXPECT_TRUE(cache->set("k" + std::to_string(i), value, 60));
        EXPECT_EQ(cache->get("hot"), value);
    }
    int kept = 0;
    for (int i = 0; i < 1'000; ++i)
        kept += cache->get("k" + std::to_string(i)) ? 1 : 0;
    EXPECT_LE(kept, 16 * 10'000 / 1'000);
    EXPECT_GE(kept, 60);
    EXPECT_FALSE(cache->get("k0").has_value());
    EXPECT_TRUE(cache->set("whale", std::string(11'000, 'w'), 60));  // larger than a shard: not kept, no error
    EXPECT_EQ(cache->get("whale"), std::nullopt);
}

TEST(CacheKey, names_space_version_account_and_the_rest) {
    EXPECT_EQ(cache_key({"s", 1}, 42, "abc"), "s1:42:abc");
    EXPECT_EQ(cache_key({"s", 2}, 0, ""), "s2:0:");
}

TEST(CacheKey, hashes_what_does_not_fit) {
    const std::string head = "s1:42:";
    const std::string fits(limits::cache_key_bytes_max - head.size(), 'x');
    EXPECT_EQ(cache_key({"s", 1}, 42, fits), head + fits);
    EXPECT_EQ(cache_key({"s", 1}, 42, fits + "x").size(), head.size() + 64);
    EXPECT_EQ(cache_key({"s", 1}, 42, "two words").size(), head.size() + 64);
    EXPECT_NE(cache_key({"s", 1}, 42, "two words"), cache_key({"s", 1}, 42, "two  words"));
    EXPECT_TRUE(is_cache_key(cache_key({"s", 1}, 42, "\r\nflush_all")));
}

TEST(CacheAddress, wrong_parts_are_named) {
    const auto field = [](const std::string& url) {
        const auto opened = open(fixture::url_of(url));
        return opened ? "fine" : opened.error().field;
    };
    EXPECT_EQ(field("mariadb://localhost/x"), "scheme");
    EXPECT_EQ(field("redis://localhost/99"), "database");
    EXPECT_EQ(field("redis://localhost?pool=0"), "pool");
    EXPECT_EQ(field("redis://localhost?pool=129"), "pool");
    EXPECT_EQ(field("redis://localhost?command_ms=fast"), "command_ms");
    EXPECT_EQ(field("redis://localhost?prefix=" + std::string(41, 'p')), "prefix");
    EXPECT_EQ(field("redis://localhost?colour=red"), "colour");
    EXPECT_EQ(field("redis+sentinel://localhost"), "path");
    EXPECT_EQ(field("memcached://user:word@localhost"), "user");
    EXPECT_EQ(field("memcached://localhost/path"), "path");
}

}  // namespace
}  // namespace stoa::cache
