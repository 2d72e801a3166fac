#include <gtest/gtest.h>

#include "app/probe/counter_board.hpp"
#include "app/probe/pair_board.hpp"

namespace stoa::app::probe {
namespace {

TEST(CounterBoardTest, a_few_counters_are_open_and_a_full_one_is_replaced) {
    CounterBoard board("run");
    const auto first = board.turn();
    const auto second = board.turn();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->id, 0);
    EXPECT_NE(first->title, second->title);
    EXPECT_FALSE(board.turn());  // both are being made
    board.opened(first->counter, 10);
    board.not_opened();
    const auto again = board.turn();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->id, 0);  // instead of the second
    board.opened(again->counter, 11);
    for (int i = 0; i < 200; ++i)
        board.added(board.adding(first->counter));
    const auto next = board.turn();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->id, 0);
    EXPECT_EQ(board.turn()->id, 11);
    EXPECT_EQ(board.histories().front().acknowledged(), 200u);
}

TEST(CounterBoardTest, what_was_acknowledged_before_the_question_must_be_in_the_answer) {
    CounterBoard board("run");
    const std::size_t counter = board.turn()->counter;
    board.opened(counter, 10);
    const auto mine = board.adding(counter);
    EXPECT_EQ(board.least(counter), 0);
    board.added(mine);
    const auto theirs = board.adding(counter);
    EXPECT_NE(mine.tag, theirs.tag);
    EXPECT_EQ(board.least(counter), mine.amount);
    EXPECT_EQ(board.complaint_about(counter, mine.amount, mine.amount), "");
    EXPECT_EQ(board.complaint_about(counter, mine.amount + theirs.amount, mine.amount), "");
    EXPECT_NE(board.complaint_about(counter, 0, mine.amount), "");
}

TEST(PairBoardTest, everybody_writes_pairs_of_his_own_and_looks_at_those_of_others) {
    PairBoard board("run");
    EXPECT_FALSE(board.moving(0));
    EXPECT_FALSE(board.other(0));
    RecordId next = 1;
    for (const int owner : {0, 0, 1, 1}) {
        const auto ticket = board.opening(owner);
        board.opened(ticket, next, next + 1);
        next += 2;
    }
    for (int i = 0; i < 8; ++i) {
        EXPECT_LT(board.moving(0).value_or(PairBoard::Ticket{}).pair, 2u);
        board.moved({static_cast<std::size_t>(0), {}, 0, 0, {}, {}});
        board.moved({static_cast<std::size_t>(1), {}, 0, 0, {}, {}});
        EXPECT_GE(board.other(0)->pair, 2u);
        EXPECT_LT(board.other(1)->pair, 2u);
    }
}

TEST(PairBoardTest, a_pair_in_doubt_is_not_written_again) {
    PairBoard board("run");
    for (int i = 0; i < 2; ++i)
        board.opened(board.opening(0), 1 + 2 * i, 2 + 2 * i);
    const auto lost = board.moving(0);
    ASSERT_TRUE(lost);
    EXPECT_FALSE(board.moving(0));
    board.opened(board.opening(0), 5, 6);
    for (int i = 0; i < 4; ++i) {
        const auto ticket = board.moving(0);
        ASSERT_TRUE(ticket);
        EXPECT_NE(ticket->pair, lost->pair);
        board.moved(*ticket);
    }
}

TEST(PairBoardTest, half_of_somebody_elses_transfer_is_seen) {
    PairBoard board("run");
    for (int i = 0; i < 2; ++i)
        board.opened(board.opening(0), 1 + 2 * i, 2 + 2 * i);
    const auto ticket = board.moving(0);
    ASSERT_TRUE(ticket);
    const StoredSide left{ticket->left, "", std::to_string(ticket->move.version), ticket->move.left};
    StoredSide right{ticket->right, "", std::to_string(ticket->move.version), ticket->move.right};
    const PairBoard::Glimpse glimpse{ticket->pair, ticket->left, ticket->right, 1};
    EXPECT_EQ(board.complaint_about(glimpse, left, right), "");
    --right.amount;
    EXPECT_NE(board.complaint_about(glimpse, left, right), "");
}

}  // namespace
}  // namespace stoa::app::probe
