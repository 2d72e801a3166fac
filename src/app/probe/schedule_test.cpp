#include "app/probe/schedule.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace stoa::app::probe {
namespace {

constexpr int kFiveMinutesMs = 300'000;

std::string text_of(const std::vector<Blow>& blows) {
    std::string out;
    for (const Blow& blow : blows) {
        out += std::to_string(blow.at_ms) + " " + blow.layer + " " + std::string(to_string(blow.harm)) + " " +
               std::to_string(blow.victim) + " " + std::to_string(blow.leader) + " " + std::to_string(blow.for_ms) +
               "\n";
    }
    return out;
}

TEST(Schedule, is_the_same_for_the_same_seed) {
    EXPECT_EQ(text_of(make_schedule(7, kFiveMinutesMs)), text_of(make_schedule(7, kFiveMinutesMs)));
    EXPECT_NE(text_of(make_schedule(7, kFiveMinutesMs)), text_of(make_schedule(8, kFiveMinutesMs)));
}

TEST(Schedule, hits_a_layer_once_at_a_time_and_leaves_the_end_quiet) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        std::map<std::string, int> free_from_ms;
        int before_ms = 0;
        for (const Blow& blow : make_schedule(seed, kFiveMinutesMs)) {
            EXPECT_GE(blow.at_ms, before_ms);
            EXPECT_GT(blow.at_ms, free_from_ms[blow.layer]) << blow.layer;
            EXPECT_LT(blow.at_ms, kFiveMinutesMs - 20'000);
            EXPECT_GE(blow.for_ms, 500);
            before_ms = blow.at_ms;
            free_from_ms[blow.layer] = blow.at_ms + blow.for_ms;
        }
    }
}

TEST(Schedule, does_everything_to_everybody_in_the_long_run) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        for (const Blow& blow : make_schedule(seed, kFiveMinutesMs))
            seen.insert(blow.layer + " " + std::string(to_string(blow.harm)));
    }
    EXPECT_EQ(seen.size(), 38U);
}

TEST(Schedule, is_empty_when_there_is_no_time) {
    EXPECT_TRUE(make_schedule(1, 20'000).empty());
}

}  // namespace
}  // namespace stoa::app::probe
