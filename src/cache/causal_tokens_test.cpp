#include "cache/causal_tokens.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "base/limits.hpp"
#include "base/metrics.hpp"
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
    return tokens.tokens_of_and_wait(999'999).has_value();
}

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
    EXPECT_EQ(tokens.tokens_of_and_wait(1), Token(""));
    EXPECT_TRUE(tokens.publish_and_wait(1, "0-1-100"));
    EXPECT_EQ(tokens.tokens_of_and_wait(1), Token("0-1-100"));
    EXPECT_TRUE(tokens.publish_and_wait(1, "0-1-99"));
    EXPECT_EQ(tokens.tokens_of_and_wait(1), Token("0-1-100"));
    EXPECT_TRUE(tokens.publish_and_wait(1, "0-2-101,5-1-1"));
    EXPECT_EQ(tokens.tokens_of_and_wait(1), Token("0-2-101,5-1-1"));
    EXPECT_TRUE(tokens.publish_and_wait(1, "5-1-18446744073709551615,2-1-3,5-1-4"));
    EXPECT_TRUE(tokens.publish_and_wait(1, "5-9-18446744073709551614"));
    EXPECT_EQ(tokens.tokens_of_and_wait(1), Token("0-2-101,2-1-3,5-1-18446744073709551615"));
    EXPECT_EQ(tokens.tokens_of_and_wait(2), Token(""));
    EXPECT_TRUE(tokens.publish_and_wait(2, ""));
    EXPECT_FALSE(tokens.publish_and_wait(2, "no token"));
    EXPECT_EQ(tokens.tokens_of_and_wait(2), Token(""));
}

TEST(MemoryCausalTokens, keep_the_newest) {
    keeps_the_newest(*make_memory_causal_tokens());
}

TEST(MemoryCausalTokens, end_after_a_minute_and_leave_no_memory) {
    ManualClock clock;
    const auto tokens = make_memory_causal_tokens(clock);
    EXPECT_TRUE(tokens->publish_and_wait(1, "0-1-5"));
    clock.advance_s(59);
    EXPECT_EQ(tokens->tokens_of_and_wait(1), Token("0-1-5"));
    clock.advance_s(2);
    EXPECT_EQ(tokens->tokens_of_and_wait(1), Token(""));
    EXPECT_TRUE(tokens->publish_and_wait(1, "0-1-4"));  // what has ended does not count
    EXPECT_EQ(tokens->tokens_of_and_wait(1), Token("0-1-4"));
}

TEST(RedisCausalTokens, keep_the_newest) {
    fixture::RedisServer server;
    const auto tokens = on(server.url());
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }));
    keeps_the_newest(*tokens);
    EXPECT_GE(std::stoi(server.ask({"TTL", "ct1:1"})), 55);
    EXPECT_LE(std::stoi(server.ask({"TTL", "ct1:1"})), 60);
}

TEST(RedisCausalTokens, what_one_process_published_the_others_know_at_once) {
    fixture::RedisServer server;
    std::vector<std::unique_ptr<CausalTokens>> nodes;
    for (int i = 0; i < 3; ++i) {
        nodes.push_back(on(server.url()));
        ASSERT_TRUE(eventually([&] { return knows(*nodes.back()); }));
    }
    std::vector<std::thread> sessions;
    std::atomic<int> stale{0};
    std::atomic<int> checked{0};
    for (int session = 0; session < 6; ++session) {
        sessions.emplace_back([&, session] {
            for (int i = 1; i <= 500; ++i) {
                const std::string token = "0-1-" + std::to_string(i);
                if (!nodes[static_cast<std::size_t>(i) % 3]->publish_and_wait(session, token)) continue;
                const Token seen = nodes[static_cast<std::size_t>(i + session) % 3]->tokens_of_and_wait(session);
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
    const auto tokens = on(server.url(), 300);
    EXPECT_TRUE(eventually([&] { return tokens->publish_and_wait(1, "0-1-1"); }));
    EXPECT_FALSE(knows(*tokens));
    EXPECT_TRUE(eventually([&] { return knows(*tokens); }, 30'000));
    EXPECT_EQ(tokens->tokens_of_and_wait(1), Token("0-1-1"));
}

TEST(RedisCausalTokens, of_a_dead_store_nothing_is_known_and_tokens_wait_for_its_return) {
    fixture::RedisServer server;
    const auto tokens = on(server.url(), 5'000);
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }, 30'000));
    server.process().kill();
    EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-7"));
    EXPECT_FALSE(knows(*tokens));
    EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-9"));
    EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-8"));
    for (int i = 0; i < 10'000; ++i)  // none of them waits for the store
        EXPECT_FALSE(knows(*tokens));
    server.restart();
    EXPECT_TRUE(eventually([&] { return server.ask({"GET", "ct1:1"}) == "0-1-9"; }, 30'000));
    EXPECT_FALSE(knows(*tokens));  // back for less than the doubt
    EXPECT_TRUE(eventually([&] { return knows(*tokens); }, 30'000));
    EXPECT_EQ(tokens->tokens_of_and_wait(1), Token("0-1-9"));
}

TEST(RedisCausalTokens, a_frozen_store_holds_nobody_up) {
    fixture::RedisServer server;
    const auto tokens = on(server.url(), 200);
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }));
    server.process().freeze();
    EXPECT_LT(ms_of([&] { EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-1")); }), 2'000);
    EXPECT_LT(ms_of([&] { EXPECT_FALSE(knows(*tokens)); }), 2'000);
    EXPECT_LT(ms_of([&] { EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-2")); }), 2'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_LT(ms_of([&] { EXPECT_FALSE(knows(*tokens)); }), 10);
    server.process().thaw();
    EXPECT_TRUE(eventually([&] { return knows(*tokens); }, 5'000));
    EXPECT_EQ(tokens->tokens_of_and_wait(1), Token("0-1-2"));
}

TEST(RedisCausalTokens, a_store_that_was_emptied_is_noticed) {
    fixture::RedisServer server;
    const auto one = on(server.url(), 300);
    const auto other = on(server.url(), 300);
    ASSERT_TRUE(eventually([&] { return knows(*one) && knows(*other); }));
    EXPECT_TRUE(one->publish_and_wait(1, "0-1-1"));
    server.ask({"FLUSHALL"});
    EXPECT_EQ(other->tokens_of_and_wait(1), std::nullopt);
    EXPECT_TRUE(eventually([&] { return knows(*other); }, 30'000));
    EXPECT_EQ(one->tokens_of_and_wait(1), std::nullopt);  // it looked later, and finds another epoch than its own
    EXPECT_TRUE(eventually([&] { return knows(*one); }, 30'000));
}

TEST(RedisCausalTokens, a_forgotten_script_is_loaded_again) {
    fixture::RedisServer server;
    const auto tokens = on(server.url());
    ASSERT_TRUE(eventually([&] { return tokens->publish_and_wait(1, "0-1-1"); }));
    server.ask({"SCRIPT", "FLUSH"});
    EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-2"));
    EXPECT_TRUE(eventually([&] { return server.ask({"GET", "ct1:1"}) == "0-1-2"; }, 30'000));
    EXPECT_TRUE(eventually([&] { return tokens->publish_and_wait(1, "0-1-3"); }, 30'000));
}

TEST(RedisCausalTokens, a_store_that_refuses_writes_is_asked_again_in_peace) {
    fixture::RedisServer server(fixture::RedisOptions{"", 0, {"--min-replicas-to-write", "1"}});
    const auto tokens = on(server.url(), 200);
    EXPECT_FALSE(knows(*tokens));  // it cannot even join the epoch
    server.ask({"CONFIG", "SET", "min-replicas-to-write", "0"});
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }, 5'000));
    server.ask({"CONFIG", "SET", "min-replicas-to-write", "1"});
    Counter& round_trips = counter("stoa_causal_round_trips_total", "");
    const auto before = round_trips.value();
    EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-1"));
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    EXPECT_LT(round_trips.value() - before, 20);
    server.ask({"CONFIG", "SET", "min-replicas-to-write", "0"});
    EXPECT_TRUE(eventually([&] { return server.ask({"GET", "ct1:1"}) == "0-1-1"; }, 30'000));
}

TEST(RedisCausalTokens, a_failover_is_followed_with_doubt) {
    fixture::RedisGroup group(1);
    const auto tokens = on(group.url(), 1'000);
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }));
    EXPECT_TRUE(tokens->publish_and_wait(1, "0-1-1"));
    group.server(0).process().kill();
    EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-2"));
    EXPECT_EQ(tokens->tokens_of_and_wait(1), std::nullopt);
    EXPECT_TRUE(eventually([&] { return group.server(1).ask({"GET", "ct1:1"}) == "0-1-2"; }, 20'000));
    EXPECT_EQ(tokens->tokens_of_and_wait(1), std::nullopt);
    EXPECT_FALSE(tokens->publish_and_wait(1, "0-1-3"));  // others may not have noticed the switch yet
    EXPECT_TRUE(eventually([&] { return tokens->publish_and_wait(1, "0-1-4"); }, 30'000));
    EXPECT_TRUE(eventually([&] { return tokens->tokens_of_and_wait(1) == Token("0-1-4"); }, 30'000));
}

TEST(RedisCausalTokens, a_store_that_evicts_is_warned_of) {
    fixture::RedisServer server(
        fixture::RedisOptions{"", 0, {"--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru"}});
    ::testing::internal::CaptureStderr();
    const auto tokens = on(server.url());
    EXPECT_TRUE(eventually([&] { return knows(*tokens); }));
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("causal_tokens_may_be_evicted"), std::string::npos);
}

TEST(RedisCausalTokens, look_ups_over_the_limit_are_answered_at_once_with_unknown) {
    fixture::RedisServer server;
    const auto tokens = on(server.url());
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }));
    std::promise<void> go_on;
    std::atomic<bool> held{false};
    tokens->tokens_of(1, [&, future = std::make_shared<std::future<void>>(go_on.get_future())](const Token&) {
        held = true;
        future->wait();  // the thread that would send the others
    });
    ASSERT_TRUE(eventually([&] { return held.load(); }));
    std::atomic<std::size_t> known{0};
    std::atomic<std::size_t> unknown{0};
    const auto count = [&](const Token& token) { ++(token ? known : unknown); };
    for (std::size_t i = 0; i < limits::causal_lookups_max; ++i)
        tokens->tokens_of(1, count);
    EXPECT_EQ(unknown, 0U);
    tokens->tokens_of(1, count);
    EXPECT_EQ(unknown, 1U);
    go_on.set_value();
    EXPECT_TRUE(eventually([&] { return known == limits::causal_lookups_max; }));
}

TEST(RedisCausalTokens, what_waits_is_answered_when_the_program_ends) {
    fixture::RedisServer server;
    std::atomic<int> answers{0};
    auto tokens = on(server.url());
    ASSERT_TRUE(eventually([&] { return knows(*tokens); }));
    server.process().freeze();
    for (int i = 0; i < 10; ++i) {
        tokens->tokens_of(1, [&](const Token&) { ++answers; });
        tokens->publish(1, "0-1-1", [&](bool) { ++answers; });
    }
    tokens.reset();
    EXPECT_EQ(answers, 20);
    server.process().thaw();
}

}  // namespace
}  // namespace stoa::cache
