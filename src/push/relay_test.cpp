// From a transaction to the clients, on real stores; several processes on one Redis.

#include "push/relay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/limits.hpp"
#include "cache/testing/engines.hpp"
#include "push/testing/push_server.hpp"

namespace stoa::push {
namespace {

using namespace testing;
using fixture::eventually;

std::string number(int n) {
    return "test.number {\"n\":" + std::to_string(n) + "}";
}

/// A process of its own, as far as the others can tell; alone, or with a Redis that it shares.
struct Node {
    explicit Node(db::Database& database, const fixture::RedisServer* redis = nullptr)
        : bus(redis != nullptr ? std::move(*bus::open(redis->url())) : nullptr),
          push(bus.get()),
          outbox(database),
          relay(push.hub, database, outbox, kQuick) {
        if (bus) {
            EXPECT_TRUE(eventually([&] { return bus->connected(); }));
        }
        relay.start();
    }
    static constexpr RelayOptions kQuick{.sweep_ms = 100, .remove_ms = 20};
    std::unique_ptr<bus::Bus> bus;
    PushServer push;
    model::PushOutbox outbox;
    Relay relay;
};

class RelayTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto opened = db::open_sqlite({.path = folder_.path() + "/stoa.db"});
        ASSERT_TRUE(opened.ok());
        database_ = std::move(*opened);
        ASSERT_TRUE(database_->migrate(db::core_migrations(), {}).ok());
    }
    static model::Push push(int n, std::vector<UserId> users = {}) {
        return {std::move(users), "test", "number", "{\"n\":" + std::to_string(n) + "}"};
    }
    Status write(model::PushOutbox& outbox, const std::vector<model::Push>& pushes, AccountId account = 1) {
        auto written = database_->write_and_wait({.account = account}, [&](db::WriteTx& tx) -> Result<std::string> {
            for (const model::Push& one : pushes)
                STOA_CHECK(outbox.append(tx, one));
            return std::string();
        });
        return written ? Status() : Status(std::move(written).error());
    }
    std::size_t stored(AccountId account = 1) {
        return model::PushOutbox(*database_).take_of(account, 0, 10'000).value().size();
    }

    fixture::TempDir folder_;
    std::unique_ptr<db::Database> database_;
};

TEST_F(RelayTest, what_is_committed_is_told_in_its_order_to_whom_it_is_for) {
    Node node(*database_);
    PushClient one = node.push.connect(1);
    PushClient two = node.push.connect(2);
    EXPECT_EQ(one.message(), kWhole);
    EXPECT_EQ(two.message(), kWhole);
    ASSERT_TRUE(write(node.outbox, {push(1), push(2, {1}), push(3, {1, 2})}).ok());
    ASSERT_TRUE(write(node.outbox, {push(4)}).ok());
    for (const int n : {1, 2, 3, 4})
        EXPECT_EQ(one.message(), number(n));
    for (const int n : {1, 3, 4})
        EXPECT_EQ(two.message(), number(n));
    EXPECT_TRUE(eventually([&] { return stored() == 0; }));
}

TEST_F(RelayTest, who_watches_a_tag_hears_of_it_until_it_watches_others) {
    Node node(*database_);
    PushClient watcher = node.push.connect(1);
    PushClient other = node.push.connect(2);
    EXPECT_EQ(watcher.message(), kWhole);
    EXPECT_EQ(other.message(), kWhole);
    const auto changed = [&](int n, const std::string& tag) {
        model::Push one = push(n);
        one.tag = tag;
        ASSERT_TRUE(write(node.outbox, {one}).ok());
    };
    EXPECT_EQ(watcher.ask("watch", R"({"tags":["crm.deal","a"]})"), R"("result":{})");
    changed(1, "crm.deal");
    changed(2, "crm.lead");
    changed(3, "a");
    EXPECT_EQ(watcher.message(), number(1));
    EXPECT_EQ(watcher.message(), number(3));
    EXPECT_EQ(watcher.ask("watch", R"({"tags":["crm.lead"]})"), R"("result":{})");
    changed(4, "crm.deal");
    changed(5, "crm.lead");
    EXPECT_EQ(watcher.message(), number(5));
    ASSERT_TRUE(write(node.outbox, {push(6)}).ok());
    EXPECT_EQ(watcher.message(), number(6));
    EXPECT_EQ(other.message(), number(6));
}

TEST_F(RelayTest, pull_watch_extend_reaches_the_connections_of_its_user) {
    Node node(*database_);
    PushClient own = node.push.connect(1);
    PushClient other = node.push.connect(2);
    EXPECT_EQ(own.message(), kWhole);
    EXPECT_EQ(other.message(), kWhole);
    model::Push tagged = push(1);
    tagged.tag = "crm.deal";
    ASSERT_TRUE(write(node.outbox, {{{1}, "pull", "watch", R"({"tags":["crm.deal"]})"}, tagged, push(2)}).ok());
    EXPECT_EQ(own.message(), R"(pull.watch {"tags":["crm.deal"]})");
    EXPECT_EQ(own.message(), number(1));
    EXPECT_EQ(own.message(), number(2));
    EXPECT_EQ(other.message(), number(2));
}

TEST_F(RelayTest, a_connection_watches_so_many_tags) {
    Node node(*database_);
    PushClient client = node.push.connect(1);
    EXPECT_EQ(client.message(), kWhole);
    std::string tags;
    for (std::size_t i = 0; i < limits::push_tags_max; ++i)
        tags += (i == 0 ? "\"t" : ",\"t") + std::to_string(i) + "\"";
    EXPECT_EQ(client.ask("watch", "{\"tags\":[" + tags + "]}"), R"("result":{})");
    EXPECT_TRUE(client.ask("watch", "{\"tags\":[" + tags + ",\"more\"]}").starts_with(R"("error":)"));
    EXPECT_TRUE(client.ask("watch", R"({"tags":["no spaces"]})").starts_with(R"("error":)"));
    EXPECT_TRUE(client.ask("watch", "{}").starts_with(R"("error":)"));
    const std::string longest(limits::push_tag_bytes_max, 'x');
    EXPECT_EQ(client.ask("watch", "{\"tags\":[\"" + longest + "\"]}"), R"("result":{})");
    EXPECT_TRUE(client.ask("watch", "{\"tags\":[\"" + longest + "x\"]}").starts_with(R"("error":)"));
}

TEST_F(RelayTest, what_is_for_an_application_is_heard_by_its_connections_alone) {
    Node node(*database_);
    PushClient page = node.push.connect(1);
    PushClient app(node.push.port(),
                   node.push.name(Kind::app_user, 1, 1, "a1") + "/" + node.push.name(Kind::app, 0, 1, "a1"));
    EXPECT_EQ(page.message(), kWhole);
    EXPECT_EQ(app.message(), kWhole);
    model::Push to_all = push(1), to_one = push(2, {1}), to_another = push(3, {2});
    for (model::Push* one : {&to_all, &to_one, &to_another})
        one->app = "a1";
    ASSERT_TRUE(write(node.outbox, {to_all, to_another, to_one, push(4)}).ok());
    EXPECT_EQ(app.message(), number(1));
    EXPECT_EQ(app.message(), number(2));
    EXPECT_EQ(page.message(), number(4));
}

TEST_F(RelayTest, what_is_rolled_back_is_not_told) {
    Node node(*database_);
    PushClient client = node.push.connect(1);
    EXPECT_EQ(client.message(), kWhole);
    const auto refused = database_->write_and_wait({.account = 1}, [&](db::WriteTx& tx) -> Result<std::string> {
        STOA_CHECK(node.outbox.append(tx, push(1)));
        return Error{Errc::conflict, "no"};
    });
    EXPECT_FALSE(refused.ok());
    ASSERT_TRUE(write(node.outbox, {push(2)}).ok());
    EXPECT_EQ(client.message(), number(2));
}

TEST_F(RelayTest, what_an_earlier_run_left_is_no_news_to_clients_of_a_process_that_is_alone) {
    model::PushOutbox earlier(*database_);
    ASSERT_TRUE(write(earlier, {push(1), push(2)}).ok());
    Node node(*database_);
    EXPECT_TRUE(eventually([&] { return stored() == 0; }));
    PushClient client = node.push.connect(1);
    EXPECT_EQ(client.message(), kWhole);
    ASSERT_TRUE(write(node.outbox, {push(3)}).ok());
    EXPECT_EQ(client.message(), number(3));
}

TEST_F(RelayTest, processes_that_write_at_once_tell_everything_once_in_the_order_of_the_commits) {
    fixture::RedisServer redis;
    Node a(*database_, &redis), b(*database_, &redis);
    PushClient of_a = a.push.connect(1);
    PushClient of_b = b.push.connect(1);
    EXPECT_EQ(of_a.message(), kWhole);
    EXPECT_EQ(of_b.message(), kWhole);
    constexpr int kEach = 200;
    std::thread other([&] {
        for (int n = 0; n < kEach; ++n)
            EXPECT_TRUE(write(b.outbox, {push(1'000 + n)}).ok());
    });
    for (int n = 0; n < kEach; ++n)
        EXPECT_TRUE(write(a.outbox, {push(n)}).ok());
    other.join();
    std::vector<std::string> heard_by_a, heard_by_b;
    for (int n = 0; n < 2 * kEach; ++n) {
        heard_by_a.push_back(of_a.message());
        heard_by_b.push_back(of_b.message());
    }
    EXPECT_EQ(heard_by_a, heard_by_b);
    int of_first = 0;
    int of_other = 0;
    for (const std::string& message : heard_by_a) {
        if (message == number(of_first)) {
            ++of_first;
        } else if (message == number(1'000 + of_other)) {
            ++of_other;
        }
    }
    EXPECT_EQ(of_first, kEach);
    EXPECT_EQ(of_other, kEach);
    EXPECT_TRUE(eventually([&] { return stored() == 0; }));
}

TEST_F(RelayTest, what_a_process_that_died_left_is_told_by_another) {
    fixture::RedisServer redis;
    Node living(*database_, &redis);
    PushClient client = living.push.connect(1);
    EXPECT_EQ(client.message(), kWhole);
    model::PushOutbox of_the_dead(*database_);  // nobody is woken by it
    ASSERT_TRUE(write(of_the_dead, {push(1), push(2)}).ok());
    EXPECT_EQ(client.message(), number(1));
    EXPECT_EQ(client.message(), number(2));
}

TEST_F(RelayTest, messages_wait_in_the_store_while_redis_is_away) {
    fixture::RedisServer redis;
    Node node(*database_, &redis);
    PushClient client = node.push.connect(1);
    EXPECT_EQ(client.message(), kWhole);
    ASSERT_TRUE(write(node.outbox, {push(0)}).ok());
    EXPECT_EQ(client.message(), number(0));
    redis.process().kill();
    ASSERT_TRUE(write(node.outbox, {push(1), push(2)}).ok());
    EXPECT_GE(stored(), 2U);
    redis.restart();
    // It has forgotten everything: whoever listens is told so, and hears what waited.
    std::vector<std::string> heard;
    while (heard.empty() || heard.back() != number(2))
        heard.push_back(client.message());
    EXPECT_EQ(std::count(heard.begin(), heard.end(), number(1)), 1);
    EXPECT_EQ(std::count(heard.begin(), heard.end(), kLacking), 1);
}

TEST_F(RelayTest, what_waited_for_longer_than_positions_are_kept_is_told_as_one_word) {
    fixture::RedisServer redis;
    Node node(*database_, &redis);
    PushClient client = node.push.connect(1);
    EXPECT_EQ(client.message(), kWhole);
    model::PushOutbox earlier(*database_);  // nobody is woken by it
    const auto written = database_->write_and_wait({.account = 1}, [&](db::WriteTx& tx) -> Result<std::string> {
        STOA_CHECK(earlier.append(tx, push(1)));
        STOA_CHECK(earlier.append(tx, push(2)));
        const std::int64_t old_us = system_clock().now_us() - (limits::push_history_lifetime_s + 1) * 1'000'000;
        const db::Assignment change[] = {{"created_us", old_us}};
        STOA_CHECK(tx.update("push_outbox", change, db::Condition::always()));
        STOA_CHECK(earlier.append(tx, push(3)));
        return std::string();
    });
    ASSERT_TRUE(written.ok());
    EXPECT_EQ(client.message(), kLacking);
    EXPECT_EQ(client.message(), number(3));
}

TEST_F(RelayTest, a_message_has_a_name_and_a_size) {
    model::PushOutbox outbox(*database_);
    model::Push one = push(1);
    one.users.resize(limits::push_users_max, 7);
    one.params_json = "{\"a\":\"" + std::string(limits::push_body_bytes_max - 8, 'x') + "\"}";
    EXPECT_TRUE(write(outbox, {one}).ok());
    one.users.push_back(8);
    EXPECT_FALSE(write(outbox, {one}).ok());
    one.users.pop_back();
    one.params_json.insert(6, "x");
    EXPECT_FALSE(write(outbox, {one}).ok());
    EXPECT_FALSE(write(outbox, {{{}, "", "number", "{}"}}).ok());
    EXPECT_FALSE(write(outbox, {{{}, "test", std::string(limits::push_name_bytes_max + 1, 'x'), "{}"}}).ok());
    EXPECT_FALSE(write(outbox, {{{}, "test", "number", "[]"}}).ok());
    EXPECT_EQ(stored(), 1U);
}

}  // namespace
}  // namespace stoa::push
