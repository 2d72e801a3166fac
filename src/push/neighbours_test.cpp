// Who is dead, and when that is not known.

#include "push/neighbours.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "push/limits.hpp"

namespace stoa::push {
namespace {

using Names = std::vector<std::string>;

class NeighboursTest : public ::testing::Test {
  protected:
    /// Moves on as a program does that ticks once a second.
    Names after_s(int seconds) {
        for (int i = 0; i < seconds; ++i) {
            now_us_ += 1'000'000;
            neighbours_.tick(now_us_);
        }
        return neighbours_.silent(now_us_);
    }
    std::unique_ptr<bus::Bus> bus_ = bus::make_memory_bus();
    Neighbours neighbours_{*bus_, {}};
    std::int64_t now_us_ = system_clock().monotonic_us() + 60'000'000;
};

TEST_F(NeighboursTest, who_is_not_heard_for_ten_seconds_is_dead_until_it_is_heard_again) {
    after_s(1);
    neighbours_.heard("b", now_us_);
    EXPECT_EQ(after_s(10), Names{});
    EXPECT_EQ(after_s(1), Names{"b"});
    neighbours_.heard("b", now_us_);
    EXPECT_EQ(after_s(1), Names{});
    neighbours_.heard(neighbours_.self(), now_us_);
    EXPECT_EQ(after_s(20), Names{"b"}) << "it is none of its own neighbours";
    EXPECT_EQ(after_s(700), Names{}) << "it is forgotten";
}

TEST_F(NeighboursTest, a_process_that_stood_still_takes_nobody_for_dead) {
    after_s(1);
    neighbours_.heard("b", now_us_);
    now_us_ += 60'000'000;  // stopped, or its machine was
    EXPECT_EQ(after_s(1), Names{});
    EXPECT_EQ(after_s(9), Names{});
    EXPECT_EQ(after_s(2), Names{"b"}) << "by now it would have been heard";
}

TEST_F(NeighboursTest, so_many_are_watched) {
    after_s(1);
    for (std::size_t i = 0; i <= limits::push_neighbours_max; ++i)
        neighbours_.heard("n" + std::to_string(i), now_us_);
    EXPECT_EQ(after_s(11).size(), limits::push_neighbours_max);
}

}  // namespace
}  // namespace stoa::push
