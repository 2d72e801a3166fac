#include "app/probe/transfers.hpp"

#include <gtest/gtest.h>

namespace stoa::app::probe {
namespace {

class TransfersTest : public ::testing::Test {
  protected:
    TransfersTest() {
        moves.push_back(pair.next());
        pair.opened(1, 2);
    }
    void move(bool acknowledged = true) {
        moves.push_back(pair.next());
        if (acknowledged) pair.moved();
    }
    StoredSide left(std::size_t version) const {
        return {1, pair.left_title(), std::to_string(version), moves[version - 1].left};
    }
    StoredSide right(std::size_t version) const {
        return {2, pair.right_title(), std::to_string(version), moves[version - 1].right};
    }
    Verdict against(const std::vector<StoredSide>& stored) const {
        Verdict verdict;
        compare({pair}, stored, verdict);
        return verdict;
    }

    PairHistory pair{"p", 100'000};
    std::vector<PairHistory::Move> moves;
};

TEST_F(TransfersTest, a_right_history_passes) {
    EXPECT_EQ(pair.read(left(1), right(1)), "");
    move();
    move();
    EXPECT_EQ(pair.acknowledged(), 2);
    for (const PairHistory::Move& each : moves)
        EXPECT_EQ(each.left + each.right, 100'000);
    EXPECT_EQ(pair.read(left(3), right(3)), "");
    EXPECT_EQ(pair.read_one(right(3)), "");
    EXPECT_EQ(pair.complaint_about(left(3), right(3), 3), "");
    EXPECT_TRUE(against({right(3), left(3)}).clean());
}

TEST_F(TransfersTest, a_broken_sum_is_found) {
    move();
    EXPECT_NE(pair.complaint_about(left(1), right(2), 1).find("the sum is"), std::string::npos);
    EXPECT_NE(pair.read(left(2), right(1)).find("the sum is"), std::string::npos);
    const Verdict verdict = against({left(2), right(1)});
    EXPECT_EQ(verdict.lost, 1);
    EXPECT_EQ(verdict.broken_sums, 1);
}

TEST_F(TransfersTest, half_a_transfer_is_found_though_the_sum_is_whole) {
    move();
    StoredSide half = right(2);
    half.version = "1";
    EXPECT_EQ(pair.complaint_about(left(2), half, 1), "half a transfer: versions '2', '1'");
    EXPECT_EQ(against({left(2), half}).lost, 1);
}

TEST_F(TransfersTest, a_balance_that_no_transfer_left_is_found_though_the_sum_is_whole) {
    StoredSide more = left(1);
    StoredSide less = right(1);
    ++more.amount;
    --less.amount;
    EXPECT_NE(pair.read(more, less), "");
    EXPECT_NE(pair.read_one(more), "");
    EXPECT_EQ(against({more, less}).never_written, 1);
}

TEST_F(TransfersTest, an_older_transfer_than_acknowledged_is_lost) {
    move();
    EXPECT_EQ(pair.complaint_about(left(1), right(1), 2), "version 1 is older than 2, which was acknowledged");
    const Verdict verdict = against({left(1), right(1)});
    EXPECT_EQ(verdict.lost, 1);
    EXPECT_EQ(verdict.older, 1);
}

TEST_F(TransfersTest, somebody_else_may_still_see_what_was_so_before_the_question) {
    move();
    EXPECT_EQ(pair.complaint_about(left(1), right(1), 1), "");
    EXPECT_EQ(pair.complaint_about(left(2), right(2), 1), "");
}

TEST_F(TransfersTest, a_transfer_without_answer_is_there_or_not_and_does_not_go_back) {
    move(false);
    EXPECT_TRUE(against({left(1), right(1)}).clean());
    EXPECT_TRUE(against({left(2), right(2)}).clean());
    EXPECT_EQ(pair.read(left(1), right(1)), "");
    EXPECT_EQ(pair.read(left(2), right(2)), "");
    EXPECT_EQ(pair.read_one(left(1)), "version 1 is older than 2, which was read before");
}

TEST_F(TransfersTest, a_version_that_was_never_sent_is_found) {
    moves.push_back({2, 5, 99'995});
    EXPECT_NE(pair.complaint_about(left(2), right(2), 1), "");
    EXPECT_EQ(against({left(2), right(2)}).never_written, 1);
    StoredSide none = left(1);
    none.version.clear();
    EXPECT_EQ(pair.read_one(none), "version 0 was never written, the newest is 1");
}

TEST_F(TransfersTest, missing_and_doubled_records_are_found) {
    EXPECT_EQ(against({left(1)}).lost, 1);
    EXPECT_EQ(against({}).lost, 1);
    StoredSide copy = left(1);
    copy.id = 3;
    EXPECT_EQ(against({left(1), right(1), copy}).doubled, 1);
    EXPECT_EQ(against({left(1), right(1), copy}).lost, 0);
}

TEST_F(TransfersTest, a_pair_whose_creation_had_no_answer_is_there_whole_or_not_at_all) {
    pair = PairHistory("q", 100'000);
    moves = {pair.next()};
    EXPECT_TRUE(against({}).clean());
    EXPECT_TRUE(against({left(1), right(1)}).clean());
    EXPECT_EQ(against({left(1)}).lost, 1);
}

}  // namespace
}  // namespace stoa::app::probe
