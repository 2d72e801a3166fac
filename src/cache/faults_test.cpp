// What happens to the callers of a cache whose engine dies, hangs, forgets, refuses or moves.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/metrics.hpp"
#include "cache/cache.hpp"
#include "cache/testing/engines.hpp"

namespace stoa::cache {
namespace {

using fixture::eventually;

std::unique_ptr<Cache> must_open(const EngineUrl& url) {
    auto opened = open(url);
    EXPECT_TRUE(opened.ok());
    return std::move(*opened);
}

double ms_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

/// Until a value can be stored and read again.
bool works(Cache& cache) {
    return cache.set("probe", "x", 60) && cache.get("probe") == "x";
}

void expect_free_misses(Cache& cache) {
    const double ms = ms_of([&] {
        for (int i = 0; i < 10'000; ++i)
            EXPECT_EQ(cache.get("k"), std::nullopt);
    });
    EXPECT_LT(ms, 100) << "10 000 requests to a cache that is known to be dead";
}

TEST(RedisFaults, killed_it_misses_at_no_cost_and_comes_back_by_itself) {
    fixture::RedisServer server;
    const auto cache = must_open(server.url());
    ASSERT_TRUE(works(*cache));
    server.process().kill();
    EXPECT_FALSE(cache->set("k", "x", 60));
    EXPECT_FALSE(cache->reachable());
    expect_free_misses(*cache);
    server.restart();
    EXPECT_TRUE(eventually([&] { return works(*cache); }, 5'000));
}

TEST(RedisFaults, ten_kills_in_a_row_never_cost_a_caller_more_than_the_timeouts) {
    fixture::RedisServer server;
    const auto cache = must_open(server.url());
    std::atomic<bool> stop{false};
    std::atomic<int> slowest_ms{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) {
        callers.emplace_back([&] {
            while (!stop) {
                const int ms = static_cast<int>(ms_of([&] {
                    cache->set("k", "x", 60);
                    (void)cache->get("k");
                }));
                if (ms > slowest_ms) slowest_ms = ms;
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        });
    }
    for (int round = 0; round < 10; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        server.restart();
        EXPECT_TRUE(eventually([&] { return works(*cache); }, 5'000)) << round;
    }
    stop = true;
    for (auto& caller : callers)
        caller.join();
    EXPECT_LT(slowest_ms, 1'000);
}

TEST(RedisFaults, frozen_it_costs_each_thread_one_timeout_at_most_and_comes_back) {
    fixture::RedisServer server;
    const auto cache = must_open(server.url());
    ASSERT_TRUE(works(*cache));
    server.process().freeze();
    EXPECT_LT(ms_of([&] { (void)cache->get("k"); }), 400);
    EXPECT_FALSE(cache->reachable());
    expect_free_misses(*cache);
    server.process().thaw();
    EXPECT_TRUE(eventually([&] { return works(*cache); }, 5'000));
}

TEST(RedisFaults, frozen_while_nobody_calls_it_is_noticed_by_the_watch) {
    fixture::RedisServer server;
    const auto cache = must_open(server.url());
    server.process().freeze();
    EXPECT_TRUE(eventually([&] { return !cache->reachable(); }, 3'000));
}

TEST(RedisFaults, dead_at_the_start_is_no_error) {
    const auto port = fixture::free_port();
    std::unique_ptr<Cache> cache;
    EXPECT_LT(ms_of([&] { cache = must_open(fixture::url_of("redis://127.0.0.1:" + std::to_string(port))); }), 1'500);
    EXPECT_EQ(cache->get("k"), std::nullopt);
    EXPECT_FALSE(cache->set("k", "x", 60));
}

/// The kind of the last trouble in what was logged.
std::string trouble_logged(const std::string& log) {
    const std::size_t at = log.rfind("trouble=");
    return at == std::string::npos ? "" : log.substr(at + 8, log.find(' ', at) - at - 8);
}

TEST(RedisFaults, a_wrong_password_is_named_once) {
    fixture::RedisServer server(fixture::RedisOptions{"right"});
    ::testing::internal::CaptureStderr();
    const auto cache = must_open(fixture::url_of("redis://:wrong@127.0.0.1:" + std::to_string(server.port())));
    EXPECT_FALSE(cache->reachable());
    EXPECT_EQ(cache->get("k"), std::nullopt);
    std::this_thread::sleep_for(std::chrono::milliseconds(600));  // some more tries
    const std::string log = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(trouble_logged(log), "wrong_password") << log;
    EXPECT_EQ(log.find("engine_unavailable"), log.rfind("engine_unavailable")) << log;
    EXPECT_EQ(log.find("wrong@"), std::string::npos);

    ::testing::internal::CaptureStderr();
    const auto without = must_open(fixture::url_of("redis://127.0.0.1:" + std::to_string(server.port())));
    EXPECT_EQ(trouble_logged(::testing::internal::GetCapturedStderr()), "password_missing");
}

TEST(RedisFaults, a_loading_server_is_waited_for_and_named) {
    fixture::RedisServer server(
        fixture::RedisOptions{"", 0, {"--key-load-delay", "2500", "--loading-process-events-interval-bytes", "1024"}});
    server.ask({"EVAL", "for i=1,2000 do redis.call('SET', 'key' .. i, string.rep('x', 100)) end", "0"});
    ASSERT_EQ(server.ask({"SAVE"}), "OK");
    ASSERT_TRUE(server.process().restart().ok());
    ASSERT_TRUE(server.process().wait_for_port(server.port()).ok());
    ::testing::internal::CaptureStderr();
    const auto cache = must_open(server.url());
    EXPECT_EQ(cache->get("key1"), std::nullopt);
    EXPECT_TRUE(eventually([&] { return cache->get("key1").has_value(); }, 40'000));
    const std::string log = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(trouble_logged(log), "loading") << log;
    EXPECT_NE(log.find("engine_available"), std::string::npos) << log;
}

TEST(RedisFaults, a_server_without_memory_refuses_writes_but_not_reads) {
    fixture::RedisServer server(fixture::RedisOptions{"", 0, {"--maxmemory", "3mb"}});
    const auto cache = must_open(server.url());
    ASSERT_TRUE(works(*cache));
    const std::string value(100'000, 'v');
    ::testing::internal::CaptureStderr();
    bool refused = false;
    for (int i = 0; i < 100 && !refused; ++i)
        refused = !cache->set("fill" + std::to_string(i), value, 60);
    EXPECT_EQ(trouble_logged(::testing::internal::GetCapturedStderr()), "out_of_memory");
    EXPECT_TRUE(refused);
    EXPECT_TRUE(cache->reachable());
    EXPECT_EQ(cache->get("probe"), "x");
}

TEST(RedisFaults, a_server_that_became_a_replica_is_left) {
    fixture::RedisServer other;
    fixture::RedisServer server;
    const auto cache = must_open(fixture::url_of("redis://127.0.0.1:" + std::to_string(server.port()) +
                                                 ",127.0.0.1:" + std::to_string(other.port())));
    ASSERT_TRUE(works(*cache));
    EXPECT_EQ(server.ask({"GET", "probe"}), "x");
    server.ask({"REPLICAOF", "127.0.0.1", std::to_string(other.port())});
    EXPECT_TRUE(eventually([&] { return works(*cache); }, 5'000));
    EXPECT_EQ(other.ask({"GET", "probe"}), "x");
}

TEST(RedisFaults, something_that_is_no_redis_is_named) {
    fixture::MemcachedServer server;
    ::testing::internal::CaptureStderr();
    const auto cache = must_open(fixture::url_of("redis://127.0.0.1:" + std::to_string(server.port())));
    EXPECT_FALSE(cache->reachable());
    EXPECT_EQ(trouble_logged(::testing::internal::GetCapturedStderr()), "not_redis");
}

TEST(SentinelFaults, a_failover_is_followed) {
    fixture::RedisGroup group(1, "secret");
    const auto cache = must_open(group.url());
    ASSERT_TRUE(works(*cache));
    group.server(0).process().kill();
    const double ms = ms_of([&] { EXPECT_TRUE(eventually([&] { return works(*cache); }, 20'000)); });
    EXPECT_EQ(group.master(), 1);
    RecordProperty("failover_ms", static_cast<int>(ms));
    std::printf("cache was without a master for %.0f ms\n", ms);
}

TEST(SentinelFaults, a_frozen_master_is_left_when_the_sentinels_chose_another) {
    fixture::RedisGroup group(1);
    const auto cache = must_open(group.url());
    ASSERT_TRUE(works(*cache));
    group.server(0).process().freeze();
    EXPECT_TRUE(eventually([&] { return works(*cache); }, 20'000));
    group.server(0).process().thaw();  // for some seconds it still believes to be the master
    EXPECT_TRUE(cache->set("after", "x", 60));
    EXPECT_EQ(group.server(1).ask({"GET", "after"}), "x");
    EXPECT_NE(group.server(0).ask({"GET", "after"}), "x");
}

TEST(SentinelFaults, two_dead_sentinels_do_not_matter_while_one_knows_the_master) {
    fixture::RedisGroup group(0);
    group.sentinel(0).kill();
    group.sentinel(1).freeze();
    const auto cache = must_open(group.url());
    EXPECT_TRUE(eventually([&] { return works(*cache); }, 5'000));
}

TEST(SentinelFaults, a_master_name_nobody_knows_is_named) {
    fixture::RedisGroup group(0);
    EngineUrl url = group.url();
    url.path = "another";
    ::testing::internal::CaptureStderr();
    const auto cache = must_open(url);
    EXPECT_FALSE(cache->reachable());
    EXPECT_EQ(trouble_logged(::testing::internal::GetCapturedStderr()), "no_master");
}

class MemcachedFaults : public ::testing::Test {
  protected:
    std::string url() const {
        return "memcached://127.0.0.1:" + std::to_string(a_.port()) + ",127.0.0.1:" + std::to_string(b_.port()) +
               ",127.0.0.1:" + std::to_string(c_.port());
    }
    int found(Cache& cache) const {
        int n = 0;
        for (int i = 0; i < 300; ++i)
            n += cache.get("k" + std::to_string(i)) ? 1 : 0;
        return n;
    }
    void fill(Cache& cache) const {
        for (int i = 0; i < 300; ++i)
            EXPECT_TRUE(cache.set("k" + std::to_string(i), "x", 60));
    }
    fixture::MemcachedServer a_, b_, c_;
};

TEST_F(MemcachedFaults, only_the_keys_of_a_killed_server_are_lost_and_move_to_the_others) {
    const auto cache = must_open(fixture::url_of(url()));
    fill(*cache);
    ASSERT_EQ(found(*cache), 300);
    b_.process().kill();
    const int left = found(*cache);
    EXPECT_GT(left, 120);
    EXPECT_LT(left, 280);
    fill(*cache);
    EXPECT_EQ(found(*cache), 300);
    EXPECT_TRUE(cache->reachable());
    b_.restart();
    EXPECT_TRUE(eventually(
        [&] {
            fill(*cache);
            c_.process().freeze();  // what it has now must not all be elsewhere
            const int without_c = found(*cache);
            c_.process().thaw();
            return without_c > 120;
        },
        5'000));
}

TEST_F(MemcachedFaults, a_frozen_server_costs_one_timeout_and_is_left_out) {
    const auto cache = must_open(fixture::url_of(url()));
    fill(*cache);
    b_.process().freeze();
    EXPECT_LT(ms_of([&] { (void)found(*cache); }), 1'000);
    EXPECT_LT(ms_of([&] { (void)found(*cache); }), 500);
    fill(*cache);
    EXPECT_EQ(found(*cache), 300);
    b_.process().thaw();
    EXPECT_TRUE(eventually([&] { return found(*cache) >= 299; }, 5'000));
}

TEST_F(MemcachedFaults, with_all_servers_dead_misses_are_free) {
    const auto cache = must_open(fixture::url_of(url()));
    a_.process().kill();
    b_.process().kill();
    c_.process().kill();
    (void)found(*cache);
    EXPECT_TRUE(eventually([&] { return !cache->reachable(); }, 3'000));
    expect_free_misses(*cache);
}

TEST_F(MemcachedFaults, two_processes_agree_where_a_key_lives) {
    const auto one = must_open(fixture::url_of(url()));
    const auto other = must_open(fixture::url_of("memcached://127.0.0.1:" + std::to_string(c_.port()) +
                                                 ",127.0.0.1:" + std::to_string(a_.port()) +
                                                 ",127.0.0.1:" + std::to_string(b_.port())));
    fill(*one);
    EXPECT_EQ(found(*other), 300);
}

}  // namespace
}  // namespace stoa::cache
