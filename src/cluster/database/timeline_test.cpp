#include "cluster/database/timeline.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/file_util.hpp"
#include "base/testing/engine_process.hpp"

namespace stoa::cluster::database {
namespace {

std::vector<OpenTime> times_of(const std::string& a, const std::string& b, std::vector<std::int64_t> ends_us) {
    auto all = read_timeline("db1", a, ends_us);
    const auto other = read_timeline("db2", b, ends_us);
    EXPECT_TRUE(all.ok() && other.ok());
    all->insert(all->end(), other->begin(), other->end());
    return *all;
}

TEST(Timeline, one_after_the_other_is_well) {
    const auto times = times_of("10 opened 5\n20 closed 5\n40 opened 9\n", "25 opened 7\n39 closed 7\n", {5, 50});
    ASSERT_EQ(times.size(), 3U);
    EXPECT_EQ(times[1].to_us, 50);
    EXPECT_EQ(two_open(times), std::nullopt);
}

TEST(Timeline, two_at_one_instant_are_told) {
    const auto both = two_open(times_of("10 opened 5\n30 closed 5\n", "29 opened 7\n39 closed 7\n", {}));
    ASSERT_TRUE(both.has_value());
    EXPECT_NE(both->find("db1 (epoch 5)"), std::string::npos);
    // A short one inside of a long one, with another between.
    EXPECT_TRUE(two_open(times_of("10 opened 5\n99 closed 5\n", "50 opened 7\n51 closed 7\n", {})).has_value());
}

TEST(Timeline, what_nobody_closed_ends_when_the_caller_says) {
    EXPECT_EQ(two_open(times_of("10 opened 5\n", "31 opened 7\n40 closed 7\n", {31})), std::nullopt);
    EXPECT_TRUE(two_open(times_of("10 opened 5\n", "31 opened 7\n40 closed 7\n", {32})).has_value());
    EXPECT_TRUE(two_open(times_of("10 opened 5\n", "31 opened 7\n40 closed 7\n", {})).has_value());
    EXPECT_EQ(two_open(times_of("10 opened 5\n50 opened 9\n", "31 opened 7\n40 closed 7\n", {20, 60})), std::nullopt);
}

TEST(Timeline, the_watchdogs_word_beside_the_agents_counts_once_and_a_cut_line_not) {
    const auto times = read_timeline("db1", "10 opened 5\n20 closed 5\n21 closed 5\n30 opened 8\n31 closed 5\n4", {40});
    ASSERT_TRUE(times.ok());
    ASSERT_EQ(times->size(), 2U);
    EXPECT_EQ(times->at(0).to_us, 20);
    EXPECT_EQ(times->at(1).to_us, 40);
    EXPECT_FALSE(read_timeline("db1", "10 paused 5\n", {}).ok());
}

TEST(Timeline, what_is_written_can_be_read_and_the_file_stays_small) {
    fixture::TempDir dir;
    const auto path = dir.path("timeline");
    Timeline timeline(path);
    timeline.closed(1);  // it is not open
    timeline.opened(5, 10);
    timeline.closed(20);
    EXPECT_EQ(*read_file(path, 1'000), "10 opened 5\n");
    timeline.flush();
    EXPECT_EQ(*read_file(path, 1'000), "10 opened 5\n20 closed 5\n");
    std::ofstream(path, std::ios::app) << std::string(Timeline::kBytesMax, '\n');
    timeline.opened(7, 30);
    EXPECT_EQ(*read_file(path, 1'000), "30 opened 7\n");
    Timeline next(path);
    next.found_open(9, 40);
    next.closed(50);
    next.flush();
    EXPECT_EQ(*read_file(path, 1'000), "30 opened 7\n50 closed 7\n") << "an earlier run of the agent opened it";
    EXPECT_TRUE(read_file(path + ".1", 2 * Timeline::kBytesMax).ok());
}

}  // namespace
}  // namespace stoa::cluster::database
