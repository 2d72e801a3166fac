#include "app/probe/measures.hpp"

#include <gtest/gtest.h>

namespace stoa::app::probe {
namespace {

TEST(MeasuresTest, a_percentile_is_the_value_that_a_share_does_not_exceed) {
    std::vector<std::uint32_t> values;
    for (std::uint32_t i = 1; i <= 100; ++i)
        values.push_back(101 - i);
    EXPECT_EQ(percentile(values, 0.5), 51);
    EXPECT_EQ(percentile(values, 0.99), 100);
    EXPECT_EQ(percentile(values, 1), 100);
    EXPECT_EQ(percentile({}, 0.5), 0);
}

TEST(MeasuresTest, the_longest_request_is_kept_for_all_and_for_each_window) {
    Measures measures;
    measures.answered(5'000);
    measures.failed(900'000, {.what = "x", .request_id = {}, .why = "y"}, true);
    EXPECT_EQ(measures.take_slowest().ms, 900);
    measures.answered(7'000);
    measures.retried();
    EXPECT_EQ(measures.take_slowest().ms, 7);
    EXPECT_EQ(measures.take_slowest().ms, 0);
    const Summary summary = measures.summary();
    EXPECT_EQ(summary.requests, 3);
    EXPECT_EQ(summary.failed, 1);
    EXPECT_EQ(summary.logouts, 1);
    EXPECT_EQ(summary.client_retries, 1);
    EXPECT_EQ(summary.stall_ms, 900);
    EXPECT_EQ(summary.p50_ms, 7);
    ASSERT_EQ(summary.faults.size(), 1u);
}

TEST(MeasuresTest, a_wrong_answer_is_told_apart_from_none) {
    Measures measures;
    measures.failed(1, {.what = "x", .status = 200, .request_id = {}, .why = "too old"});
    measures.failed(1, {.what = "x", .status = 503, .request_id = {}, .why = "busy"});
    measures.failed(1, {.what = "x", .request_id = {}, .why = "no answer"});
    EXPECT_EQ(measures.summary().failed, 3);
    EXPECT_EQ(measures.summary().wrong, 1);
}

TEST(MeasuresTest, the_oldest_request_that_waits_is_known) {
    Measures measures;
    EXPECT_FALSE(measures.oldest_us().has_value());
    measures.began(5);
    measures.began(7);
    measures.began(5);
    measures.ended(5);
    EXPECT_EQ(measures.oldest_us(), 5);
    measures.ended(5);
    EXPECT_EQ(measures.oldest_us(), 7);
    measures.ended(7);
    EXPECT_FALSE(measures.oldest_us().has_value());
}

TEST(MeasuresTest, only_the_first_faults_are_kept) {
    Measures measures;
    for (int i = 0; i < 1'000; ++i)
        measures.failed(1, {});
    EXPECT_EQ(measures.summary().failed, 1'000);
    EXPECT_EQ(measures.summary().faults.size(), 10u);
}

}  // namespace
}  // namespace stoa::app::probe
