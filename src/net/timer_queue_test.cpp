#include "net/timer_queue.hpp"

#include <gtest/gtest.h>

#include <string>

namespace stoa::net {
namespace {

std::string run_due(TimerQueue& timers, std::int64_t now_us, std::string& said) {
    said.clear();
    while (const auto task = timers.take_due(now_us))
        (*task)();
    return said;
}

TEST(TimerQueue, gives_what_is_due_nearest_first) {
    TimerQueue timers;
    std::string said;
    timers.add(3'000, [&] { said += "c"; });
    timers.add(1'000, [&] { said += "a"; });
    timers.add(2'000, [&] { said += "b"; });
    EXPECT_EQ(run_due(timers, 999, said), "");
    EXPECT_EQ(run_due(timers, 2'000, said), "ab");
    EXPECT_EQ(run_due(timers, 9'000, said), "c");
}

TEST(TimerQueue, of_equal_times_the_older_one_comes_first) {
    TimerQueue timers;
    std::string said;
    for (const char* const name : {"1", "2", "3", "4"})
        timers.add(5, [&said, name] { said += name; });
    EXPECT_EQ(run_due(timers, 5, said), "1234");
}

TEST(TimerQueue, repeats_from_the_moment_at_which_it_ran) {
    TimerQueue timers;
    std::string said;
    timers.add(
        1'000, [&] { said += "x"; }, 1'000);
    EXPECT_EQ(run_due(timers, 5'500, said), "x") << "what was missed is not made up for";
    EXPECT_EQ(run_due(timers, 6'499, said), "");
    EXPECT_EQ(run_due(timers, 6'500, said), "x");
}

TEST(TimerQueue, says_how_long_to_wait_rounded_up) {
    TimerQueue timers;
    EXPECT_EQ(timers.wait_ms(0), std::nullopt);
    timers.add(1'500, [] {});
    EXPECT_EQ(timers.wait_ms(0), 2);
    EXPECT_EQ(timers.wait_ms(500), 1);
    EXPECT_EQ(timers.wait_ms(1'500), 0);
    EXPECT_EQ(timers.wait_ms(90'000), 0);
    timers.clear();
    EXPECT_EQ(timers.wait_ms(0), std::nullopt);
}

}  // namespace
}  // namespace stoa::net
