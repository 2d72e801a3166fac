// What subscribers and publishers meet when the engine of the bus dies, hangs, is cut off or moves.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "base/limits.hpp"
#include "base/thread_annotations.hpp"
#include "bus/bus.hpp"
#include "cache/testing/engines.hpp"

namespace stoa::bus {
namespace {

using fixture::eventually;

/// One process on the bus: what it heard on one channel, and how often it had to drop everything.
class Node {
  public:
    explicit Node(const EngineUrl& url, const std::string& channel = "news") : bus(std::move(*open(url))) {
        subscription_ = std::move(*bus->subscribe(channel, {[this](std::string_view payload) {
                                                                const MutexLock lock(mutex_);
                                                                heard_.emplace(payload);
                                                            },
                                                            [this] { ++gaps; }}));
    }
    bool heard(const std::string& payload) const {
        const MutexLock lock(mutex_);
        return heard_.contains(payload);
    }
    std::size_t count() const {
        const MutexLock lock(mutex_);
        return heard_.size();
    }

    const std::unique_ptr<Bus> bus;
    std::atomic<int> gaps{0};

  private:
    mutable Mutex mutex_;
    std::set<std::string> heard_ STOA_GUARDED_BY(mutex_);
    Subscription subscription_;
};

bool hears(Node& from, Node& to) {
    static std::atomic<int> serial{0};
    const std::string word = "word" + std::to_string(++serial);
    from.bus->publish("news", word);
    return eventually([&] { return to.heard(word); }, 1'000);
}

TEST(RedisBusFaults, a_killed_server_means_a_gap_and_then_all_goes_on) {
    fixture::RedisServer server;
    Node a(server.url()), b(server.url());
    ASSERT_TRUE(eventually([&] { return a.gaps == 1 && b.gaps == 1; }));
    ASSERT_TRUE(hears(a, b));
    for (int round = 2; round < 5; ++round) {
        server.process().kill();
        EXPECT_TRUE(eventually([&] { return !a.bus->connected() && !b.bus->connected(); }, 2'000));
        a.bus->publish("news", "meanwhile" + std::to_string(round));
        server.restart();
        EXPECT_TRUE(eventually([&] { return a.gaps == round && b.gaps == round; }, 5'000));
        EXPECT_TRUE(hears(a, b));
        EXPECT_TRUE(hears(b, a));
    }
}

TEST(RedisBusFaults, a_frozen_server_is_noticed_without_any_traffic) {
    fixture::RedisServer server;
    Node a(server.url());
    ASSERT_TRUE(eventually([&] { return a.gaps == 1; }));
    server.process().freeze();
    EXPECT_TRUE(eventually([&] { return !a.bus->connected(); }, 6'000));
    server.process().thaw();
    EXPECT_TRUE(eventually([&] { return a.bus->connected() && a.gaps == 2; }, 5'000));
}

TEST(RedisBusFaults, a_server_that_stands_still_for_a_moment_costs_nobody_his_cache) {
    fixture::RedisServer server;
    Node a(server.url()), b(server.url());
    ASSERT_TRUE(eventually([&] { return a.gaps == 1 && b.gaps == 1; }));
    server.process().freeze();
    a.bus->publish("news", "late");
    std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
    server.process().thaw();
    EXPECT_TRUE(eventually([&] { return b.heard("late"); }, 2'000));
    EXPECT_EQ(a.gaps, 1);
    EXPECT_EQ(b.gaps, 1);
}

TEST(RedisBusFaults, messages_published_while_the_server_is_away_arrive_when_it_is_back) {
    fixture::RedisServer server;
    Node a(server.url()), b(server.url());
    ASSERT_TRUE(eventually([&] { return a.gaps == 1 && b.gaps == 1; }));
    server.process().kill();
    ASSERT_TRUE(eventually([&] { return !a.bus->connected(); }, 2'000));
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(a.bus->publish("news", "m" + std::to_string(i)));
    server.restart();
    // b may be back a moment later than a: then the gap speaks for the messages.
    EXPECT_TRUE(eventually([&] { return a.gaps == 2 && b.gaps == 2; }, 5'000));
    EXPECT_TRUE(eventually([&] { return a.heard("m99"); }, 2'000));
    EXPECT_TRUE(hears(a, b));
}

TEST(RedisBusFaults, too_many_waiting_messages_become_a_gap) {
    fixture::RedisServer server;
    Node a(server.url()), b(server.url());
    ASSERT_TRUE(eventually([&] { return a.gaps == 1 && b.gaps == 1; }));
    server.process().kill();
    ASSERT_TRUE(eventually([&] { return !a.bus->connected() && !b.bus->connected(); }, 2'000));
    for (std::size_t i = 0; i < limits::bus_queue_max; ++i)
        EXPECT_TRUE(a.bus->publish("news", "m" + std::to_string(i)));
    server.restart();
    ASSERT_TRUE(eventually([&] { return a.heard("m" + std::to_string(limits::bus_queue_max - 1)); }, 5'000));
    EXPECT_EQ(a.gaps, 2) << "as many as may wait: nothing was dropped";
    std::this_thread::sleep_for(std::chrono::milliseconds(5'100));  // until nothing of it is sent again

    server.process().kill();
    ASSERT_TRUE(eventually([&] { return !a.bus->connected() && !b.bus->connected(); }, 2'000));
    for (std::size_t i = 0; i <= limits::bus_queue_max; ++i)
        EXPECT_TRUE(a.bus->publish("news", "n" + std::to_string(i)));
    server.restart();
    EXPECT_TRUE(eventually([&] { return a.heard("n" + std::to_string(limits::bus_queue_max)); }, 5'000));
    EXPECT_TRUE(eventually([&] { return a.gaps == 4; }, 2'000)) << "the interruption, and one message dropped";
    EXPECT_FALSE(a.heard("n0"));
}

TEST(RedisBusFaults, a_connection_cut_by_the_server_is_made_again) {
    fixture::RedisServer server;
    Node a(server.url()), b(server.url());
    ASSERT_TRUE(eventually([&] { return a.gaps == 1 && b.gaps == 1; }));
    server.ask({"CLIENT", "KILL", "TYPE", "pubsub"});
    EXPECT_TRUE(eventually([&] { return a.gaps == 2 && b.gaps == 2; }, 5'000));
    EXPECT_TRUE(hears(a, b));
    server.ask({"CLIENT", "KILL", "TYPE", "normal"});
    EXPECT_TRUE(eventually([&] { return a.gaps == 3 && b.gaps == 3; }, 5'000));
    EXPECT_TRUE(hears(b, a));
}

TEST(RedisBusFaults, a_failover_is_followed) {
    fixture::RedisGroup group(1, "secret");
    Node a(group.url()), b(group.url());
    ASSERT_TRUE(eventually([&] { return a.gaps == 1 && b.gaps == 1; }));
    group.server(0).process().kill();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually([&] { return a.gaps == 2 && b.gaps == 2 && hears(a, b); }, 20'000));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    std::printf("bus was interrupted for %.0f ms\n", took.count());
    EXPECT_EQ(group.master(), 1);
}

// Who listens to the new server before it is said again hears it; who comes later is told of a gap after it.
TEST(RedisBusFaults, what_was_published_just_before_a_failover_is_heard_or_followed_by_a_gap) {
    fixture::RedisGroup group(1);
    Node a(group.url()), b(group.url());
    ASSERT_TRUE(eventually([&] { return a.gaps == 1 && b.gaps == 1; }));
    group.server(0).ask({"CLIENT", "PAUSE", "10000", "WRITE"});  // of PUBLISH, too
    a.bus->publish("news", "in between");
    group.server(0).process().freeze();
    EXPECT_TRUE(eventually([&] { return a.gaps == 2 && b.gaps == 2; }, 20'000));
    EXPECT_TRUE(hears(a, b));
    EXPECT_TRUE(hears(b, a));
    group.server(0).process().thaw();
}

TEST(RedisBusFaults, a_wrong_password_is_named_once) {
    fixture::RedisServer server(fixture::RedisOptions{"right"});
    ::testing::internal::CaptureStderr();
    {
        Node a(fixture::url_of("redis://:wrong@127.0.0.1:" + std::to_string(server.port())));
        EXPECT_FALSE(a.bus->connected());
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        EXPECT_EQ(a.bus->append("s", "x", {}).error().code, Errc::unavailable);
    }
    const std::string log = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(log.find("trouble=wrong_password"), std::string::npos) << log;
    EXPECT_EQ(log.find("engine_unavailable"), log.rfind("engine_unavailable")) << log;
}

TEST(RedisBusFaults, streams_of_a_dead_server_are_unavailable_with_a_time_to_retry) {
    fixture::RedisServer server;
    Node a(server.url());
    ASSERT_TRUE(a.bus->append("s", "x", {}).ok());
    server.process().kill();
    const auto failed = a.bus->append("s", "y", {});
    ASSERT_FALSE(failed.ok());
    EXPECT_GE(failed.error().retry_after_s, 1);
    server.restart();
    EXPECT_TRUE(eventually([&] { return a.bus->append("s", "z", {}).ok(); }, 5'000));
}

TEST(RedisBusFaults, what_a_short_command_publishes_is_sent_before_it_ends) {
    fixture::RedisServer server;
    Node listener(server.url());
    ASSERT_TRUE(eventually([&] { return listener.gaps == 1; }));
    for (int i = 0; i < 20; ++i) {
        const auto command = std::move(*open(server.url()));
        EXPECT_TRUE(command->publish("news", "last words " + std::to_string(i)));
        const auto begin = std::chrono::steady_clock::now();
        command->close();
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(200));
    }
    EXPECT_TRUE(eventually([&] { return listener.count() == 20; }, 2'000));
}

TEST(RedisBusFaults, closing_is_quick_while_the_server_hangs) {
    fixture::RedisServer server;
    Node a(server.url());
    ASSERT_TRUE(eventually([&] { return a.gaps == 1; }));
    server.process().freeze();
    const auto begin = std::chrono::steady_clock::now();
    a.bus->publish("news", "x");
    a.bus->close();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1'000));
    server.process().thaw();
}

}  // namespace
}  // namespace stoa::bus
