// No statement of one account reaches a row of another, whatever the shape of its condition.

#include "db/contract/test_store.hpp"

namespace stoa::db {
namespace {

class Isolation : public StoreTest {
  protected:
    void SetUp() override {
        StoreTest::SetUp();
        add_deal(1, 1, "mine", std::string("NEW"), std::int64_t{1});
        add_deal(2, 1, "theirs", std::string("NEW"), std::int64_t{1000});
        add_deal(2, 2, "theirs too", std::string("WON"), std::int64_t{1000});
        add_phone(2, 1, 1, "+1");
    }

    /// Shapes that would open the door if the account's predicate were joined without care.
    static std::vector<Condition> shapes() {
        const auto one = Condition::equals("id", std::int64_t{1});
        const auto two = Condition::equals("account_id", std::int64_t{2});
        const auto either = [](Condition a, Condition b) { return Condition::any({std::move(a), std::move(b)}); };
        Condition bare_any;
        bare_any.kind = Condition::Kind::any;
        bare_any.children = {Condition::always(), Condition::always()};
        Condition bare_not;
        bare_not.kind = Condition::Kind::negate;
        bare_not.children = {Condition::never()};
        return {
            {},
            one,
            two,
            either(one, two),
            either(two, Condition::is_null("stage")),
            Condition::negate(one),
            Condition::negate(either(one, two)),
            Condition::negate(Condition::all({one, two})),
            Condition::negate(Condition::negate(either(one, two))),
            Condition::any({Condition::all({one, two}), either(two, one)}),
            bare_any,
            bare_not,
            Condition::exists("deal", "id", "id", either(one, two)),
            Condition::exists("deal", "account_id", "amount", {}),
            Condition::negate(Condition::exists("phone", "deal_id", "id", two)),
            either(Condition::exists("phone", "deal_id", "id", {}), two),
            Condition::exists("deal", "id", "id", Condition::negate(Condition::exists("phone", "deal_id", "id", {}))),
            Condition::all({one, Condition::exists("deal", "id", "id", either(one, two))}),
            Condition::all({two, Condition::exists("phone", "account_id", "account_id", {})}),
            Condition::like("title", "%"),
            Condition::in("account_id", {std::int64_t{1}, std::int64_t{2}}),
        };
    }
    std::string theirs() {
        std::string all;
        EXPECT_TRUE(db_->read(0,
                              [&](Tx& tx) {
                                  return tx.raw().query("SELECT * FROM deal WHERE account_id=2 ORDER BY id", {},
                                                        [&](const Row& row) {
                                                            for (int i = 0; i < row.columns(); ++i)
                                                                all += std::string(row.text(i)) + "|";
                                                            return true;
                                                        });
                              })
                        .ok());
        return all;
    }
};

TEST_F(Isolation, select_count_and_aggregate_see_only_their_account) {
    for (const auto& shape : shapes()) {
        ASSERT_TRUE(db_->read(1,
                              [&](Tx& tx) -> Status {
                                  Select select;
                                  select.table = "deal";
                                  select.columns_sql = "title";
                                  select.where = shape;
                                  STOA_CHECK(tx.select(select, [](const Row& row) {
                                      EXPECT_EQ(row.text(0), "mine");
                                      return true;
                                  }));
                                  EXPECT_LE(tx.count("deal", shape).value_or(99), 1);
                                  EXPECT_LE(tx.count("deal", shape, 10).value_or(99), 1);
                                  Aggregate sum;
                                  sum.table = "deal";
                                  sum.terms = {{Aggregate::Fn::sum, {"amount", {}}}};
                                  sum.where = shape;
                                  return tx.aggregate(sum, [](const Row& row) {
                                      EXPECT_LE(row.integer(0), 1);
                                      return true;
                                  });
                              })
                        .ok());
    }
}

TEST_F(Isolation, subselects_see_only_their_account) {
    // Deal 1 of account 1 has no phone; deal 1 of account 2 has one.
    EXPECT_EQ(ids(1, Condition::exists("phone", "deal_id", "id", {})), (Ids{}));
    const auto pinned =
        Condition::all({Condition::equals("id", std::int64_t{1}), Condition::exists("phone", "deal_id", "id", {})});
    EXPECT_EQ(ids(1, pinned), (Ids{}));
    EXPECT_EQ(ids(2, pinned), (Ids{1}));
    EXPECT_EQ(ids(2, Condition::exists("phone", "deal_id", "id", {})), (Ids{1}));
}

TEST_F(Isolation, update_and_remove_touch_only_their_account) {
    const auto before = theirs();
    for (const auto& shape : shapes()) {
        ASSERT_TRUE(change(1, [&](WriteTx& tx) -> Status {
                        const Assignment changes[] = {{"title", std::string("mine")}};
                        EXPECT_LE(tx.update("deal", changes, shape).value_or(99), 1);
                        EXPECT_LE(tx.remove("deal", shape).value_or(99), 1);
                        return {};
                    }).ok());
        EXPECT_EQ(theirs(), before);
    }
}

TEST_F(Isolation, insert_and_upsert_write_into_their_account) {
    const auto before = theirs();
    ASSERT_TRUE(change(1, [&](WriteTx& tx) -> Status {
                    const std::string key[] = {"id"};
                    const Assignment row[] = {{"id", std::int64_t{2}}, {"title", std::string("mine too")}};
                    STOA_CHECK(tx.upsert("deal", key, row));
                    const Assignment other[] = {{"id", std::int64_t{1}}, {"title", std::string("changed")}};
                    return tx.upsert("deal", key, other);
                }).ok());
    EXPECT_EQ(theirs(), before);
    EXPECT_EQ(title(1, 1), "changed");
    EXPECT_EQ(title(1, 2), "mine too");
}

TEST_F(Isolation, a_row_cannot_choose_or_change_its_account) {
    const Assignment row[] = {{"id", std::int64_t{7}}, {"account_id", std::int64_t{2}}};
    const std::string key[] = {"id"};
    const auto before = theirs();
    EXPECT_EQ(change(1, [&](WriteTx& tx) { return tx.insert("deal", row); }).error().code, Errc::internal);
    EXPECT_EQ(change(1, [&](WriteTx& tx) { return tx.upsert("deal", key, row); }).error().code, Errc::internal);
    EXPECT_EQ(change(1,
                     [&](WriteTx& tx) -> Status {
                         STOA_TRY(const auto n, tx.update("deal", row, {}));
                         (void)n;
                         return {};
                     })
                  .error()
                  .code,
              Errc::internal);
    EXPECT_EQ(theirs(), before);
    EXPECT_EQ(ids(1), (Ids{1}));
}

TEST_F(Isolation, sequences_count_per_account) {
    for (const AccountId account : {1, 2}) {
        ASSERT_TRUE(change(account, [](WriteTx& tx) -> Status {
                        STOA_TRY(const auto id, tx.next_id("deal"));
                        EXPECT_EQ(id, 1);
                        return {};
                    }).ok());
    }
}

TEST_F(Isolation, receipts_count_per_account) {
    for (const AccountId account : {1, 2}) {
        auto outcome = db_->write_and_wait({account, "same key", "d"}, [](WriteTx& tx) -> Result<std::string> {
            return std::to_string(tx.account());
        });
        ASSERT_TRUE(outcome.ok());
        EXPECT_FALSE(outcome->replayed);
        EXPECT_EQ(outcome->answer, std::to_string(account));
    }
}

TEST_F(Isolation, without_an_account_only_raw_is_allowed) {
    const Assignment row[] = {{"id", std::int64_t{7}}};
    const std::string key[] = {"id"};
    for (const AccountId account : {AccountId{0}, AccountId{-1}}) {
        const auto status = db_->read(account, [&](Tx& tx) -> Status {
            Select select;
            select.table = "deal";
            select.columns_sql = "id";
            const auto ignore = [](const Row&) { return true; };
            EXPECT_EQ(tx.select(select, ignore).error().code, Errc::internal);
            Aggregate aggregate;
            aggregate.table = "deal";
            aggregate.terms = {{}};
            EXPECT_EQ(tx.aggregate(aggregate, ignore).error().code, Errc::internal);
            EXPECT_EQ(tx.count("deal", {}).error().code, Errc::internal);
            return tx.raw().query("SELECT 1", {}, ignore);
        });
        EXPECT_TRUE(status.ok());
    }
    EXPECT_TRUE(change(0, [&](WriteTx& tx) -> Status {
                    EXPECT_EQ(tx.insert("deal", row).error().code, Errc::internal);
                    EXPECT_EQ(tx.upsert("deal", key, row).error().code, Errc::internal);
                    EXPECT_EQ(tx.update("deal", row, {}).error().code, Errc::internal);
                    EXPECT_EQ(tx.remove("deal", {}).error().code, Errc::internal);
                    EXPECT_EQ(tx.next_id("deal").error().code, Errc::internal);
                    EXPECT_EQ(tx.raise_sequence("deal", 5).error().code, Errc::internal);
                    return {};
                }).ok());
    EXPECT_EQ(change(-1, [](WriteTx&) { return ok_status(); }).error().code, Errc::internal);
}

}  // namespace
}  // namespace stoa::db
