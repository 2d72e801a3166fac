// Several push servers on one Redis: who is connected to any of them hears the same, whatever happens to Redis.

#include "push/feed.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "base/limits.hpp"
#include "bus/bus.hpp"
#include "cache/testing/engines.hpp"
#include "push/testing/push_server.hpp"

namespace stoa::push {
namespace {

using namespace testing;
using fixture::eventually;

/// A process of its own, as far as the others can tell.
struct Node {
    explicit Node(const EngineUrl& url) : bus(std::move(*bus::open(url))), push(bus.get()) {
        EXPECT_TRUE(eventually([&] { return bus->connected(); }));
    }
    std::unique_ptr<bus::Bus> bus;
    PushServer push;
};

/// Messages of the test until one of them is `last`; fails when something is lacking.
std::vector<std::string> until(PushClient& client, const std::string& last) {
    std::vector<std::string> heard;
    while (heard.empty() || heard.back() != last) {
        const std::string message = client.message();
        if (message == kWhole || message.starts_with("online.")) continue;
        if (!message.starts_with("test.")) {
            ADD_FAILURE() << "heard '" << message << "' before " << last;
            return heard;
        }
        heard.push_back(message);
    }
    return heard;
}
std::vector<std::string> numbers(int from, int to) {
    std::vector<std::string> out;
    for (int n = from; n <= to; ++n)
        out.push_back(number(n));
    return out;
}

TEST(Feed, clients_of_different_processes_hear_the_same_in_the_same_order) {
    fixture::RedisServer redis;
    Node a(redis.url()), b(redis.url());
    PushClient of_a = a.push.connect(1), of_b = b.push.connect(1);
    EXPECT_EQ(of_a.message(), kWhole);
    EXPECT_EQ(of_b.message(), kWhole);
    for (int n = 0; n < 100; ++n)
        (n % 3 == 0 ? a : b).push.publish(n % 2 == 0 ? "u1" : "all", n);
    a.push.publish("u1", 200);
    b.push.publish("u1", 300);
    std::vector<std::vector<std::string>> heard(2);
    for (PushClient* one : {&of_a, &of_b}) {
        auto& own = heard[one == &of_a ? 0 : 1];
        std::set<std::string> ends;
        while (ends.size() < 2) {
            const std::string message = one->message();
            ASSERT_TRUE(message.starts_with("test.") || message.starts_with("pull.")) << message;
            if (message.starts_with("pull.")) continue;
            own.push_back(message);
            if (message == number(200) || message == number(300)) ends.insert(message);
        }
    }
    EXPECT_EQ(heard[0].size(), 102U);
    EXPECT_EQ(heard[0], heard[1]);
    EXPECT_EQ(of_a.mid(), of_b.mid());
}

TEST(Feed, a_client_goes_on_at_another_process_where_it_stopped) {
    fixture::RedisServer redis;
    std::optional<Node> a(redis.url());
    Node b(redis.url());
    std::string mid;
    {
        PushClient client = a->push.connect(1);
        EXPECT_EQ(client.message(), kWhole);
        a->push.publish("u1", 1);
        EXPECT_EQ(until(client, number(1)), numbers(1, 1));
        mid = client.mid();
    }
    a->push.publish("u1", 2);
    a->push.publish("all", 3);
    a.reset();                                   // what it had to say is said
    PushClient client = b.push.connect(1, mid);  // nobody of the account was there before
    EXPECT_EQ(until(client, number(3)), numbers(2, 3));
    EXPECT_EQ(client.message(), kWhole);
    b.push.publish("u1", 4);
    EXPECT_EQ(until(client, number(4)), numbers(4, 4));
    Node c(redis.url());
    PushClient stranger = c.push.connect(1, "5-5");
    EXPECT_EQ(stranger.message(), kLacking);
}

TEST(Feed, a_broken_connection_to_redis_is_bridged_without_a_loss) {
    fixture::RedisServer redis;
    Node a(redis.url()), b(redis.url());
    PushClient client = b.push.connect(1);
    EXPECT_EQ(client.message(), kWhole);
    int n = 0;
    for (int round = 0; round < 5; ++round) {
        a.push.publish("u1", ++n);
        redis.ask({"CLIENT", "KILL", "TYPE", "pubsub"});
        a.push.publish("u1", ++n);
        redis.ask({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
        a.push.publish("u1", ++n);
    }
    EXPECT_EQ(until(client, number(n)), numbers(1, n));
}

TEST(Feed, when_redis_forgets_everybody_is_told_and_nobody_is_left_behind) {
    fixture::RedisServer redis;
    Node a(redis.url()), b(redis.url());
    PushClient of_a = a.push.connect(1), of_b = b.push.connect(2);
    for (PushClient* one : {&of_a, &of_b})
        EXPECT_EQ(one->message(), kWhole);
    a.push.publish("all", 1);
    for (PushClient* one : {&of_a, &of_b})
        EXPECT_EQ(until(*one, number(1)), numbers(1, 1));
    redis.restart();
    // Without any further message: a client that hears nothing must not think that nothing happens.
    for (PushClient* one : {&of_a, &of_b})
        EXPECT_EQ(one->message(), kLacking);
    b.push.publish("all", 2);
    for (PushClient* one : {&of_a, &of_b}) {
        std::string message = one->message();
        while (message == kLacking)
            message = one->message();
        EXPECT_EQ(message, number(2));
    }
}

TEST(Feed, messages_wait_while_redis_is_away_and_a_failover_is_told) {
    fixture::RedisGroup redis(1);
    Node a(redis.url()), b(redis.url());
    PushClient client = b.push.connect(1);
    EXPECT_EQ(client.message(), kWhole);
    a.push.publish("u1", 1);
    EXPECT_EQ(until(client, number(1)), numbers(1, 1));
    redis.server(0).process().kill();
    a.push.publish("u1", 2);
    a.push.publish("u1", 3);
    std::vector<std::string> heard;
    bool told = false;
    ASSERT_TRUE(eventually(
        [&] {
            const std::string message = client.message();
            told = told || message == kLacking;
            if (message.starts_with("test.")) heard.push_back(message);
            return !heard.empty() && heard.back() == number(3);
        },
        60'000));
    EXPECT_EQ(heard, numbers(2, 3));
    EXPECT_TRUE(told) << "the other server may lack what somebody has heard";
}

TEST(Feed, who_comes_while_redis_is_away_is_answered_and_told_where_it_stands_later) {
    fixture::RedisServer redis;
    redis.process().kill();
    const auto bus = std::move(*bus::open(redis.url()));
    const PushServer push(bus.get());
    PushClient client = push.connect(1);
    EXPECT_EQ(client.ask("ping", "{}"), R"("result":{})");
    EXPECT_EQ(client.ask("subscribeStatusChange", R"({"userId":2})"), R"("result":{})");
    redis.restart();
    EXPECT_EQ(client.message(), kWhole);
    const PushClient other = push.connect(2);
    EXPECT_EQ(client.message(), R"(online.userStatusChange {"user_id":2,"online":true})");
}

TEST(Feed, who_is_connected_is_told_that_nothing_comes_while_redis_is_away) {
    fixture::RedisServer redis;
    Node a(redis.url());
    PushClient client = a.push.connect(1);
    EXPECT_EQ(client.message(), kWhole);
    // What Redis had by then, it has forgotten: whether that was something, is a matter of moments.
    const auto next = [&client] {
        std::string message = client.any_message();
        while (message == kLacking)
            message = client.any_message();
        return message;
    };
    redis.process().kill();
    EXPECT_EQ(next(), R"(pull.stream_pause {"paused":true})");
    PushClient late = a.push.connect(2);
    redis.restart();
    EXPECT_EQ(next(), R"(pull.stream_pause {"paused":false})");
    EXPECT_EQ(late.any_message(), kWhole);
    a.push.publish("all", 1);
    EXPECT_EQ(next(), number(1));
}

TEST(Feed, what_is_published_under_one_key_is_heard_once) {
    fixture::RedisServer redis;
    Node a(redis.url()), b(redis.url());
    Feed feed(*a.bus);
    PushClient client = b.push.connect(1);
    EXPECT_EQ(client.message(), kWhole);
    const KeyedPublication one{{{"u1"}, body_of("test", "number", R"({"n":1})", 0), {}}, "outbox:1:7"};
    EXPECT_TRUE(feed.publish_and_wait(1, {&one, 1}).ok());
    EXPECT_TRUE(feed.publish_and_wait(1, {&one, 1}).ok());
    a.push.publish("u1", 2);
    EXPECT_EQ(until(client, number(2)), numbers(1, 2));
}

TEST(Feed, so_many_messages_wait_for_redis) {
    fixture::RedisServer redis;
    Node a(redis.url());
    redis.process().freeze();
    std::size_t taken = 0;
    Status status;
    while (status && taken < 2 * limits::push_queue_max + limits::bus_tellings_max) {
        status = a.push.hub.publish(1, {{"u1"}, "{}", {}});
        if (status) ++taken;
    }
    EXPECT_EQ(status.ok() ? Errc::internal : status.error().code, Errc::busy);
    EXPECT_GE(taken, limits::push_queue_max);
    EXPECT_LE(taken, limits::push_queue_max + limits::bus_tellings_max);
    redis.process().thaw();
    EXPECT_TRUE(eventually([&] { return a.push.hub.publish(1, {{"u1"}, "{}", {}}).ok(); }));
}

}  // namespace
}  // namespace stoa::push
