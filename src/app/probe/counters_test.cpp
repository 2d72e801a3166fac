#include "app/probe/counters.hpp"

#include <gtest/gtest.h>

namespace stoa::app::probe {
namespace {

class CountersTest : public ::testing::Test {
  protected:
    CountersTest() { counter.opened(7); }
    void add(std::int64_t amount, bool acknowledged = true) {
        const std::size_t increment = counter.adding(amount);
        if (acknowledged) counter.added(increment);
    }
    /// As the portal holds it when it does everything right.
    StoredCounter right() const {
        StoredCounter stored{7, "c", 0, {}};
        for (std::size_t i = 0; i < counter.increments().size(); ++i) {
            if (!counter.increments()[i].acknowledged) continue;
            stored.increments.push_back({counter.tag_of(i), counter.increments()[i].amount});
            stored.total += counter.increments()[i].amount;
        }
        return stored;
    }
    Verdict against(const StoredCounter& stored) const {
        Verdict verdict;
        compare({counter}, {stored}, verdict);
        return verdict;
    }

    CounterHistory counter{"c"};
};

TEST_F(CountersTest, a_right_history_passes) {
    add(5);
    add(3);
    EXPECT_TRUE(against(right()).clean());
    EXPECT_EQ(counter.acknowledged(), 2u);
    EXPECT_EQ(counter.complaint_about(8, 8), "");
}

TEST_F(CountersTest, a_lost_increment_is_found) {
    add(5);
    add(3);
    StoredCounter stored = right();
    stored.increments.pop_back();
    stored.total = 5;
    const Verdict verdict = against(stored);
    EXPECT_EQ(verdict.lost, 1);
    EXPECT_EQ(verdict.doubled, 0);
    ASSERT_EQ(verdict.details.size(), 1u);
    EXPECT_EQ(verdict.details.front(), "c (id 7): increment 1 is not there");
}

TEST_F(CountersTest, a_doubled_increment_is_found) {
    add(5);
    StoredCounter stored = right();
    stored.increments.push_back(stored.increments.front());
    stored.total = 10;
    const Verdict verdict = against(stored);
    EXPECT_EQ(verdict.doubled, 1);
    EXPECT_EQ(verdict.lost, 0);
}

TEST_F(CountersTest, a_total_that_lost_an_update_is_found_though_all_entries_are_there) {
    add(5);
    add(3);
    StoredCounter stored = right();
    stored.total = 5;
    const Verdict verdict = against(stored);
    EXPECT_EQ(verdict.lost, 1);
    EXPECT_EQ(verdict.broken_sums, 1);
}

TEST_F(CountersTest, an_increment_without_answer_may_be_there_once_or_not) {
    add(5);
    add(3, false);
    EXPECT_TRUE(against(right()).clean());
    StoredCounter stored = right();
    stored.increments.push_back({counter.tag_of(1), 3});
    stored.total = 8;
    EXPECT_TRUE(against(stored).clean());
    stored.increments.push_back({counter.tag_of(1), 3});
    stored.total = 11;
    EXPECT_EQ(against(stored).doubled, 1);
}

TEST_F(CountersTest, an_increment_that_nobody_sent_or_of_another_amount_is_found) {
    add(5);
    StoredCounter stored = right();
    stored.increments.push_back({"c+1", 1});
    stored.total = 6;
    EXPECT_EQ(against(stored).doubled, 1);
    EXPECT_EQ(against(stored).never_written, 1);
    stored = right();
    stored.increments.front().amount = stored.total = 6;
    EXPECT_EQ(against(stored).lost, 1);
    EXPECT_EQ(against(stored).never_written, 1);
}

TEST_F(CountersTest, a_counter_that_is_missing_or_there_twice_is_found) {
    Verdict verdict;
    compare({counter}, {}, verdict);
    EXPECT_EQ(verdict.lost, 1);
    StoredCounter other = right();
    other.id = 8;
    Verdict twice;
    compare({counter}, {right(), other}, twice);
    EXPECT_EQ(twice.doubled, 1);
    EXPECT_EQ(twice.lost, 0);
}

TEST_F(CountersTest, a_total_that_is_read_lies_between_what_was_acknowledged_before_and_what_was_sent) {
    add(5);
    add(3, false);
    EXPECT_EQ(counter.complaint_about(5, 5), "");
    EXPECT_EQ(counter.complaint_about(8, 5), "");
    EXPECT_EQ(counter.complaint_about(4, 5), "the total is 4, acknowledged before were 5");
    EXPECT_EQ(counter.complaint_about(9, 5), "the total is 9, sent were only 8");
}

}  // namespace
}  // namespace stoa::app::probe
