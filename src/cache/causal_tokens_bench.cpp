// What causal reads and writes cost. Needs redis-server; starts one of its own.
#include <benchmark/benchmark.h>
#include <time.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "cache/causal_tokens.hpp"
#include "cache/redis/redis_tokens.hpp"
#include "cache/testing/engines.hpp"

namespace stoa::cache {
namespace {

double cpu_us() {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

fixture::RedisServer& server() {
    static fixture::RedisServer one;
    return one;
}

std::unique_ptr<CausalTokens> reader() {
    auto made = redis::make_redis_tokens(*redis::read_settings(server().url()), 0);
    fixture::eventually([&] { return made->token_of(1).has_value(); });
    return made;
}

CausalTokens& tokens() {
    static const auto made = reader();
    static const bool settled = made->publish_and_wait(1, "0-1-1");  // the list of members is complete now
    (void)settled;
    return *made;
}

/// A process's only cost while nobody writes: renewals, 7 a second, and whatever the counters add.
void look_up(benchmark::State& state) {
    CausalTokens& board = tokens();
    const auto accounts = state.range(0);
    for (AccountId account = 0; account < accounts; ++account)
        board.publish_and_wait(account, "0-1-123456789");
    std::int64_t unknown = 0;
    std::int64_t n = state.thread_index();
    for (auto _ : state)
        unknown += board.token_of(n++ % accounts).has_value() ? 0 : 1;
    state.counters["unknown"] = static_cast<double>(unknown);
}
BENCHMARK(look_up)->ArgName("accounts")->Arg(1)->Arg(100);
BENCHMARK(look_up)->ArgName("accounts")->Arg(100)->Threads(4);

/// One after the other, while so many other readers must hear of it. Their CPU counts, too: they are threads of ours.
void publish(benchmark::State& state) {
    CausalTokens& board = tokens();
    std::vector<std::unique_ptr<CausalTokens>> others;
    for (std::int64_t i = 0; i < state.range(0); ++i)
        others.push_back(reader());
    std::int64_t n = 0;
    const double before = cpu_us();
    for (auto _ : state)
        benchmark::DoNotOptimize(board.publish_and_wait(1, "0-1-" + std::to_string(++n)));
    state.counters["cpu_us"] = (cpu_us() - before) / static_cast<double>(n);
}
BENCHMARK(publish)->ArgName("others")->Arg(0)->Arg(1)->Arg(3)->UseRealTime();

/// Many at once, as writers that share commits make them.
void publish_at_once(benchmark::State& state) {
    CausalTokens& board = tokens();
    const auto other = reader();
    std::int64_t n = 0;
    const double before = cpu_us();
    for (auto _ : state) {
        std::atomic<std::int64_t> left{state.range(0)};
        std::promise<void> all;
        for (std::int64_t i = 0; i < state.range(0); ++i) {
            board.publish(i, "0-1-" + std::to_string(++n), [&](bool) {
                if (--left == 0) all.set_value();
            });
        }
        all.get_future().wait();
    }
    state.counters["cpu_us"] = (cpu_us() - before) / static_cast<double>(n);
}
BENCHMARK(publish_at_once)->ArgName("under_way")->Arg(8)->Arg(64)->UseRealTime();

void in_process(benchmark::State& state) {
    const auto board = make_memory_causal_tokens();
    board->publish_and_wait(1, "0-1-123456789");
    for (auto _ : state)
        benchmark::DoNotOptimize(board->token_of(1));
}
BENCHMARK(in_process);

}  // namespace
}  // namespace stoa::cache
