// What one write does: rows, sequences, savepoints, receipts.

#include <stdexcept>

#include "base/clock.hpp"
#include "db/contract/test_store.hpp"

namespace stoa::db {
namespace {

class Write : public StoreTest {
  protected:
    Result<WriteOutcome> add_once(const std::string& key, const std::string& digest) {
        return db_->write_and_wait({1, key, digest}, [](WriteTx& tx) -> Result<std::string> {
            STOA_TRY(const auto id, tx.next_id("deal"));
            const Assignment row[] = {{"id", id}, {"title", std::string("once")}};
            STOA_CHECK(tx.insert("deal", row));
            return "id " + std::to_string(id);
        });
    }
};

TEST_F(Write, insert_update_remove_report_what_they_did) {
    add_deal(1, 1, "one", std::string("NEW"));
    add_deal(1, 2, "two", std::string("NEW"));
    ASSERT_TRUE(
        change(1, [](WriteTx& tx) -> Status {
            const Assignment changes[] = {{"title", std::string("changed")}, {"amount", Value{}}, {"rate", 1.5}};
            EXPECT_EQ(tx.update("deal", changes, Condition::equals("stage", std::string("NEW"))).value_or(-1), 2);
            EXPECT_EQ(tx.update("deal", changes, Condition::equals("id", std::int64_t{9})).value_or(-1), 0);
            EXPECT_EQ(tx.remove("deal", Condition::equals("id", std::int64_t{2})).value_or(-1), 1);
            EXPECT_EQ(tx.remove("deal", Condition::equals("id", std::int64_t{2})).value_or(-1), 0);
            EXPECT_EQ(tx.update("deal", {}, {}).error().code, Errc::internal);
            return {};
        }).ok());
    EXPECT_EQ(ids(1), (Ids{1}));
    EXPECT_EQ(title(1, 1), "changed");
}

TEST_F(Write, a_taken_primary_or_unique_key_already_exists_and_the_transaction_goes_on) {
    add_deal(1, 1, "one");
    ASSERT_TRUE(change(1, [](WriteTx& tx) -> Status {
                    const Assignment row[] = {{"id", std::int64_t{1}}};
                    EXPECT_EQ(tx.insert("deal", row).error().code, Errc::already_exists);
                    const Assignment a[] = {{"id", std::int64_t{2}}, {"code", std::string("X")}};
                    STOA_CHECK(tx.insert("deal", a));
                    const Assignment b[] = {{"id", std::int64_t{3}}, {"code", std::string("X")}};
                    EXPECT_EQ(tx.insert("deal", b).error().code, Errc::already_exists);
                    return {};
                }).ok());
    EXPECT_EQ(ids(1), (Ids{1, 2}));
}

TEST_F(Write, upsert_inserts_or_changes_the_named_columns) {
    ASSERT_TRUE(change(1, [](WriteTx& tx) -> Status {
                    const std::string key[] = {"id"};
                    const Assignment first[] = {
                        {"id", std::int64_t{1}}, {"title", std::string("a")}, {"amount", std::int64_t{5}}};
                    STOA_CHECK(tx.upsert("deal", key, first));
                    const Assignment second[] = {{"id", std::int64_t{1}}, {"title", std::string("b")}};
                    STOA_CHECK(tx.upsert("deal", key, second));
                    const Assignment only_key[] = {{"id", std::int64_t{1}}};
                    return tx.upsert("deal", key, only_key);
                }).ok());
    EXPECT_EQ(title(1, 1), "b");
    EXPECT_EQ(ids(1, Condition::equals("amount", std::int64_t{5})), (Ids{1}));
}

TEST_F(Write, ids_count_from_one_in_blocks_and_can_be_raised) {
    ASSERT_TRUE(change(1, [](WriteTx& tx) -> Status {
                    EXPECT_EQ(tx.next_id("deal").value_or(-1), 1);
                    EXPECT_EQ(tx.next_id("deal", 10).value_or(-1), 2);
                    EXPECT_EQ(tx.next_id("deal").value_or(-1), 12);
                    EXPECT_EQ(tx.next_id("contact").value_or(-1), 1);
                    STOA_CHECK(tx.raise_sequence("deal", 100));
                    EXPECT_EQ(tx.next_id("deal").value_or(-1), 100);
                    STOA_CHECK(tx.raise_sequence("deal", 50));  // never back
                    EXPECT_EQ(tx.next_id("deal").value_or(-1), 101);
                    STOA_CHECK(tx.raise_sequence("lead", 7));
                    EXPECT_EQ(tx.next_id("lead").value_or(-1), 7);
                    EXPECT_EQ(tx.next_id("deal", 0).error().code, Errc::internal);
                    EXPECT_EQ(tx.next_id("").error().code, Errc::internal);
                    EXPECT_EQ(tx.raise_sequence("deal", 0).error().code, Errc::internal);
                    return {};
                }).ok());
}

TEST_F(Write, ids_of_a_failed_write_are_given_again) {
    EXPECT_FALSE(change(1, [](WriteTx& tx) -> Status {
                     EXPECT_EQ(tx.next_id("deal").value_or(-1), 1);
                     return not_found("x");
                 }).ok());
    EXPECT_TRUE(change(1, [](WriteTx& tx) -> Status {
                    EXPECT_EQ(tx.next_id("deal").value_or(-1), 1);
                    return {};
                }).ok());
}

TEST_F(Write, a_failed_nested_part_is_undone_alone) {
    std::vector<std::string> committed;
    ASSERT_TRUE(change(1, [&](WriteTx& tx) -> Status {
                    const auto insert = [&tx](std::int64_t id) {
                        const Assignment row[] = {{"id", id}};
                        return tx.insert("deal", row);
                    };
                    const auto note = [&](const char* what) {
                        tx.on_commit([&committed, what] { committed.emplace_back(what); });
                    };
                    STOA_CHECK(insert(1));
                    note("outer");
                    const auto failed = tx.nested([&]() -> Status {
                        STOA_CHECK(insert(2));
                        note("failed");
                        STOA_CHECK(tx.nested([&] {
                            note("inside failed");
                            return insert(3);
                        }));
                        return invalid("no");
                    });
                    EXPECT_EQ(failed.error().code, Errc::invalid_argument);
                    STOA_CHECK(tx.nested([&]() -> Status {
                        note("kept");
                        const auto inner = tx.nested([&] { return insert(1); });
                        EXPECT_EQ(inner.error().code, Errc::already_exists);
                        return insert(4);
                    }));
                    return insert(5);
                }).ok());
    EXPECT_EQ(ids(1), (Ids{1, 4, 5}));
    EXPECT_EQ(committed, (std::vector<std::string>{"outer", "kept"}));
}

TEST_F(Write, an_exception_in_a_nested_part_undoes_the_write) {
    EXPECT_EQ(change(1,
                     [](WriteTx& tx) -> Status {
                         return tx.nested([&]() -> Status {
                             const Assignment row[] = {{"id", std::int64_t{1}}};
                             STOA_CHECK(tx.insert("deal", row));
                             throw std::runtime_error("broken");
                         });
                     })
                  .error()
                  .code,
              Errc::internal);
    EXPECT_EQ(ids(1), Ids{});
}

TEST_F(Write, an_error_or_exception_saves_nothing_and_calls_nothing_back) {
    bool called = false;
    const auto insert_then = [&](const std::function<Status()>& end) {
        return change(1, [&](WriteTx& tx) -> Status {
            tx.on_commit([&] { called = true; });
            const Assignment row[] = {{"id", std::int64_t{1}}};
            STOA_CHECK(tx.insert("deal", row));
            return end();
        });
    };
    EXPECT_EQ(insert_then([]() -> Status { return forbidden(); }).error().code, Errc::forbidden);
    EXPECT_EQ(insert_then([]() -> Status { throw std::runtime_error("x"); }).error().code, Errc::internal);
    EXPECT_EQ(insert_then([]() -> Status { throw 5; }).error().code, Errc::internal);
    EXPECT_FALSE(called);
    EXPECT_EQ(ids(1), Ids{});
    EXPECT_TRUE(insert_then([]() -> Status { return {}; }).ok());
    EXPECT_TRUE(called);
}

TEST_F(Write, commit_is_visible_to_readers_when_callbacks_run) {
    std::size_t seen = 0;
    ASSERT_TRUE(change(1, [&](WriteTx& tx) -> Status {
                    tx.on_commit([&] { seen = ids(1).size(); });
                    const Assignment row[] = {{"id", std::int64_t{1}}};
                    return tx.insert("deal", row);
                }).ok());
    EXPECT_EQ(seen, 1U);
}

TEST_F(Write, a_write_sees_its_own_changes) {
    ASSERT_TRUE(change(1, [](WriteTx& tx) -> Status {
                    const Assignment row[] = {{"id", std::int64_t{1}}};
                    STOA_CHECK(tx.insert("deal", row));
                    EXPECT_EQ(tx.count("deal", {}).value_or(-1), 1);
                    Aggregate most;
                    most.table = "deal";
                    most.terms = {{Aggregate::Fn::max, {"id", {}}}};
                    return tx.aggregate(most, [](const Row& r) {
                        EXPECT_EQ(r.integer(0), 1);
                        return true;
                    });
                }).ok());
}

TEST_F(Write, the_same_key_is_answered_from_its_receipt) {
    const auto before = db_->stats().transactions;
    auto first = add_once("key", "digest");
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(first->answer, "id 1");
    EXPECT_FALSE(first->replayed);
    auto second = add_once("key", "digest");
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(second->answer, "id 1");
    EXPECT_TRUE(second->replayed);
    EXPECT_EQ(ids(1), (Ids{1}));
    EXPECT_EQ(db_->stats().transactions, before + 1);
}

TEST_F(Write, the_receipt_survives_reopening) {
    ASSERT_TRUE(add_once("key", "digest").ok());
    db_->close();
    open();
    auto again = add_once("key", "digest");
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(again->replayed);
    EXPECT_EQ(again->answer, "id 1");
}

TEST_F(Write, the_same_key_for_another_request_is_a_conflict) {
    ASSERT_TRUE(add_once("key", "digest").ok());
    auto other = add_once("key", "another digest");
    ASSERT_FALSE(other.ok());
    EXPECT_EQ(other.error().code, Errc::conflict);
    EXPECT_EQ(other.error().api_code, "IDEMPOTENCY_KEY_REUSED");
    EXPECT_EQ(ids(1), (Ids{1}));
}

TEST_F(Write, without_a_key_nothing_is_replayed) {
    ASSERT_TRUE(add_once("", "digest").ok());
    auto second = add_once("", "digest");
    ASSERT_TRUE(second.ok());
    EXPECT_FALSE(second->replayed);
    EXPECT_EQ(ids(1), (Ids{1, 2}));
    EXPECT_EQ(number("SELECT count(*) FROM receipts WHERE digest <> ''"), on_mariadb() ? 2 : 0);
}

TEST_F(Write, a_failed_request_leaves_no_receipt_and_may_be_repeated) {
    const WriteRequest request{1, "key", "d"};
    EXPECT_FALSE(db_->write_and_wait(request, [](WriteTx&) -> Result<std::string> { return not_found("x"); }).ok());
    auto again = db_->write_and_wait(request, [](WriteTx&) -> Result<std::string> { return std::string("fine"); });
    ASSERT_TRUE(again.ok());
    EXPECT_FALSE(again->replayed);
}

TEST_F(Write, answers_may_hold_any_bytes) {
    const std::string bytes("\0\xff\x01 text", 8);
    const WriteRequest request{1, "key '?", "digest"};
    for (int i = 0; i < 2; ++i) {
        auto outcome = db_->write_and_wait(request, [&](WriteTx&) -> Result<std::string> { return bytes; });
        ASSERT_TRUE(outcome.ok());
        EXPECT_EQ(outcome->answer, bytes);
        EXPECT_EQ(outcome->replayed, i == 1);
    }
}

TEST_F(Write, a_key_at_the_limit_passes_and_above_is_refused) {
    EXPECT_TRUE(add_once(std::string(kRequestKeyBytesMax, 'k'), "d").ok());
    EXPECT_EQ(add_once(std::string(kRequestKeyBytesMax + 1, 'k'), "d").error().code, Errc::invalid_argument);
}

TEST_F(Write, an_answer_at_the_limit_passes_and_above_saves_nothing) {
    const auto answer_of = [&](std::size_t bytes) {
        return db_->write_and_wait({1, "key " + std::to_string(bytes), "d"}, [&](WriteTx& tx) -> Result<std::string> {
            const Assignment row[] = {{"id", static_cast<std::int64_t>(bytes)}};
            STOA_CHECK(tx.insert("deal", row));
            return std::string(bytes, 'a');
        });
    };
    EXPECT_EQ(answer_of(limits::receipt_answer_bytes_max + 1).error().code, Errc::too_large);
    EXPECT_EQ(ids(1), Ids{});
    EXPECT_TRUE(answer_of(limits::receipt_answer_bytes_max).ok());
    EXPECT_TRUE(answer_of(limits::receipt_answer_bytes_max)->replayed);
}

TEST_F(Write, old_receipts_are_purged_a_bounded_number_at_a_time) {
    const UnixSeconds now = stoa::system_clock().now();
    ASSERT_TRUE(add_once("fresh", "d").ok());
    ASSERT_TRUE(
        change(0, [&](WriteTx& tx) -> Status {
            for (std::int64_t i = 0; i < 1'500; ++i) {
                const Value row[] = {std::int64_t{1}, "old " + std::to_string(i), now - limits::receipt_lifetime_s - 1};
                STOA_TRY(const auto n,
                         tx.raw().execute("INSERT INTO receipts (account_id, request_key, digest, answer, created_at) "
                                          "VALUES (?1, ?2, '', '', ?3)",
                                          row));
                EXPECT_EQ(n, 1);
            }
            return {};
        }).ok());
    EXPECT_EQ(db_->purge_receipts(now).value_or(-1), 1'000);
    EXPECT_EQ(db_->purge_receipts(now).value_or(-1), 500);
    EXPECT_EQ(db_->purge_receipts(now).value_or(-1), 0);
    EXPECT_TRUE(add_once("fresh", "d")->replayed);
}

TEST_F(Write, waiting_for_a_write_inside_a_write_is_refused) {
    EXPECT_TRUE(change(1, [&](WriteTx&) -> Status {
                    EXPECT_EQ(
                        db_->write_and_wait({1, "", ""}, [](WriteTx&) -> Result<std::string> { return std::string(); })
                            .error()
                            .code,
                        Errc::internal);
                    return {};
                }).ok());
}

}  // namespace
}  // namespace stoa::db
