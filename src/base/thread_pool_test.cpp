#include "base/thread_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>

#include "base/log.hpp"
#include "base/metrics.hpp"

namespace stoa {
namespace {

TEST(ThreadPool, runs_what_is_posted_and_drains_on_stop) {
    std::atomic<int> done{0};
    ThreadPool pool("drain", 3, 1000);
    for (int i = 0; i < 500; ++i)
        ASSERT_TRUE(pool.post([&] { ++done; }));
    pool.stop();
    EXPECT_EQ(done, 500);
    EXPECT_FALSE(pool.post([&] { ++done; }));
    pool.stop();
    EXPECT_EQ(done, 500);
}

TEST(ThreadPool, refuses_exactly_above_its_queue_limit) {
    ThreadPool pool("full", 1, 2);
    std::promise<void> started, gate;
    ASSERT_TRUE(pool.post([&] {
        started.set_value();
        gate.get_future().wait();
    }));
    started.get_future().wait();
    EXPECT_TRUE(pool.post([] {}));
    EXPECT_TRUE(pool.post([] {}));
    EXPECT_FALSE(pool.post([] {}));
    EXPECT_EQ(pool.queue_length(), 2U);
    EXPECT_EQ(counter("stoa_pool_refused_total", "", {{"pool", "full"}}).value(), 1U);
    EXPECT_EQ(gauge("stoa_pool_queue_length", "", {{"pool", "full"}}).value(), 2);
    gate.set_value();
    pool.stop();
    EXPECT_EQ(gauge("stoa_pool_queue_length", "", {{"pool", "full"}}).value(), 0);
}

TEST(ThreadPool, survives_tasks_that_throw) {
    log::configure(log::Level::off, log::Format::logfmt);
    std::atomic<int> done{0};
    ThreadPool pool("throws", 1, 10);
    ASSERT_TRUE(pool.post([] { throw std::runtime_error("broken"); }));
    ASSERT_TRUE(pool.post([] { throw 5; }));
    ASSERT_TRUE(pool.post([&] { ++done; }));
    pool.stop();
    log::configure(log::Level::info, log::Format::logfmt);
    EXPECT_EQ(done, 1);
    EXPECT_EQ(counter("stoa_pool_failed_total", "", {{"pool", "throws"}}).value(), 2U);
}

TEST(ThreadPool, takes_posts_from_many_threads_while_it_stops) {
    std::atomic<int> accepted{0}, done{0};
    ThreadPool pool("race", 2, 64);
    std::vector<std::thread> posters;
    for (int i = 0; i < 4; ++i) {
        posters.emplace_back([&] {
            for (int n = 0; n < 2000; ++n)
                accepted += pool.post([&] { ++done; });
        });
    }
    pool.stop();
    for (auto& poster : posters)
        poster.join();
    EXPECT_EQ(accepted, done);
}

}  // namespace
}  // namespace stoa
