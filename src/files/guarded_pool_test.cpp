#include "files/guarded_pool.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/testing/engine_process.hpp"
#include "files/testing/waiting_store.hpp"

namespace stoa::files {
namespace {

using fixture::eventually;
using testing::begin;
using testing::Pending;
using testing::timed;

/// What hangs as a dead mount does, until it is let go.
class Gate {
  public:
    ~Gate() { release(); }
    void wait() {
        std::unique_lock lock(mutex_);
        ++waiting_;
        opened_.wait(lock, [&] { return open_; });
        --waiting_;
    }
    void release() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        opened_.notify_all();
    }
    int waiting() {
        const std::lock_guard lock(mutex_);
        return waiting_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool open_ = false;
    int waiting_ = 0;
};

/// A pool over a "store" that is well, hangs at its gate or is down.
struct Fixture {
    explicit Fixture(int workers = 2, std::size_t queue_max = 4, int queue_wait_ms = 10'000) {
        GuardedPool::Options options;
        options.name = "test";
        options.workers = workers;
        options.threads_max = workers + 3;
        options.queue_max = queue_max;
        options.queue_wait_ms = queue_wait_ms;
        options.stall_ms = 300;
        options.close_ms = 1'000;
        options.probe = [state = state](Beat& beat) {
            ++state->probes;
            if (state->probe_hangs) state->gate.wait();
            if (!state->down) return Status();
            beat.store_is_down();
            return Status(Error{Errc::unavailable, "down"});
        };
        pool = std::make_unique<GuardedPool>(std::move(options));
    }

    struct State {
        Gate gate;
        std::atomic<bool> probe_hangs{false};
        std::atomic<bool> down{false};
        std::atomic<int> probes{0};
    };

    Pending<int> run(std::function<Result<int>(Beat&)> work) {
        return begin<int>([&](auto done) { pool->submit<int>(std::move(work), std::move(done)); });
    }
    Pending<int> quick() {
        return run([](Beat&) -> Result<int> { return 7; });
    }
    Pending<int> hanging() {
        return run([state = state](Beat&) -> Result<int> {
            state->gate.wait();
            return 1;
        });
    }
    Pending<int> failing() {
        return run([](Beat& beat) -> Result<int> {
            beat.store_is_down();
            return Error{Errc::unavailable, "down"};
        });
    }

    std::shared_ptr<State> state = std::make_shared<State>();
    std::unique_ptr<GuardedPool> pool;
};

TEST(GuardedPool, gives_each_operation_its_own_answer) {
    Fixture f(2, 100);
    std::vector<Pending<int>> pending;
    pending.reserve(100);
    for (int i = 0; i < 100; ++i)
        pending.push_back(f.run([i](Beat&) -> Result<int> { return i; }));
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(pending[static_cast<std::size_t>(i)].get().value_or(-1), i);
}

TEST(GuardedPool, queues_up_to_its_limit_and_refuses_one_more) {
    Fixture f(1, 4);
    Gate gate;
    auto running = f.run([&](Beat& beat) -> Result<int> {
        while (gate.waiting() == 0 && !beat.abandoned()) {
            beat.beat();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return 0;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::vector<Pending<int>> waiting;
    waiting.reserve(4);
    for (int i = 0; i < 4; ++i)
        waiting.push_back(f.quick());
    const auto refused = f.quick().get();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::busy);
    EXPECT_GT(refused.error().retry_after_s, 0);
    std::thread opener([&] { gate.wait(); });
    for (auto& each : waiting)
        EXPECT_TRUE(each.get().ok());
    gate.release();
    opener.join();
    EXPECT_TRUE(running.get().ok());
}

TEST(GuardedPool, refuses_what_waited_too_long_for_a_worker) {
    Fixture f(1, 4, 200);
    std::atomic<bool> end{false};
    auto running = f.run([&](Beat& beat) -> Result<int> {
        while (!end) {
            beat.beat();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return 0;
    });
    const auto [late, ms] = timed([&] { return f.quick().get(); });
    EXPECT_FALSE(late.ok());
    EXPECT_EQ(late.error().code, Errc::busy);
    EXPECT_GE(ms, 150);
    EXPECT_LT(ms, 1'000);
    end = true;
    EXPECT_TRUE(running.get().ok()) << "it made progress all the time";
    EXPECT_FALSE(f.pool->breaker_open());
}

TEST(GuardedPool, answers_the_caller_although_the_worker_hangs) {
    Fixture f;
    const auto [result, ms] = timed([&] { return f.hanging().get(); });
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Errc::unavailable);
    EXPECT_GT(result.error().retry_after_s, 0);
    EXPECT_GE(ms, 290);
    EXPECT_LT(ms, 1'000);
    EXPECT_EQ(f.pool->stuck_workers(), 1);
    EXPECT_FALSE(f.pool->breaker_open()) << "the probe says that the store is well";
    EXPECT_TRUE(f.quick().get().ok());
    f.state->gate.release();
    EXPECT_TRUE(eventually([&] { return f.pool->stuck_workers() == 0; }));
}

TEST(GuardedPool, tells_an_operation_that_it_was_given_up) {
    Fixture f;
    auto state = f.state;
    std::atomic<int> told{-1};
    auto pending = f.run([&, state](Beat& beat) -> Result<int> {
        state->gate.wait();
        told = beat.abandoned() ? 1 : 0;
        return 1;
    });
    EXPECT_FALSE(pending.get().ok());
    f.state->gate.release();
    EXPECT_TRUE(eventually([&] { return told == 1; }));
}

TEST(GuardedPool, opens_when_two_hang_refuses_at_once_and_recovers_by_itself) {
    Fixture f;
    f.state->probe_hangs = true;
    auto first = f.hanging();
    auto second = f.hanging();
    auto third = f.quick();  // waits behind them
    EXPECT_FALSE(first.get().ok());
    EXPECT_FALSE(second.get().ok());
    const auto waited = third.get();
    ASSERT_FALSE(waited.ok());
    EXPECT_EQ(waited.error().code, Errc::unavailable);
    EXPECT_TRUE(f.pool->breaker_open());
    const auto [refused, ms] = timed([&] { return f.quick().get(); });
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_LT(ms, 50);
    f.state->probe_hangs = false;
    f.state->gate.release();
    EXPECT_TRUE(eventually([&] { return !f.pool->breaker_open(); }));
    EXPECT_TRUE(f.quick().get().ok());
    EXPECT_TRUE(eventually([&] { return f.pool->stuck_workers() == 0; }));
}

TEST(GuardedPool, opens_when_one_hangs_and_the_probe_does_too) {
    Fixture f;
    f.state->probe_hangs = true;
    EXPECT_FALSE(f.hanging().get().ok());
    EXPECT_TRUE(eventually([&] { return f.pool->breaker_open(); }, 2'000));
}

TEST(GuardedPool, loses_no_more_threads_to_probes_than_it_may) {
    Fixture f;
    f.state->probe_hangs = true;
    (void)f.hanging().get();
    ASSERT_TRUE(eventually([&] { return f.pool->breaker_open(); }, 2'000));
    std::this_thread::sleep_for(std::chrono::milliseconds(3'500));
    EXPECT_GE(f.state->probes, 2);
    EXPECT_LE(f.state->probes, limits::file_probes_max);
    EXPECT_EQ(f.state->gate.waiting(), f.state->probes + 1);
}

TEST(GuardedPool, replaces_threads_that_hang_in_what_the_store_was_before) {
    Fixture f(2);
    auto first = f.hanging();
    auto second = f.hanging();
    EXPECT_FALSE(first.get().ok());
    EXPECT_FALSE(second.get().ok());
    ASSERT_TRUE(eventually([&] { return !f.pool->breaker_open(); })) << "the probe found the store well";
    EXPECT_EQ(f.pool->stuck_workers(), 2);
    EXPECT_TRUE(f.quick().get().ok());
}

TEST(GuardedPool, stays_closed_to_everybody_when_no_thread_is_left) {
    Fixture f(2);  // five threads at most
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(eventually([&] { return !f.pool->breaker_open(); }));
        EXPECT_FALSE(f.hanging().get().ok());
    }
    EXPECT_TRUE(eventually([&] { return f.pool->breaker_open(); }));
    EXPECT_EQ(f.pool->stuck_workers(), 5);
    EXPECT_EQ(f.quick().get().error().code, Errc::unavailable);
    f.state->gate.release();
    EXPECT_TRUE(eventually([&] { return !f.pool->breaker_open(); }));
    EXPECT_TRUE(f.quick().get().ok());
}

TEST(GuardedPool, opens_when_the_store_is_down_and_closes_when_it_is_back) {
    Fixture f;
    f.state->down = true;
    EXPECT_EQ(f.failing().get().error().message, "down");
    EXPECT_TRUE(eventually([&] { return f.pool->breaker_open(); })) << "by the probe";
    EXPECT_EQ(f.quick().get().error().code, Errc::unavailable);
    f.state->down = false;
    EXPECT_TRUE(eventually([&] { return !f.pool->breaker_open(); }));
    EXPECT_TRUE(f.quick().get().ok());
}

TEST(GuardedPool, starts_with_a_store_that_hangs_is_down_or_is_no_store) {
    {
        Fixture f;
        f.state->probe_hangs = true;
        const auto [started, ms] = timed([&] { return f.pool->start(); });
        EXPECT_TRUE(started.ok());
        EXPECT_LT(ms, 1'000);
        EXPECT_TRUE(f.pool->breaker_open());
        f.state->probe_hangs = false;
        f.state->gate.release();
        EXPECT_TRUE(eventually([&] { return !f.pool->breaker_open(); }));
    }
    {
        Fixture f;
        f.state->down = true;
        EXPECT_TRUE(f.pool->start().ok());
        EXPECT_TRUE(f.pool->breaker_open());
    }
    GuardedPool::Options options;
    options.name = "test";
    options.probe = [](Beat&) -> Status { return invalid("no such folder"); };
    GuardedPool pool(std::move(options));
    EXPECT_EQ(pool.start().error().message, "no such folder");
}

TEST(GuardedPool, believes_the_answer_of_a_probe_that_also_had_trouble) {
    GuardedPool::Options options;
    options.name = "test";
    options.probe = [](Beat& beat) -> Status {
        beat.store_is_down();
        return {};
    };
    GuardedPool pool(std::move(options));
    EXPECT_TRUE(pool.start().ok());
    EXPECT_FALSE(pool.breaker_open());
}

TEST(GuardedPool, answers_internal_when_an_operation_throws) {
    Fixture f;
    const auto result = f.run([](Beat&) -> Result<int> { throw std::runtime_error("bad"); }).get();
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Errc::internal);
    EXPECT_TRUE(f.quick().get().ok());
}

TEST(GuardedPool, closes_after_what_runs_and_leaves_behind_what_hangs) {
    Fixture f(2, 10);
    std::vector<Pending<int>> pending;
    pending.reserve(10);
    for (int i = 0; i < 10; ++i) {
        pending.push_back(f.run([](Beat&) -> Result<int> {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            return 1;
        }));
    }
    f.pool->close();
    for (auto& each : pending)
        EXPECT_TRUE(each.get().ok());
    EXPECT_EQ(f.quick().get().error().code, Errc::unavailable);
    f.pool->close();

    Fixture hung;
    auto one = hung.hanging();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto [nothing, ms] = timed([&] { return hung.pool->close(), 0; });
    EXPECT_LT(ms, 2'000);
    EXPECT_FALSE(one.get().ok());
    hung.pool.reset();  // its thread is still inside
    hung.state->gate.release();
}

TEST(GuardedPool, gives_up_at_its_end_what_would_run_for_ever) {
    Fixture f;
    auto endless = f.run([](Beat& beat) -> Result<int> {
        while (!beat.abandoned()) {
            beat.beat();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return 1;
    });
    const auto [nothing, ms] = timed([&] { return f.pool->close(), 0; });
    EXPECT_GE(ms, 900);
    EXPECT_LT(ms, 2'000);
    EXPECT_EQ(endless.get().error().code, Errc::unavailable);
}

}  // namespace
}  // namespace stoa::files
