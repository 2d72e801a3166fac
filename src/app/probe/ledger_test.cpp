#include "app/probe/ledger.hpp"

#include <gtest/gtest.h>

namespace stoa::app::probe {
namespace {

class LedgerTest : public ::testing::Test {
  protected:
    std::size_t create(RecordId id) {
        const std::size_t entry = ledger.creating("t" + std::to_string(id), "first");
        ledger.created(entry, id);
        return entry;
    }
    Verdict against(const std::vector<StoredRecord>& stored) const { return compare(ledger.entries(), stored); }

    Ledger ledger;
};

TEST_F(LedgerTest, what_is_there_as_acknowledged_is_right) {
    create(1);
    const std::size_t second = create(2);
    ledger.updating(second, "second");
    ledger.updated(second);
    const Verdict verdict = against({{2, "t2", "second"}, {1, "t1", "first"}, {9, "somebody else's", ""}});
    EXPECT_EQ(verdict.lost, 0);
    EXPECT_EQ(verdict.doubled, 0);
    EXPECT_TRUE(verdict.details.empty());
    EXPECT_EQ(ledger.acknowledged(), 2u);
}

TEST_F(LedgerTest, an_acknowledged_record_that_is_missing_is_lost) {
    create(1);
    const Verdict verdict = against({});
    EXPECT_EQ(verdict.lost, 1);
    ASSERT_EQ(verdict.details.size(), 1u);
    EXPECT_EQ(verdict.details.front(), "t1 (id 1) is not there");
}

TEST_F(LedgerTest, a_record_under_another_id_is_lost) {
    create(1);
    EXPECT_EQ(against({{2, "t1", "first"}}).lost, 1);
}

TEST_F(LedgerTest, an_older_value_than_acknowledged_is_lost) {
    const std::size_t entry = create(1);
    ledger.updating(entry, "second");
    ledger.updated(entry);
    EXPECT_EQ(against({{1, "t1", "first"}}).lost, 1);
}

TEST_F(LedgerTest, an_update_without_answer_may_be_there_or_not) {
    const std::size_t entry = create(1);
    ledger.updating(entry, "second");
    EXPECT_EQ(against({{1, "t1", "first"}}).lost, 0);
    EXPECT_EQ(against({{1, "t1", "second"}}).lost, 0);
    EXPECT_EQ(against({{1, "t1", "third"}}).lost, 1);
}

TEST_F(LedgerTest, a_creation_without_answer_may_be_there_once_at_most) {
    ledger.creating("t1", "first");
    EXPECT_EQ(against({}).lost, 0);
    EXPECT_EQ(against({{1, "t1", "first"}}).doubled, 0);
    EXPECT_EQ(against({{1, "t1", "first"}, {2, "t1", "first"}}).doubled, 1);
}

TEST_F(LedgerTest, the_same_record_twice_is_doubled_and_not_lost) {
    create(1);
    const Verdict verdict = against({{1, "t1", "first"}, {2, "t1", "first"}});
    EXPECT_EQ(verdict.doubled, 1);
    EXPECT_EQ(verdict.lost, 0);
}

}  // namespace
}  // namespace stoa::app::probe
