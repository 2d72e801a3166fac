// What every driver promises: in process, and on Redis.
#include "bus/bus.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "base/limits.hpp"
#include "base/thread_annotations.hpp"
#include "cache/testing/engines.hpp"

namespace stoa::bus {
namespace {

using fixture::eventually;

/// Collects what a subscriber heard; any thread.
class Listener {
  public:
    Subscriber subscriber(Hear hear = Hear::all) {
        return {[this](std::string_view payload) {
                    const MutexLock lock(mutex_);
                    heard_.emplace_back(payload);
                },
                [this] { ++gaps; }, hear};
    }
    std::vector<std::string> heard() const {
        const MutexLock lock(mutex_);
        return heard_;
    }
    std::atomic<int> gaps{0};

  private:
    mutable Mutex mutex_;
    std::vector<std::string> heard_;
};

class BusContract : public ::testing::TestWithParam<const char*> {
  protected:
    void SetUp() override { bus_ = make(); }

    static std::unique_ptr<Bus> make() {
        if (GetParam() == std::string("memory")) return make_memory_bus();
        static fixture::RedisServer server(fixture::RedisOptions{"secret"});
        auto opened = open(server.url("?prefix=p:"));
        EXPECT_TRUE(opened.ok());
        EXPECT_TRUE(eventually([&] { return (*opened)->connected(); }));
        return std::move(*opened);
    }
    /// Live: what is published from now on is heard.
    Subscription listen(const std::string& channel, Listener& listener, Hear hear = Hear::all) {
        auto subscription = bus_->subscribe(channel, listener.subscriber(hear));
        EXPECT_TRUE(subscription.ok());
        EXPECT_TRUE(eventually([&] { return listener.gaps == 1; }));
        return std::move(*subscription);
    }
    /// A name no other test uses.
    static std::string fresh(const std::string& name) {
        static int serial = 0;
        return name + std::to_string(++serial);
    }

    std::unique_ptr<Bus> bus_;
};

TEST_P(BusContract, a_subscriber_hears_its_channel_in_order) {
    Listener listener, other;
    const auto subscription = listen("news", listener);
    const auto second = listen("sport", other);
    for (int i = 0; i < 1'000; ++i)
        EXPECT_TRUE(bus_->publish("news", std::to_string(i)));
    ASSERT_TRUE(eventually([&] { return listener.heard().size() == 1'000; }));
    for (std::size_t i = 0; i < 1'000; ++i)
        EXPECT_EQ(listener.heard()[i], std::to_string(i));
    EXPECT_TRUE(other.heard().empty());
    EXPECT_EQ(listener.gaps, 1);
}

TEST_P(BusContract, several_subscribers_of_one_channel_hear_the_same) {
    Listener a, b;
    const auto first = listen("news", a);
    const auto second = listen("news", b);
    bus_->publish("news", std::string("any\0bytes\r\n", 11));
    EXPECT_TRUE(eventually([&] { return a.heard().size() == 1 && b.heard().size() == 1; }));
    EXPECT_EQ(b.heard()[0], std::string("any\0bytes\r\n", 11));
    EXPECT_EQ(a.gaps, 1);
}

TEST_P(BusContract, who_wants_others_only_does_not_hear_himself) {
    Listener all, others;
    const auto first = listen("news", all);
    const auto second = listen("news", others, Hear::others);
    bus_->publish("news", "own");
    EXPECT_TRUE(eventually([&] { return all.heard().size() == 1; }));
    EXPECT_TRUE(others.heard().empty());
}

TEST_P(BusContract, after_the_end_of_a_subscription_nothing_is_heard) {
    Listener gone, stays;
    auto ends = listen("news", gone);
    const auto remains = listen("news", stays);
    ends = Subscription();
    bus_->publish("news", "late");
    EXPECT_TRUE(eventually([&] { return stays.heard().size() == 1; }));
    EXPECT_TRUE(gone.heard().empty());
}

TEST_P(BusContract, a_subscription_may_end_in_its_own_handler) {
    Subscription subscription;
    std::atomic<int> calls{0};
    Listener marker;
    auto made = bus_->subscribe("news", {[&](std::string_view) {
                                    ++calls;
                                    subscription = Subscription();
                                }});
    ASSERT_TRUE(made.ok());
    subscription = std::move(*made);
    const auto second = listen("news", marker);
    bus_->publish("news", "1");
    bus_->publish("news", "2");
    EXPECT_TRUE(eventually([&] { return marker.heard().size() == 2; }));
    EXPECT_EQ(calls, 1);
}

TEST_P(BusContract, ending_a_subscription_waits_for_its_running_handler) {
    std::atomic<bool> inside{false};
    std::atomic<bool> done{false};
    Listener marker;
    auto made = bus_->subscribe("news", {[&](std::string_view) {
                                    inside = true;
                                    std::this_thread::sleep_for(std::chrono::milliseconds(100));
                                    done = true;
                                }});
    const auto second = listen("news", marker);
    bus_->publish("news", "1");
    ASSERT_TRUE(eventually([&] { return inside.load(); }));
    *made = Subscription();
    EXPECT_TRUE(done);
}

TEST_P(BusContract, a_handler_that_throws_stops_nobody_else) {
    Listener after;
    const auto broken = bus_->subscribe("news", {[](std::string_view) { throw std::runtime_error("broken"); }});
    const auto second = listen("news", after);
    ::testing::internal::CaptureStderr();
    bus_->publish("news", "1");
    bus_->publish("news", "2");
    EXPECT_TRUE(eventually([&] { return after.heard().size() == 2; }));
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("bus_handler_failed"), std::string::npos);
}

TEST_P(BusContract, names_and_sizes_have_limits) {
    Listener listener;
    const std::string longest(limits::bus_channel_bytes_max, 'c');
    const auto subscription = listen(longest, listener);
    EXPECT_FALSE(bus_->subscribe(longest + "c", listener.subscriber()).ok());
    EXPECT_FALSE(bus_->subscribe("two words", listener.subscriber()).ok());
    const std::string largest(limits::bus_message_bytes_max, 'm');
    EXPECT_TRUE(bus_->publish(longest, largest));
    EXPECT_FALSE(bus_->publish(longest, largest + "m"));
    EXPECT_FALSE(bus_->publish(longest + "c", "x"));
    EXPECT_FALSE(bus_->publish("", "x"));
    EXPECT_TRUE(eventually([&] { return listener.heard().size() == 1; }));
    EXPECT_EQ(listener.heard()[0], largest);
}

TEST_P(BusContract, the_number_of_subscriptions_has_a_limit) {
    Listener listener;
    std::vector<Subscription> all;
    for (std::size_t i = 0; i < limits::bus_subscriptions_max; ++i) {
        auto made = bus_->subscribe("c" + std::to_string(i % 7), listener.subscriber());
        ASSERT_TRUE(made.ok());
        all.push_back(std::move(*made));
    }
    const auto one_more = bus_->subscribe("c", listener.subscriber());
    ASSERT_FALSE(one_more.ok());
    EXPECT_EQ(one_more.error().code, Errc::busy);
    all.pop_back();
    EXPECT_TRUE(bus_->subscribe("c", listener.subscriber()).ok());
}

TEST_P(BusContract, a_subscription_may_outlive_the_bus) {
    Listener listener;
    auto subscription = listen("news", listener);
    bus_.reset();
    subscription = Subscription();
}

TEST_P(BusContract, a_stream_is_read_on_from_where_one_stopped) {
    const std::string stream = fresh("s");
    std::vector<std::string> ids;
    for (int i = 0; i < 10; ++i) {
        const auto id = bus_->append(stream, std::to_string(i), {});
        ASSERT_TRUE(id.ok());
        ids.push_back(*id);
    }
    const auto all = bus_->read_after(stream, "", 100);
    ASSERT_TRUE(all.ok());
    EXPECT_TRUE(all->complete);
    ASSERT_EQ(all->entries.size(), 10U);
    EXPECT_EQ(all->entries[3].id, ids[3]);
    EXPECT_EQ(all->entries[3].payload, "3");
    const auto rest = bus_->read_after(stream, ids[6], 2);
    EXPECT_TRUE(rest->complete);
    ASSERT_EQ(rest->entries.size(), 2U);
    EXPECT_EQ(rest->entries[0].payload, "7");
    const auto nothing = bus_->read_after(stream, ids[9], 2);
    EXPECT_TRUE(nothing->complete);
    EXPECT_TRUE(nothing->entries.empty());
}

TEST_P(BusContract, a_reader_is_told_that_entries_before_his_next_one_are_gone) {
    const std::string stream = fresh("s");
    const auto first = bus_->append(stream, "0", {.length = 100});
    for (int i = 1; i < 1'000; ++i)
        ASSERT_TRUE(bus_->append(stream, std::to_string(i), {.length = 100}).ok());
    const auto late = bus_->read_after(stream, *first, 1'000);
    EXPECT_FALSE(late->complete);
    EXPECT_GE(late->entries.size(), 100U);
    EXPECT_LE(late->entries.size(), 300U);  // Redis throws out whole nodes
    EXPECT_EQ(late->entries.back().payload, "999");
    EXPECT_TRUE(bus_->read_after(stream, late->entries.front().id, 1'000)->complete);
}

TEST_P(BusContract, a_position_in_a_stream_that_was_lost_is_not_complete) {
    const auto read = bus_->read_after(fresh("s"), "1700000000000-0", 10);
    ASSERT_TRUE(read.ok());
    EXPECT_FALSE(read->complete);
    EXPECT_TRUE(read->entries.empty());
    const std::string stream = fresh("s");
    ASSERT_TRUE(bus_->append(stream, "x", {}).ok());
    EXPECT_FALSE(bus_->read_after(stream, "9999999999999-0", 10)->complete);
    EXPECT_FALSE(bus_->read_after(stream, "1-0", 10)->complete);
}

TEST_P(BusContract, streams_end_after_their_lifetime) {
    const std::string stream = fresh("s");
    ASSERT_TRUE(bus_->append(stream, "x", {.lifetime_s = 1}).ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(1'200));
    EXPECT_TRUE(bus_->read_after(stream, "", 10)->entries.empty());
}

TEST_P(BusContract, streams_have_limits) {
    const std::string stream = fresh("s");
    const std::string largest(limits::bus_message_bytes_max, 'm');
    EXPECT_TRUE(bus_->append(stream, largest, {}).ok());
    EXPECT_EQ(bus_->append(stream, largest + "m", {}).error().code, Errc::too_large);
    EXPECT_TRUE(bus_->append(stream, "x", {.length = limits::bus_stream_length_max}).ok());
    EXPECT_EQ(bus_->append(stream, "x", {.length = limits::bus_stream_length_max + 1}).error().field, "length");
    EXPECT_EQ(bus_->append(stream, "x", {.length = 0}).error().field, "length");
    EXPECT_EQ(bus_->append(stream, "x", {.lifetime_s = 0}).error().field, "lifetime_s");
    EXPECT_TRUE(bus_->read_after(stream, "", limits::bus_stream_read_max).ok());
    EXPECT_EQ(bus_->read_after(stream, "", limits::bus_stream_read_max + 1).error().field, "count");
    EXPECT_EQ(bus_->read_after(stream, "yesterday", 1).error().field, "after_id");
    EXPECT_EQ(bus_->read_after("two words", "", 1).error().field, "stream");
}

INSTANTIATE_TEST_SUITE_P(Drivers, BusContract, ::testing::Values("memory", "redis"),
                         [](const auto& driver) { return std::string(driver.param); });

TEST(BusAddress, wrong_parts_are_named) {
    EXPECT_EQ(open(fixture::url_of("memcached://localhost")).error().field, "scheme");
    EXPECT_EQ(open(fixture::url_of("redis+sentinel://localhost")).error().field, "path");
}

}  // namespace
}  // namespace stoa::bus
