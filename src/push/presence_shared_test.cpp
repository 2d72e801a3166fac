// Who is there, over several push servers on one Redis, when they die and when Redis does.

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "bus/bus.hpp"
#include "cache/testing/engines.hpp"
#include "push/testing/push_server.hpp"

namespace stoa::push {
namespace {

using namespace testing;
using fixture::eventually;

constexpr HubOptions kQuick{
    .presence = {.grace_us = 1'500'000, .confirm_us = 3'000'000},
    .neighbours = {.beat_us = 50'000, .silent_us = 1'500'000},
};
constexpr const char* kOnline = R"(online.userStatusChange {"user_id":2,"online":true})";
constexpr const char* kOffline = R"(online.userStatusChange {"user_id":2,"online":false})";

/// A process of its own, as far as the others can tell.
struct Node {
    explicit Node(const EngineUrl& url) : bus(std::move(*bus::open(url))), push(bus.get(), kQuick) {
        EXPECT_TRUE(eventually([&] { return bus->connected(); }));
    }
    std::unique_ptr<bus::Bus> bus;
    PushServer push;
};

/// The answer, whatever else comes before it.
std::string seen(PushClient& client, const std::string& user = "2") {
    client.say(R"({"jsonrpc":"2.0","id":1,"method":"getUsersLastSeen","params":{"userList":[)" + user + "]}}");
    const std::string head = R"({"jsonrpc":"2.0","id":1,)";
    std::string frame = client.next();
    while (!frame.empty() && !frame.starts_with(head))
        frame = client.next();
    return frame.empty() ? frame : frame.substr(head.size(), frame.size() - head.size() - 1);
}
::testing::AssertionResult sees(PushClient& client, const std::string& answer) {
    std::string heard;
    if (eventually([&] { return (heard = seen(client)) == R"("result":)" + answer; })) {
        return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure() << "the last that was heard: " << heard;
}

/// A client that watches user 2.
PushClient watcher_at(Node& node) {
    PushClient client = node.push.connect(1);
    EXPECT_EQ(client.message(), kWhole);
    EXPECT_EQ(client.ask("subscribeStatusChange", R"({"userId":2})"), R"("result":{})");
    return client;
}

TEST(SharedPresence, a_user_is_there_while_any_process_has_a_connection_of_his) {
    fixture::RedisServer redis;
    Node a(redis.url()), b(redis.url());
    PushClient watcher = watcher_at(a);
    {
        const PushClient at_b = b.push.connect(2);
        EXPECT_EQ(watcher.message(), kOnline);
        EXPECT_TRUE(sees(watcher, R"({"2":0})"));
        const PushClient at_a = a.push.connect(2);
    }
    {
        const PushClient back = b.push.connect(2);  // within the time of grace: nobody has seen him go
        ASSERT_TRUE(eventually([&] { return b.push.hub.account(1)->last_seen_s(2) == 0; }));
        a.push.publish("u1", 1);
        EXPECT_EQ(watcher.message(), number(1));
        EXPECT_EQ(seen(watcher), R"("result":{"2":0})") << "at a he is not, at b he is";
    }
    EXPECT_EQ(watcher.message(), kOffline);
    EXPECT_NE(seen(watcher), R"("result":{"2":0})");
    EXPECT_NE(seen(watcher), R"("result":{})") << "it is known when he went";
}

TEST(SharedPresence, a_process_that_comes_later_knows_who_is_there) {
    fixture::RedisServer redis;
    Node a(redis.url());
    const PushClient user = a.push.connect(2);
    ASSERT_TRUE(eventually([&] { return a.push.hub.account(1)->last_seen_s(2) == 0; }));
    Node b(redis.url());
    PushClient other = b.push.connect(1);
    EXPECT_EQ(other.message(), kWhole);
    EXPECT_TRUE(sees(other, R"({"2":0})"));
}

TEST(SharedPresence, connections_of_a_killed_process_end_within_a_bounded_time) {
    fixture::RedisServer redis;
    Node a(redis.url()), b(redis.url()), c(redis.url());
    PushClient watcher = watcher_at(a), other = watcher_at(c);
    const PushClient user = b.push.connect(2);
    EXPECT_EQ(watcher.message(), kOnline);
    EXPECT_EQ(other.message(), kOnline);
    b.bus->close();  // it says nothing any more, not even that somebody goes
    const std::int64_t begun_us = system_clock().monotonic_us();
    EXPECT_EQ(watcher.message(), kOffline);
    EXPECT_EQ(other.message(), kOffline);
    EXPECT_GT(system_clock().monotonic_us() - begun_us, 1'000'000) << "not before it could have said something";
    // Whoever noticed it, it is told once.
    a.push.publish("u1", 1);
    EXPECT_EQ(watcher.message(), number(1));
    const PushClient again = c.push.connect(2);
    EXPECT_EQ(watcher.message(), kOnline);
}

TEST(SharedPresence, while_redis_is_away_only_own_connections_count_and_afterwards_all) {
    fixture::RedisServer redis;
    Node a(redis.url()), b(redis.url());
    PushClient at_a = watcher_at(a);
    std::optional<PushClient> at_b(b.push.connect(2));
    EXPECT_EQ(at_a.message(), kOnline);
    EXPECT_TRUE(sees(at_a, R"({"2":0})"));
    redis.process().kill();
    EXPECT_TRUE(sees(at_a, "{}"));
    EXPECT_EQ(seen(at_a, "1"), R"("result":{"1":0})");
    redis.restart();
    EXPECT_TRUE(sees(at_a, R"({"2":0})"));
    redis.process().kill();
    EXPECT_TRUE(sees(at_a, "{}"));
    at_b.reset();
    ASSERT_TRUE(eventually([&] { return b.push.hub.account(1)->last_seen_s(2) != 0; }));
    redis.restart();
    // What the other could not say, it says when it can.
    std::string message;
    ASSERT_TRUE(eventually([&] { return (message = at_a.message()) == kOffline || message.empty(); }));
    EXPECT_EQ(message, kOffline);
    EXPECT_NE(seen(at_a), R"("result":{"2":0})");
}

}  // namespace
}  // namespace stoa::push
