#include "cache/single_flight.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace stoa::cache {
namespace {

using Flight = SingleFlight<int>;

void sleep_ms(int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

TEST(SingleFlight, many_threads_share_one_load) {
    Flight flight("test");
    std::atomic<int> loads{0};
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            const auto got = flight.run("key", [&]() -> Flight::Loaded {
                ++loads;
                sleep_ms(100);
                return std::make_shared<const int>(7);
            });
            if (got && **got == 7) ++right;
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(loads, 1);
    EXPECT_EQ(right, 8);
}

TEST(SingleFlight, the_next_call_loads_again_and_other_keys_do_not_wait) {
    Flight flight("test");
    const auto load = [](int value) {
        return [value]() -> Flight::Loaded { return std::make_shared<const int>(value); };
    };
    EXPECT_EQ(**flight.run("a", load(1)), 1);
    EXPECT_EQ(**flight.run("a", load(2)), 2);
    const auto nested = flight.run("a", [&]() -> Flight::Loaded { return flight.run("b", load(3)); });
    EXPECT_EQ(**nested, 3);
}

TEST(SingleFlight, an_error_is_shared_too_and_not_kept) {
    Flight flight("test");
    std::atomic<bool> started{false};
    std::thread first([&] {
        (void)flight.run("key", [&]() -> Flight::Loaded {
            started = true;
            sleep_ms(100);
            return not_found("gone");
        });
    });
    while (!started)
        sleep_ms(1);
    const auto second = flight.run("key", [&]() -> Flight::Loaded { return std::make_shared<const int>(1); });
    first.join();
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, Errc::not_found);
    EXPECT_TRUE(flight.run("key", [&]() -> Flight::Loaded { return std::make_shared<const int>(1); }).ok());
}

TEST(SingleFlight, waiting_is_bounded) {
    Flight flight("test");
    std::atomic<bool> started{false};
    std::thread first([&] {
        (void)flight.run("key", [&]() -> Flight::Loaded {
            started = true;
            sleep_ms(200);
            return std::make_shared<const int>(1);
        });
    });
    while (!started)
        sleep_ms(1);
    const auto second = flight.run(
        "key", [&]() -> Flight::Loaded { return std::make_shared<const int>(2); }, 20);
    first.join();
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, Errc::timeout);
}

TEST(SingleFlight, a_load_that_throws_releases_the_key) {
    Flight flight("test");
    EXPECT_THROW((void)flight.run("key", []() -> Flight::Loaded { throw std::runtime_error("broken"); }),
                 std::runtime_error);
    EXPECT_TRUE(flight.run("key", [&]() -> Flight::Loaded { return std::make_shared<const int>(1); }).ok());
}

}  // namespace
}  // namespace stoa::cache
