// What causal reads cost: CPU of this process per look-up (all threads), against how many are under way at once.
// Needs redis-server; starts one of its own.
#include <benchmark/benchmark.h>
#include <time.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

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

CausalTokens& tokens() {
    static fixture::RedisServer server;
    static const auto made = redis::make_redis_tokens(*redis::read_settings(server.url()), 0);
    static const bool ready = fixture::eventually([] { return made->tokens_of_and_wait(1).has_value(); });
    (void)ready;
    return *made;
}

/// Counts what is under way, so that `limit` are at any moment.
class Window {
  public:
    explicit Window(int limit) : limit_(limit) {}
    void enter() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return inside_ < limit_; });
        ++inside_;
    }
    void leave() {
        const std::lock_guard lock(mutex_);
        if (--inside_ <= limit_ / 2) changed_.notify_one();
    }
    void drain() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return inside_ == 0; });
    }

  private:
    const int limit_;
    std::mutex mutex_;
    std::condition_variable changed_;
    int inside_ = 0;
};

void look_ups(benchmark::State& state) {
    CausalTokens& board = tokens();
    const auto accounts = state.range(1);
    for (AccountId account = 0; account < accounts; ++account)
        board.publish_and_wait(account, "0-1-123456789");
    Window window(static_cast<int>(state.range(0)));
    std::atomic<std::int64_t> unknown{0};
    std::int64_t n = 0;
    const double before = cpu_us();
    for (auto _ : state) {
        window.enter();
        board.tokens_of(n++ % accounts, [&](const std::optional<std::string>& token) {
            if (!token) ++unknown;
            window.leave();
        });
    }
    window.drain();
    state.counters["cpu_us"] = (cpu_us() - before) / static_cast<double>(n);
    state.counters["unknown"] = static_cast<double>(unknown);
    state.SetItemsProcessed(n);
}
BENCHMARK(look_ups)->ArgNames({"under_way", "accounts"})->ArgsProduct({{1, 8, 64, 512}, {1, 100}})->UseRealTime();

void publish(benchmark::State& state) {
    CausalTokens& board = tokens();
    std::int64_t n = 0;
    const double before = cpu_us();
    for (auto _ : state)
        benchmark::DoNotOptimize(board.publish_and_wait(1, "0-1-" + std::to_string(++n)));
    state.counters["cpu_us"] = (cpu_us() - before) / static_cast<double>(n);
}
BENCHMARK(publish)->UseRealTime();

void in_process(benchmark::State& state) {
    const auto board = make_memory_causal_tokens();
    board->publish_and_wait(1, "0-1-123456789");
    for (auto _ : state)
        board->tokens_of(1, [](const std::optional<std::string>& token) { benchmark::DoNotOptimize(token); });
}
BENCHMARK(in_process);

}  // namespace
}  // namespace stoa::cache
