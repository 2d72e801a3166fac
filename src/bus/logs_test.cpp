// Logs: what everybody hears in one order, in process and on Redis; and what a failover does to them.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/limits.hpp"
#include "base/thread_annotations.hpp"
#include "bus/bus.hpp"
#include "bus/stream_id.hpp"
#include "cache/testing/engines.hpp"

namespace stoa::bus {
namespace {

using fixture::eventually;

struct Heard {
    std::string id, previous, payload;
};

/// What a log tells; any thread.
class Reader {
  public:
    Reader(Bus& bus, const std::string& log) {
        auto subscribed = bus.subscribe(log_channel(log),
                                        {[this](std::string_view text) {
                                             const auto message = read_log_message(text);
                                             const MutexLock lock(mutex_);
                                             if (!message) return;
                                             heard_.push_back({std::string(message->id), std::string(message->previous),
                                                               std::string(message->payload)});
                                         },
                                         [this] { ++gaps; }});
        EXPECT_TRUE(subscribed.ok());
        subscription_ = std::move(*subscribed);
        EXPECT_TRUE(eventually([&] { return gaps > 0; }));
    }
    std::vector<Heard> heard() const {
        const MutexLock lock(mutex_);
        return heard_;
    }
    bool has(std::size_t count) const {
        return eventually([&] { return heard().size() >= count; });
    }
    std::atomic<int> gaps{0};

  private:
    mutable Mutex mutex_;
    std::vector<Heard> heard_ STOA_GUARDED_BY(mutex_);
    Subscription subscription_;
};

Result<std::string> tell(Bus& bus, const std::string& log, const std::string& payload, const std::string& once = {}) {
    const Telling what{log, payload, once};
    STOA_TRY(const auto ids, bus.tell({&what, 1}, {}));
    return ids.front();
}

class LogContract : public ::testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        if (GetParam() == std::string("memory")) {
            bus_ = make_memory_bus();
            return;
        }
        static fixture::RedisServer server(fixture::RedisOptions{"secret"});
        auto opened = open(server.url("?prefix=p:"));
        ASSERT_TRUE(opened.ok());
        bus_ = std::move(*opened);
        ASSERT_TRUE(eventually([&] { return bus_->connected(); }));
    }
    static std::string log() { return ::testing::UnitTest::GetInstance()->current_test_info()->name(); }
    std::unique_ptr<Bus> bus_;
};

TEST_P(LogContract, entries_are_heard_with_their_number_and_the_one_before) {
    EXPECT_EQ(*bus_->last_id(log()), "");
    const Reader reader(*bus_, log());
    const std::string first = *tell(*bus_, log(), "one two");
    const std::string second = *tell(*bus_, log(), "three");
    ASSERT_TRUE(reader.has(2));
    const auto heard = reader.heard();
    EXPECT_EQ(heard[0].id, first);
    EXPECT_EQ(heard[0].previous, "");
    EXPECT_EQ(heard[0].payload, "one two");
    EXPECT_EQ(heard[1].previous, first);
    EXPECT_EQ(StreamId::parse(first)->number, 1U);
    EXPECT_EQ(StreamId::parse(second)->number, 2U);
    EXPECT_EQ(StreamId::parse(second)->ms, StreamId::parse(first)->ms);
    EXPECT_EQ(*bus_->last_id(log()), second);
    const auto read = bus_->read_after(log(), first, 10);
    ASSERT_EQ(read->entries.size(), 1U);
    EXPECT_EQ(read->entries[0].payload, "three");
    EXPECT_TRUE(read->complete);
}

TEST_P(LogContract, what_several_tell_at_once_is_heard_in_the_order_of_its_numbers) {
    const Reader reader(*bus_, log());
    std::vector<std::thread> tellers;
    for (int t = 0; t < 4; ++t) {
        tellers.emplace_back([&] {
            for (int i = 0; i < 50; ++i)
                EXPECT_TRUE(tell(*bus_, log(), "x").ok());
        });
    }
    for (auto& teller : tellers)
        teller.join();
    ASSERT_TRUE(reader.has(200));
    const auto heard = reader.heard();
    for (std::size_t i = 0; i < heard.size(); ++i) {
        EXPECT_EQ(StreamId::parse(heard[i].id)->number, i + 1);
        EXPECT_EQ(heard[i].previous, i == 0 ? "" : heard[i - 1].id);
    }
}

TEST_P(LogContract, what_is_told_under_one_key_is_told_once) {
    const Reader reader(*bus_, log());
    EXPECT_NE(*tell(*bus_, log(), "first", log() + ":1"), "");
    EXPECT_EQ(*tell(*bus_, log(), "first", log() + ":1"), "");
    EXPECT_NE(*tell(*bus_, log(), "second", log() + ":2"), "");
    ASSERT_TRUE(reader.has(2));
    EXPECT_EQ(reader.heard()[1].payload, "second");
    EXPECT_EQ(StreamId::parse(reader.heard()[1].id)->number, 2U);
}

TEST_P(LogContract, so_much_is_told_at_once) {
    std::vector<Telling> what(limits::bus_tellings_max, Telling{log(), "x", {}});
    EXPECT_EQ(bus_->tell(what, {})->size(), limits::bus_tellings_max);
    what.push_back({log(), "x", {}});
    EXPECT_EQ(bus_->tell(what, {}).error().code, Errc::too_large);
    EXPECT_EQ(tell(*bus_, "a log", "x").error().code, Errc::invalid_argument);
    EXPECT_EQ(tell(*bus_, log(), "x", "a key").error().code, Errc::invalid_argument);
    EXPECT_TRUE(tell(*bus_, log(), std::string(limits::bus_message_bytes_max, 'x')).ok());
    EXPECT_EQ(tell(*bus_, log(), std::string(limits::bus_message_bytes_max + 1, 'x')).error().code, Errc::too_large);
}

INSTANTIATE_TEST_SUITE_P(Drivers, LogContract, ::testing::Values("memory", "redis"),
                         [](const auto& info) { return info.param; });

TEST(RedisLogs, another_server_begins_another_epoch_behind_the_entries_that_it_has) {
    fixture::RedisGroup group(1);
    auto bus = std::move(*open(group.url()));
    ASSERT_TRUE(eventually([&] { return bus->connected(); }));
    const std::string before = *tell(*bus, "log", "before");
    const Reader reader(*bus, "log");
    ASSERT_TRUE(eventually([&] { return group.server(1).ask({"XLEN", "st1:log"}) == "1"; }));
    group.server(0).process().kill();
    std::string after;
    ASSERT_TRUE(eventually(
        [&] {
            auto told = tell(*bus, "log", "after", "once");
            if (told) after = *told;
            return told.ok();
        },
        20'000));
    EXPECT_GT(StreamId::parse(after)->ms, StreamId::parse(before)->ms);
    EXPECT_EQ(StreamId::parse(after)->number, 1U);
    const auto read = bus->read_after("log", before, 10);
    ASSERT_EQ(read->entries.size(), 1U);
    EXPECT_EQ(read->entries[0].id, after);
}

}  // namespace
}  // namespace stoa::bus
