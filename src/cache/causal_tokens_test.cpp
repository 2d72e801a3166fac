#include "cache/causal_tokens.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "base/metrics.hpp"
#include "cache/causal_database.hpp"
#include "cache/limits.hpp"
#include "cache/redis/redis_tokens.hpp"
#include "cache/testing/engines.hpp"

namespace stoa::cache {
namespace {

using fixture::eventually;
using Token = std::optional<std::string>;

std::unique_ptr<CausalTokens> on(const EngineUrl& url, int doubt_ms = 0) {
    return redis::make_redis_tokens(*redis::read_settings(url), doubt_ms);
}

bool knows(CausalTokens& tokens) {
    return tokens.token_of(999'999).has_value();
}

/// Longer than a lease and what a busy machine adds.
constexpr int kHeldUpMsMax = 1'000;

std::size_t members_of(const fixture::RedisServer& server) {
    const std::string fields = server.ask({"HKEYS", "ct2"});
    std::size_t n = 0;
    for (std::size_t at = fields.find("m:"); at != std::string::npos; at = fields.find("m:", at + 1))
        ++n;
    return n;
}

/// Connected, and the list of members is old enough to be complete: from here on publications are quick.
bool settle(CausalTokens& tokens) {
    return eventually([&] { return tokens.publish_and_wait(999'998, "0-1-1"); }, 30'000);
}

/// The process's thread stands still until let_go(), as if the process were stopped.
class Held {
  public:
    explicit Held(CausalTokens& tokens) {
        auto go_on = std::make_shared<std::future<void>>(go_on_.get_future());
        tokens.publish(999'997, "0-1-1", [this, go_on](bool) {
            holds_ = true;
            go_on->wait();
        });
    }
    ~Held() { let_go(); }
    bool holds() const { return holds_; }
    void let_go() {
        if (!std::exchange(gone_, true)) go_on_.set_value();
    }

  private:
    std::promise<void> go_on_;
    std::atomic<bool> holds_{false};
    bool gone_ = false;
};

std::int64_t ms_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count();
}

TEST(CausalToken, is_domain_server_sequence) {
    EXPECT_TRUE(is_causal_token("0-1-100"));
    EXPECT_TRUE(is_causal_token("0-1-100,1-2-18446744073709551615"));
    for (const char* wrong :
         {"", "0-1", "0-1-", "a-b-c", "0-1-1,", ",0-1-1", "0-1-1 ", "-1-1-1", "0-1-18446744073709551616", "0-1-1;DROP"})
        EXPECT_FALSE(is_causal_token(wrong)) << wrong;
    std::string long_one = "0-1-1";
    for (int domain = 1; long_one.size() < limits::causal_token_bytes_max; ++domain)
        long_one += "," + std::to_string(domain) + "-1-1";
    EXPECT_FALSE(is_causal_token(long_one));
    long_one.resize(limits::causal_token_bytes_max);
    while (long_one.back() == '-' || long_one.back() == ',')
        long_one.pop_back();
    long_one.resize(long_one.rfind(','));
    EXPECT_TRUE(is_causal_token(long_one));
}

TEST(CausalToken, merging_keeps_the_greater_sequence_of_each_domain) {
    EXPECT_EQ(merge_causal_tokens("0-1-100", "0-2-99"), "0-1-100");
    EXPECT_EQ(merge_causal_tokens("0-1-100", "0-2-101"), "0-2-101");
    EXPECT_EQ(merge_causal_tokens("0-1-9", "0-1-10"), "0-1-10");
    EXPECT_EQ(merge_causal_tokens("10-1-5,2-1-7", "2-1-6,3-1-1"), "2-1-7,3-1-1,10-1-5");
    EXPECT_EQ(merge_causal_tokens("", "0-1-1"), "0-1-1");
}

void keeps_the_newest(CausalTokens& tokens) {
    EXPECT_EQ(tokens.token_of(1), Token(""));
    EXPECT_TRUE(tokens.publish_and_wait(1, "0-1-100"));
    EXPECT_EQ(tokens.token_of(1), Token("0-1-100"));
    EXPECT_TRUE(tokens.publish_and_wait(1, "0-1-99"));
    EXPECT_EQ(tokens.token_of(1), Token("0-1-100"));
    EXPECT_TRUE(tokens.publish_and_wait(1, "0-2-101,5-1-1"));
    EXPECT_EQ(tokens.token_of(1), Token("0-2-101,5-1-1"));
    EXPECT_TRUE(tokens.publish_and_wait(1, "5-1-18446744073709551615,2-1-3,5-1-4"));
    EXPECT_TRUE(tokens.publish_and_wait(1, "5-9-18446744073709551614"));
    EXPECT_EQ(tokens.token_of(1), Token("0-2-101,2-1-3,5-1-18446744073709551615"));
    EXPECT_EQ(tokens.token_of(2), Token(""));
    EXPECT_TRUE(tokens.publish_and_wait(2, ""));
    EXPECT_FALSE(tokens.publish_and_wait(2, "no token"));
    EXPECT_EQ(tokens.token_of(2), Token(""));
}

TEST(MemoryCausalTokens, keep_the_newest) {
    keeps_the_newest(*make_memory_causal_tokens());
}

TEST(MemoryCausalTokens, end_after_a_minute_and_leave_no_memory) {
    ManualClock clock;
    const auto tokens = make_memory_causal_tokens(clock);
    EXPECT_TRUE(tokens->publish_and_wait(1, "0-1-5"));
    clock.advance_s(59);
    EXPECT_EQ(tokens->token_of(1), Token("0-1-5"));
    clock.advance_s(2);
    EXPECT_EQ(tokens->token_of(1), Token(""));
    EXPECT_TRUE(tokens->publish_and_wait(1, "0-1-4"));  // what has ended does not count
    EXPECT_EQ(tokens->token_of(1), Token("0-1-4"));
}

TEST(RedisCausalTokens, keep_the_newest) {
    fixture::RedisServer server;
    const auto tokens = on(server.url());
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }));
    keeps_the_newest(*tokens);
}

TEST(RedisCausalTokens, what_one_process_published_the_others_know_at_once) {
    fixture::RedisServer server;
    std::vector<std::unique_ptr<CausalTokens>> nodes;
    for (int i = 0; i < 3; ++i) {
        nodes.push_back(on(server.url()));
        ASSERT_TRUE(eventually([&] { return knows(*nodes.back()); }));
    }
    ASSERT_TRUE(settle(*nodes[0]));
    std::vector<std::thread> sessions;
    std::atomic<int> stale{0};
    std::atomic<int> checked{0};
    for (int session = 0; session < 6; ++session) {
        sessions.emplace_back([&, session] {
            for (int i = 1; i <= 500; ++i) {
                const std::string token = "0-1-" + std::to_string(i);
                if (!nodes[static_cast<std::size_t>(i) % 3]->publish_and_wait(session, token)) continue;
                const Token seen = nodes[static_cast<std::size_t>(i + session) % 3]->token_of(session);
                if (seen) ++checked;
                if (seen && *seen != token) ++stale;
            }
        });
    }
    for (auto& session : sessions)
        session.join();
    EXPECT_EQ(stale, 0);
    EXPECT_GT(checked, 2'900);
}

TEST(RedisCausalTokens, a_new_process_knows_nothing_until_its_doubt_has_passed) {
    fixture::RedisServer server;
    const auto other = on(server.url());
    ASSERT_TRUE(settle(*other));
    const auto tokens = on(server.url(), 2'000);
    EXPECT_TRUE(tokens->publish_and_wait(1, "0-1-1"));
    EXPECT_FALSE(knows(*tokens));
    EXPECT_TRUE(eventually([&] { return knows(*tokens); }, 30'000));
    EXPECT_EQ(tokens->token_of(1), Token("0-1-1"));
}

TEST(RedisCausalTokens, a_process_that_only_writes_is_no_member_and_waits_for_those_that_read) {
    fixture::RedisServer server;
    const auto reader = on(server.url());
    ASSERT_TRUE(eventually([&] { return knows(*reader); }));
    ASSERT_TRUE(settle(*reader));
    const auto writer = on(server.url());
    EXPECT_TRUE(writer->publish_and_wait(1, "0-1-1"));  // the first thing it does, as a command would
    EXPECT_EQ(reader->token_of(1), Token("0-1-1"));
    EXPECT_EQ(members_of(server), 1U);
}

TEST(RedisCausalTokens, who_ends_leaves_the_list) {
    fixture::RedisServer server;
    auto one = on(server.url());
    const auto other = on(server.url());
    ASSERT_TRUE(eventually([&] { return knows(*one) && knows(*other); }));
    EXPECT_EQ(members_of(server), 2U);
    one.reset();
    EXPECT_EQ(members_of(server), 1U);
}

TEST(RedisCausalTokens, a_process_that_is_stopped_holds_writers_up_for_a_lease_once_and_then_knows_nothing) {
    fixture::RedisServer server;
    const auto writer = on(server.url());
    const auto reader = on(server.url());
    ASSERT_TRUE(eventually([&] { return knows(*reader); }));
    ASSERT_TRUE(settle(*writer));
    Held held(*reader);
    ASSERT_TRUE(eventually([&] { return held.holds(); }));
    EXPECT_LT(ms_of([&] { EXPECT_TRUE(writer->publish_and_wait(1, "0-1-1")); }), kHeldUpMsMax);
    EXPECT_FALSE(knows(*reader));
    EXPECT_LT(ms_of([&] { EXPECT_TRUE(writer->publish_and_wait(1, "0-1-2")); }), 200);
    EXPECT_EQ(members_of(server), 0U);  // struck off
    held.let_go();
    EXPECT_TRUE(eventually([&] { return knows(*reader); }));
    EXPECT_EQ(reader->token_of(1), Token("0-1-2"));
}

TEST(RedisCausalTokens, a_lease_that_lapsed_is_renewed_without_doubt) {
    constexpr int kDoubtMs = 4'000;
    fixture::RedisServer server;
    const auto tokens = on(server.url(), kDoubtMs);
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }, 30'000));
    server.process().freeze();
    EXPECT_TRUE(eventually([&] { return !knows(*tokens); }, 1'500));
    server.process().thaw();
    EXPECT_LT(ms_of([&] { EXPECT_TRUE(eventually([&] { return knows(*tokens); })); }), kDoubtMs - 1'000);
}

TEST(RedisCausalTokens, a_lost_subscription_brings_doubt) {
    fixture::RedisServer server;
    const auto tokens = on(server.url(), 1'000);
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }, 30'000));
    ASSERT_TRUE(settle(*tokens));
    server.ask({"CLIENT", "KILL", "TYPE", "pubsub"});
    EXPECT_TRUE(eventually([&] { return !knows(*tokens); }));
    const auto ms = ms_of([&] {
        EXPECT_TRUE(tokens->publish_and_wait(1, "0-1-1"));
        EXPECT_TRUE(eventually([&] { return knows(*tokens); }, 30'000));
    });
    EXPECT_GT(ms, 500);
    EXPECT_EQ(tokens->token_of(1), Token("0-1-1"));
}

TEST(RedisCausalTokens, of_a_dead_store_nothing_is_known_and_tokens_wait_for_its_return) {
    fixture::RedisServer server;
    const auto tokens = on(server.url(), 2'000);
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }, 30'000));
    server.process().kill();
    EXPECT_TRUE(eventually([&] { return !knows(*tokens); }, 100));
    EXPECT_LT(ms_of([&] { EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-7")); }), kHeldUpMsMax);
    EXPECT_LT(ms_of([&] {
                  EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-9"));  // none of these waits
                  EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-8"));
                  for (int i = 0; i < 10'000; ++i)
                      EXPECT_FALSE(knows(*tokens));
              }),
              200);
    server.restart();
    const auto other = on(server.url(), 0);  // it listens; what the first one kept it hears
    EXPECT_TRUE(eventually([&] { return knows(*other) && other->token_of(1) == Token("0-1-9"); }, 30'000));
    EXPECT_TRUE(eventually([&] { return knows(*tokens); }, 30'000));
    EXPECT_EQ(tokens->token_of(1), Token("0-1-9"));
}

TEST(RedisCausalTokens, a_store_that_is_dead_at_the_start_holds_up_once) {
    const auto tokens = on(fixture::url_of("redis://127.0.0.1:" + std::to_string(fixture::free_port())));
    EXPECT_LT(ms_of([&] { EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-1")); }), kHeldUpMsMax);
    EXPECT_LT(ms_of([&] { EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-2")); }), 100);
    EXPECT_FALSE(knows(*tokens));
}

TEST(RedisCausalTokens, a_frozen_store_holds_publications_up_for_a_lease_once) {
    fixture::RedisServer server;
    const auto tokens = on(server.url(), 200);
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }));
    ASSERT_TRUE(settle(*tokens));
    server.process().freeze();
    EXPECT_LT(ms_of([&] { EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-1")); }), kHeldUpMsMax);
    EXPECT_FALSE(knows(*tokens));
    // At once, also while the connections are given up and made anew.
    Counter& changes = counter("stoa_causal_publishes_total", "", {{"result", "failed"}});
    const auto failed = changes.value();
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(2'500)) {
        ASSERT_LT(ms_of([&] { EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-2")); }), 200);
        ASSERT_LT(ms_of([&] { EXPECT_FALSE(knows(*tokens)); }), 100);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));  // not a wait: the pace of the traffic
    }
    EXPECT_GT(changes.value() - failed, 50U);
    server.process().thaw();
    EXPECT_TRUE(eventually([&] { return knows(*tokens); }, 10'000));
    EXPECT_EQ(tokens->token_of(1), Token("0-1-2"));
}

TEST(RedisCausalTokens, after_a_store_was_emptied_publications_wait_until_the_list_is_complete) {
    fixture::RedisServer server;
    const auto one = on(server.url());
    const auto other = on(server.url());
    ASSERT_TRUE(eventually([&] { return knows(*one) && knows(*other); }));
    ASSERT_TRUE(settle(*one));
    EXPECT_LT(ms_of([&] { EXPECT_TRUE(one->publish_and_wait(1, "0-1-1")); }), 500);
    server.ask({"FLUSHALL"});
    EXPECT_GT(ms_of([&] { EXPECT_TRUE(one->publish_and_wait(1, "0-1-2")); }), 500);
    const Token seen = other->token_of(1);
    EXPECT_TRUE(!seen || seen == Token("0-1-2"));
    EXPECT_TRUE(eventually([&] { return members_of(server) == 2; }));
    EXPECT_LT(ms_of([&] { EXPECT_TRUE(one->publish_and_wait(1, "0-1-3")); }), 500);
    EXPECT_TRUE(eventually([&] { return knows(*other); }));
    EXPECT_EQ(other->token_of(1), Token("0-1-3"));
}

TEST(RedisCausalTokens, forgotten_scripts_do_not_matter) {
    fixture::RedisServer server;
    const auto tokens = on(server.url());
    ASSERT_TRUE(settle(*tokens));
    server.ask({"SCRIPT", "FLUSH"});
    EXPECT_TRUE(tokens->publish_and_wait(1, "0-1-2"));
    EXPECT_TRUE(eventually([&] { return knows(*tokens); }));
}

TEST(RedisCausalTokens, a_store_that_refuses_writes_is_asked_again_in_peace_and_gives_no_leases) {
    fixture::RedisServer server(fixture::RedisOptions{"", 0, {"--min-replicas-to-write", "1"}});
    const auto tokens = on(server.url());
    EXPECT_LT(ms_of([&] { EXPECT_FALSE(tokens->publish_and_wait(2, "0-1-1")); }), kHeldUpMsMax);
    EXPECT_FALSE(knows(*tokens));
    server.ask({"CONFIG", "SET", "min-replicas-to-write", "0"});
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }, 5'000));
    ASSERT_TRUE(settle(*tokens));
    const auto other = on(server.url());
    ASSERT_TRUE(eventually([&] { return knows(*other); }, 5'000));
    server.ask({"CONFIG", "SET", "min-replicas-to-write", "1"});
    Counter& round_trips = counter("stoa_causal_round_trips_total", "");
    const auto before = round_trips.value();
    EXPECT_LT(ms_of([&] { EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-1")); }), kHeldUpMsMax);
    EXPECT_LT(ms_of([&] { EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-2")); }), 200);
    EXPECT_TRUE(eventually([&] { return !knows(*tokens) && !knows(*other); }));
    EXPECT_LT(round_trips.value() - before, 20U);
    server.ask({"CONFIG", "SET", "min-replicas-to-write", "0"});
    EXPECT_TRUE(eventually([&] { return knows(*other) && other->token_of(1) == Token("0-1-2"); }, 30'000));
}

TEST(RedisCausalTokens, more_than_so_many_members_are_not_given_leases) {
    fixture::RedisServer server;
    const auto first = on(server.url());
    ASSERT_TRUE(settle(*first));
    std::vector<std::string> fill{"HSET", "ct2"};
    for (std::size_t i = 1; i < limits::causal_members_max; ++i)
        fill.insert(fill.end(), {"m:other" + std::to_string(i), "1"});
    server.ask(fill);
    EXPECT_TRUE(eventually([&] { return knows(*first); }));  // the last place
    server.ask(fill);                                        // it has struck them off meanwhile
    const auto second = on(server.url());
    EXPECT_FALSE(knows(*second));
    EXPECT_TRUE(eventually([&] { return knows(*second); }));  // again
    EXPECT_EQ(members_of(server), 2U);
}

TEST(RedisCausalTokens, a_failover_is_followed_with_doubt) {
    constexpr int kDoubtMs = 4'000;  // more than publications wait for an epoch to be old enough
    fixture::RedisGroup group(1);
    const auto tokens = on(group.url(), kDoubtMs);
    const auto other = on(group.url(), kDoubtMs);
    ASSERT_TRUE(eventually([&] { return knows(*tokens) && knows(*other); }, 30'000));
    ASSERT_TRUE(settle(*tokens));
    EXPECT_TRUE(tokens->publish_and_wait(1, "0-1-1"));
    group.server(0).process().kill();
    EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-2"));
    EXPECT_EQ(tokens->token_of(1), std::nullopt);
    EXPECT_TRUE(eventually([&] { return tokens->publish_and_wait(1, "0-1-3"); }, 30'000));
    const Token seen = other->token_of(1);
    EXPECT_TRUE(!seen || seen == Token("0-1-3"));
    EXPECT_EQ(group.master(), 1);
    EXPECT_TRUE(eventually([&] { return knows(*tokens) && knows(*other); }, 30'000));
    EXPECT_EQ(tokens->token_of(1), Token("0-1-3"));
    EXPECT_TRUE(tokens->publish_and_wait(1, "0-1-4"));
    EXPECT_EQ(other->token_of(1).value_or("0-1-4"), "0-1-4");
}

TEST(RedisCausalTokens, publications_over_the_limit_are_refused_at_once_and_kept) {
    fixture::RedisServer server;
    const auto tokens = on(server.url());
    ASSERT_TRUE(settle(*tokens));
    Held held(*tokens);
    ASSERT_TRUE(eventually([&] { return held.holds(); }));
    std::atomic<std::size_t> stored{0};
    std::atomic<std::size_t> refused{0};
    const auto count = [&](bool all_know) { ++(all_know ? stored : refused); };
    for (std::size_t i = 0; i < limits::causal_waiting_max; ++i)
        tokens->publish(static_cast<AccountId>(i % 100), "0-1-1", count);
    EXPECT_EQ(refused, 0U);
    tokens->publish(1, "0-1-2", count);
    EXPECT_EQ(refused, 1U);
    held.let_go();
    EXPECT_TRUE(eventually([&] { return stored == limits::causal_waiting_max; }));
    Gauge& unstored = gauge("stoa_causal_unstored", "");
    EXPECT_TRUE(eventually([&] { return unstored.value() == 0; }));
}

TEST(RedisCausalTokens, two_databases_of_one_server_do_not_hear_each_other) {
    fixture::RedisServer server;
    const auto one = on(server.url());
    const auto other = on(server.url("/1"));
    ASSERT_TRUE(eventually([&] { return knows(*one) && knows(*other); }));
    EXPECT_TRUE(one->publish_and_wait(1, "0-1-1"));
    EXPECT_TRUE(eventually([&] { return knows(*other); }));
    EXPECT_EQ(other->token_of(1), Token(""));
}

TEST(RedisCausalTokens, what_waits_is_answered_when_the_program_ends) {
    fixture::RedisServer server;
    std::atomic<int> answers{0};
    auto tokens = on(server.url());
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }));
    ASSERT_TRUE(settle(*tokens));
    server.process().freeze();
    for (int i = 0; i < 10; ++i)
        tokens->publish(1, "0-1-1", [&](bool) { ++answers; });
    EXPECT_LT(ms_of([&] { tokens.reset(); }), 1'500);
    EXPECT_EQ(answers, 10);
    server.process().thaw();
}

/// A database that has just committed, and sees replicas when told.
class FakeDatabase final : public db::Database {
  public:
    explicit FakeDatabase(const bool& replicas) : replicas_(replicas) {}
    Status read(AccountId, FunctionRef<Status(db::Tx&)>, const db::ReadOptions& options) override {
        if (options.replica && options.at_least != "0-1-7") return internal_error("stale");
        return {};
    }
    void write(db::WriteRequest, db::WriteFn, db::WriteDone done) override {
        db::WriteOutcome outcome;
        outcome.token = "0-1-7";
        done(std::move(outcome));
    }
    Status migrate(const std::vector<db::Migration>&, const std::vector<db::TableDef>&) override { return {}; }
    db::DatabaseStats stats() const override { return {}; }
    bool has_replicas() const override { return replicas_; }
    void close() override {}

  private:
    const bool& replicas_;
};

TEST(CausalDatabase, a_process_that_sees_no_replicas_yet_or_any_more_tells_those_that_do) {
    ManualClock clock;
    const std::shared_ptr<CausalTokens> tokens = make_memory_causal_tokens();
    bool replicas = false;
    const auto database = make_causal_database(std::make_unique<FakeDatabase>(replicas), tokens, clock);
    const auto write = [&](AccountId account) {
        db::WriteRequest request;
        request.account = account;
        EXPECT_TRUE(database->write_and_wait(std::move(request), [](db::WriteTx&) { return std::string(); }).ok());
        return *tokens->token_of(account);
    };
    EXPECT_EQ(write(1), "0-1-7");  // it has just begun
    clock.advance_s(31);
    EXPECT_EQ(write(2), "");  // there are none, it seems
    replicas = true;
    EXPECT_EQ(write(3), "0-1-7");
    db::ReadOptions options;
    options.replica = true;
    EXPECT_TRUE(database
                    ->read(
                        3, [](db::Tx&) { return Status(); }, options)
                    .ok());
    replicas = false;
    EXPECT_EQ(write(4), "0-1-7");
}

}  // namespace
}  // namespace stoa::cache
