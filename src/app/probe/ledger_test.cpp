#include "app/probe/ledger.hpp"

#include <gtest/gtest.h>

namespace stoa::app::probe {
namespace {

class LedgerTest : public ::testing::Test {
  protected:
    std::size_t create(RecordId id) {
        const std::size_t entry = ledger.creating("t" + std::to_string(id));
        ledger.created(entry, id);
        return entry;
    }
    void update(std::size_t entry) {
        ledger.updating(entry);
        ledger.updated(entry);
    }
    Verdict against(const std::vector<StoredRecord>& stored) const {
        Verdict verdict;
        compare(ledger.entries(), stored, verdict);
        return verdict;
    }

    Ledger ledger;
};

TEST_F(LedgerTest, what_is_there_as_acknowledged_is_right) {
    create(1);
    const std::size_t second = create(2);
    update(second);
    const Verdict verdict = against({{2, "t2", "2"}, {1, "t1", "1"}, {9, "somebody else's", ""}});
    EXPECT_TRUE(verdict.clean());
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
    EXPECT_EQ(against({{2, "t1", "1"}}).lost, 1);
}

TEST_F(LedgerTest, an_older_value_than_acknowledged_is_lost_and_told_as_older) {
    update(create(1));
    const Verdict verdict = against({{1, "t1", "1"}});
    EXPECT_EQ(verdict.lost, 1);
    EXPECT_EQ(verdict.older, 1);
    EXPECT_EQ(verdict.never_written, 0);
    EXPECT_EQ(verdict.details.front(), "t1 (id 1) holds '1': version 1 is older than 2, which was acknowledged");
}

TEST_F(LedgerTest, a_value_that_nobody_wrote_is_told_as_such) {
    update(create(1));
    for (const char* value : {"3", "", "x"}) {
        const Verdict verdict = against({{1, "t1", value}});
        EXPECT_EQ(verdict.lost, 1) << value;
        EXPECT_EQ(verdict.never_written, 1) << value;
        EXPECT_EQ(verdict.older, 0) << value;
    }
}

TEST_F(LedgerTest, a_value_that_goes_back_is_found_when_it_is_read) {
    const std::size_t entry = create(1);
    EXPECT_EQ(ledger.read(entry, "1"), "");
    update(entry);
    EXPECT_EQ(ledger.read(entry, "2"), "");
    EXPECT_EQ(ledger.read(entry, "1"), "it holds '1': version 1 is older than 2, which was acknowledged");
    ledger.updating(entry);
    EXPECT_EQ(ledger.read(entry, "3"), "");
    EXPECT_EQ(ledger.read(entry, "2"), "it holds '2': version 2 is older than 3, which was read before");
}

TEST_F(LedgerTest, an_update_without_answer_may_be_there_or_not) {
    ledger.updating(create(1));
    EXPECT_EQ(against({{1, "t1", "1"}}).lost, 0);
    EXPECT_EQ(against({{1, "t1", "2"}}).lost, 0);
    EXPECT_EQ(against({{1, "t1", "3"}}).lost, 1);
}

TEST_F(LedgerTest, a_creation_without_answer_may_be_there_once_at_most) {
    ledger.creating("t1");
    EXPECT_TRUE(against({}).clean());
    EXPECT_TRUE(against({{1, "t1", "1"}}).clean());
    EXPECT_EQ(against({{1, "t1", "1"}, {2, "t1", "1"}}).doubled, 1);
    EXPECT_EQ(against({{1, "t1", "2"}}).never_written, 1);
}

TEST_F(LedgerTest, the_same_record_twice_is_doubled_and_not_lost) {
    create(1);
    const Verdict verdict = against({{1, "t1", "1"}, {2, "t1", "1"}});
    EXPECT_EQ(verdict.doubled, 1);
    EXPECT_EQ(verdict.lost, 0);
}

}  // namespace
}  // namespace stoa::app::probe
