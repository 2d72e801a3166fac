// Reading: conditions, columns, order, aggregates, nesting, snapshots, limits.

#include <atomic>
#include <map>
#include <stdexcept>
#include <thread>

#include "db/contract/test_store.hpp"

namespace stoa::db {
namespace {

using Op = Condition::Op;

class Read : public StoreTest {
  protected:
    void SetUp() override {
        StoreTest::SetUp();
        add_deal(1, 1, "Alpha", std::string("NEW"), std::int64_t{10});
        add_deal(1, 2, "Beta", std::string("WON"), std::int64_t{20});
        add_deal(1, 3, "Gamma");
        add_deal(1, 4, "alpha", std::string("NEW"), std::int64_t{40});
    }
    Errc failure(Condition where) {
        auto found = find(1, std::move(where));
        EXPECT_FALSE(found.ok());
        return found.ok() ? Errc::conflict : found.error().code;
    }
};

TEST_F(Read, compares) {
    EXPECT_EQ(ids(1, Condition::equals("title", std::string("Alpha"))), (Ids{1}));  // by bytes
    EXPECT_EQ(ids(1, Condition::compare("amount", Op::lt, std::int64_t{20})), (Ids{1}));
    EXPECT_EQ(ids(1, Condition::compare("amount", Op::le, std::int64_t{20})), (Ids{1, 2}));
    EXPECT_EQ(ids(1, Condition::compare("amount", Op::gt, std::int64_t{20})), (Ids{4}));
    EXPECT_EQ(ids(1, Condition::compare("amount", Op::ge, std::int64_t{20})), (Ids{2, 4}));
}

TEST_F(Read, not_equal_matches_rows_without_a_value) {
    EXPECT_EQ(ids(1, Condition::compare("stage", Op::ne, std::string("NEW"))), (Ids{2, 3}));
}

TEST_F(Read, null_as_value_means_is_null) {
    EXPECT_EQ(ids(1, Condition::equals("stage", {})), (Ids{3}));
    EXPECT_EQ(ids(1, Condition::compare("stage", Op::ne, {})), (Ids{1, 2, 4}));
    EXPECT_EQ(ids(1, Condition::is_null("stage")), (Ids{3}));
    EXPECT_EQ(ids(1, Condition::compare("amount", Op::lt, {})), (Ids{}));
}

TEST_F(Read, negation_is_the_exact_complement) {
    const auto is_new = Condition::equals("stage", std::string("NEW"));
    EXPECT_EQ(ids(1, Condition::negate(is_new)), (Ids{2, 3}));
    EXPECT_EQ(ids(1, Condition::negate(Condition::negate(is_new))), (Ids{1, 4}));
    EXPECT_EQ(ids(1, Condition::negate(Condition::in("stage", {std::string("NEW"), std::string("WON")}))), (Ids{3}));
    EXPECT_EQ(ids(1, Condition::negate(Condition::compare("amount", Op::gt, std::int64_t{15}))), (Ids{1, 3}));
}

TEST_F(Read, lists_with_and_without_null) {
    EXPECT_EQ(ids(1, Condition::in("id", {std::int64_t{1}, std::int64_t{3}, std::int64_t{9}})), (Ids{1, 3}));
    EXPECT_EQ(ids(1, Condition::in("stage", {Value{}, std::string("WON")})), (Ids{2, 3}));
    EXPECT_EQ(ids(1, Condition::in("stage", {Value{}})), (Ids{3}));
}

TEST_F(Read, all_and_any_keep_their_precedence) {
    const auto is_new = Condition::equals("stage", std::string("NEW"));
    const auto is_won = Condition::equals("stage", std::string("WON"));
    const auto rich = Condition::compare("amount", Op::gt, std::int64_t{15});
    EXPECT_EQ(ids(1, Condition::all({rich, Condition::any({is_new, is_won})})), (Ids{2, 4}));
    EXPECT_EQ(ids(1, Condition::any({is_won, Condition::all({is_new, rich})})), (Ids{2, 4}));
    EXPECT_EQ(ids(1, Condition::never()), (Ids{}));
    Condition bare;
    bare.kind = Condition::Kind::any;
    EXPECT_EQ(ids(1, bare), (Ids{}));
    bare.kind = Condition::Kind::all;
    EXPECT_EQ(ids(1, bare), (Ids{1, 2, 3, 4}));
}

TEST_F(Read, exists_looks_into_another_table) {
    add_phone(1, 1, 2, "+49301");
    add_phone(1, 2, 4, "+7495");
    const auto berlin = Condition::exists("phone", "deal_id", "id", Condition::like("number", "+49%"));
    EXPECT_EQ(ids(1, berlin), (Ids{2}));
    EXPECT_EQ(ids(1, Condition::negate(berlin)), (Ids{1, 3, 4}));
    EXPECT_EQ(ids(1, Condition::exists("phone", "deal_id", "id", {})), (Ids{2, 4}));
    // With the outer row known.
    const auto one_of = [&](Condition::Op op, std::int64_t id) {
        return ids(1, Condition::all({berlin, Condition::compare("id", op, id)}));
    };
    EXPECT_EQ(one_of(Op::eq, 2), (Ids{2}));
    EXPECT_EQ(one_of(Op::eq, 4), (Ids{}));
    EXPECT_EQ(
        ids(1, Condition::all({Condition::in("id", {std::int64_t{2}, std::int64_t{3}}), Condition::negate(berlin)})),
        (Ids{3}));
    // The table itself, two levels deep: names must not be confused.
    const auto same = Condition::exists("deal", "id", "id", Condition::exists("phone", "deal_id", "id", {}));
    EXPECT_EQ(ids(1, same), (Ids{2, 4}));
}

TEST_F(Read, json_columns_are_filtered_ordered_and_selected) {
    ASSERT_TRUE(change(1, [](WriteTx& tx) -> Status {
                    const Assignment a[] = {{"uf", std::string(R"({"UF_CRM_1":"x","UF_N":7})")}};
                    STOA_TRY(const auto n, tx.update("deal", a, Condition::equals("id", std::int64_t{2})));
                    EXPECT_EQ(n, 1);
                    return {};
                }).ok());
    auto where = Condition::equals("uf", std::int64_t{7});
    where.column.json_key = "UF_N";
    EXPECT_EQ(ids(1, where), (Ids{2}));
    EXPECT_TRUE(db_->read(1,
                          [](Tx& tx) {
                              Select select;
                              select.table = "deal";
                              select.columns = {{"uf", "UF_CRM_1"}};
                              select.order = {{{"uf", "UF_N"}, true}};
                              select.limit = 1;
                              return tx.select(select, [](const Row& row) {
                                  EXPECT_EQ(row.text(0), "x");
                                  return true;
                              });
                          })
                    .ok());
}

TEST_F(Read, row_gives_each_type_and_null) {
    ASSERT_TRUE(
        change(1, [](WriteTx& tx) -> Status {
            const Assignment row[] = {{"id", std::int64_t{9}}, {"title", std::string("a\0b", 3)}, {"rate", 0.5}};
            return tx.insert("deal", row);
        }).ok());
    int rows = 0;
    ASSERT_TRUE(db_->read(1,
                          [&](Tx& tx) {
                              Select select;
                              select.table = "deal";
                              select.columns_sql = "id, title,`rate`,amount";
                              select.where = Condition::equals("id", std::int64_t{9});
                              return tx.select(select, [&](const Row& row) {
                                  ++rows;
                                  EXPECT_EQ(row.columns(), 4);
                                  EXPECT_EQ(row.integer(0), 9);
                                  EXPECT_EQ(row.text(1), std::string_view("a\0b", 3));
                                  EXPECT_EQ(row.real(2), 0.5);
                                  EXPECT_TRUE(row.is_null(3));
                                  EXPECT_EQ(row.integer(3), 0);
                                  EXPECT_EQ(row.text(3), "");
                                  EXPECT_EQ(row.value(0), Value(std::int64_t{9}));
                                  EXPECT_EQ(row.value(1), Value(std::string("a\0b", 3)));
                                  EXPECT_EQ(row.value(2), Value(0.5));
                                  EXPECT_EQ(row.value(3), Value());
                                  return true;
                              });
                          })
                    .ok());
    EXPECT_EQ(rows, 1);
}

TEST_F(Read, order_limit_offset_and_early_stop) {
    Ids seen;
    ASSERT_TRUE(db_->read(1,
                          [&](Tx& tx) {
                              Select select;
                              select.table = "deal";
                              select.columns_sql = "id";
                              select.order = {{{"amount", {}}, true}, {{"id", {}}, false}};
                              select.limit = 2;
                              select.offset = 1;
                              return tx.select(select, [&](const Row& row) {
                                  seen.push_back(row.integer(0));
                                  return seen.size() < 2;
                              });
                          })
                    .ok());
    EXPECT_EQ(seen, (Ids{2, 1}));
}

TEST_F(Read, aggregates_with_and_without_groups) {
    Aggregate aggregate;
    aggregate.table = "deal";
    using Fn = Aggregate::Fn;
    const Column amount{"amount", {}};
    aggregate.terms = {{Fn::count, {}},   {Fn::sum, amount}, {Fn::min, amount},
                       {Fn::max, amount}, {Fn::avg, amount}, {Fn::count_distinct, {"stage", {}}}};
    ASSERT_TRUE(db_->read(1,
                          [&](Tx& tx) {
                              return tx.aggregate(aggregate, [](const Row& row) {
                                  EXPECT_EQ(row.integer(0), 4);
                                  EXPECT_EQ(row.integer(1), 70);
                                  EXPECT_EQ(row.integer(2), 10);
                                  EXPECT_EQ(row.integer(3), 40);
                                  EXPECT_NEAR(row.real(4), 23.33, 0.01);
                                  EXPECT_EQ(row.integer(5), 2);
                                  return true;
                              });
                          })
                    .ok());
    aggregate.group_by = {{"stage", {}}};
    aggregate.terms = {{Fn::count, {}}, {Fn::sum, amount}};
    std::map<std::string, std::int64_t> sums;
    bool null_sum = false;
    ASSERT_TRUE(db_->read(1,
                          [&](Tx& tx) {
                              return tx.aggregate(aggregate, [&](const Row& row) {
                                  sums[std::string(row.text(0))] = row.integer(2);
                                  null_sum = null_sum || row.is_null(2);
                                  return true;
                              });
                          })
                    .ok());
    EXPECT_EQ(sums, (std::map<std::string, std::int64_t>{{"", 0}, {"NEW", 50}, {"WON", 20}}));
    EXPECT_TRUE(null_sum);
}

TEST_F(Read, count_stops_at_its_bound) {
    ASSERT_TRUE(db_->read(1,
                          [](Tx& tx) -> Status {
                              EXPECT_EQ(tx.count("deal", {}).value_or(-1), 4);
                              EXPECT_EQ(tx.count("deal", {}, 3).value_or(-1), 3);
                              EXPECT_EQ(tx.count("deal", {}, 4).value_or(-1), 4);
                              EXPECT_EQ(tx.count("deal", {}, 5).value_or(-1), 4);
                              EXPECT_EQ(tx.count("deal", Condition::is_null("stage"), 5).value_or(-1), 1);
                              EXPECT_FALSE(tx.count("deal", {}, -1).ok());
                              return {};
                          })
                    .ok());
}

TEST_F(Read, a_select_inside_the_rows_of_the_same_select_works) {
    int pairs = 0;
    const auto each = [](Tx& tx, RowSink sink) {
        Select select;
        select.table = "deal";
        select.columns_sql = "id";
        return tx.select(select, sink);
    };
    ASSERT_TRUE(db_->read(1,
                          [&](Tx& tx) {
                              return each(tx, [&](const Row& outer) {
                                  const auto id = outer.integer(0);
                                  EXPECT_TRUE(each(tx, [&](const Row&) {
                                                  ++pairs;
                                                  return true;
                                              }).ok());
                                  EXPECT_EQ(outer.integer(0), id);
                                  return true;
                              });
                          })
                    .ok());
    EXPECT_EQ(pairs, 16);
}

TEST_F(Read, a_read_inside_a_read_works) {
    ASSERT_TRUE(db_->read(1,
                          [&](Tx&) -> Status {
                              EXPECT_EQ(ids(1).size(), 4U);
                              return db_->read(2, [&](Tx& inner) -> Status {
                                  EXPECT_EQ(inner.count("deal", {}).value_or(-1), 0);
                                  return {};
                              });
                          })
                    .ok());
}

TEST_F(Read, snapshot_sees_one_state_and_plain_reads_see_the_newest) {
    const auto count_twice = [&](bool snapshot) {
        std::int64_t first = 0;
        std::int64_t second = 0;
        EXPECT_TRUE(db_->read(1,
                              [&](Tx& tx) -> Status {
                                  first = tx.count("deal", {}).value_or(-1);
                                  std::thread([&] { add_deal(1, 100 + first, "later"); }).join();
                                  second = tx.count("deal", {}).value_or(-1);
                                  return {};
                              },
                              {{}, snapshot})
                        .ok());
        return second - first;
    };
    EXPECT_EQ(count_twice(true), 0);
    EXPECT_EQ(count_twice(false), 1);
}

TEST_F(Read, an_error_or_exception_of_the_function_leaves_the_connection_usable) {
    const auto status = db_->read(1, [](Tx&) -> Status { return not_found("No such deal."); }, {{}, true});
    EXPECT_EQ(status.error().code, Errc::not_found);
    EXPECT_THROW((void)db_->read(1,
                                 [](Tx& tx) {
                                     Select select;
                                     select.table = "deal";
                                     select.columns_sql = "id";
                                     return tx.select(select,
                                                      [](const Row&) -> bool { throw std::runtime_error("broken"); });
                                 },
                                 {{}, true}),
                 std::runtime_error);
    EXPECT_EQ(ids(1).size(), 4U);
    add_deal(1, 5, "after");
    EXPECT_EQ(ids(1).size(), 5U);
}

TEST_F(Read, impossible_names_are_refused_and_never_run) {
    const auto refused = [&](const std::function<void(Select&)>& spoil) {
        return db_->read(1, [&](Tx& tx) {
            Select select;
            select.table = "deal";
            select.columns = {{"id", {}}};
            spoil(select);
            return tx.select(select, [](const Row&) { return true; });
        });
    };
    EXPECT_TRUE(refused([](Select&) {}).ok());
    for (const char* name : {"", "deal d", "deal`", "Deal", "deal;", "1=1)--", "tit\"le", "naïve"}) {
        EXPECT_EQ(refused([&](Select& s) { s.table = name; }).error().code, Errc::internal) << name;
        EXPECT_EQ(refused([&](Select& s) { s.columns = {{name, {}}}; }).error().code, Errc::internal) << name;
        EXPECT_EQ(refused([&](Select& s) { s.order = {{{name, {}}, false}}; }).error().code, Errc::internal) << name;
        EXPECT_EQ(refused([&](Select& s) { s.where = Condition::is_null(name); }).error().code, Errc::internal) << name;
    }
    for (const char* key : {"a.b", "a'b", "a b", "$", "a\"]"}) {
        EXPECT_EQ(refused([&](Select& s) { s.columns = {{"uf", key}}; }).error().code, Errc::internal) << key;
    }
    for (const char* list : {"id,", ",id", "id title", "id from deal union select 1", "count(*)", "id,(select 1)",
                             "`id", "id`", "*", "id,,title", "id;"}) {
        EXPECT_EQ(refused([&](Select& s) { s.columns_sql = list; }).error().code, Errc::internal) << list;
    }
    EXPECT_EQ(refused([](Select& s) { s.columns.clear(); }).error().code, Errc::internal);
    EXPECT_EQ(refused([](Select& s) { s.limit = -1; }).error().code, Errc::internal);
    EXPECT_EQ(refused([](Select& s) { s.offset = -1; }).error().code, Errc::internal);
}

TEST_F(Read, a_misspelt_column_is_an_error_not_a_text) {
    EXPECT_EQ(failure(Condition::equals("no_such_column", std::string("no_such_column"))), Errc::internal);
}

TEST_F(Read, values_are_bound_whatever_they_hold) {
    const std::string hostile = "'; DROP TABLE deal; --";
    add_deal(1, 7, hostile);
    EXPECT_EQ(ids(1, Condition::equals("title", hostile)), (Ids{7}));
    EXPECT_EQ(ids(1, Condition::in("title", {hostile, std::string("x")})), (Ids{7}));
}

TEST_F(Read, lists_at_the_limit_pass_and_above_are_too_large) {
    std::vector<Value> values;
    for (std::int64_t i = 1; i <= limits::in_list_max; ++i)
        values.emplace_back(i);
    EXPECT_EQ(ids(1, Condition::in("id", values)), (Ids{1, 2, 3, 4}));
    values.emplace_back(std::int64_t{0});
    EXPECT_EQ(failure(Condition::in("id", values)), Errc::too_large);
}

TEST_F(Read, conditions_at_the_limit_pass_and_above_are_too_large) {
    const auto many = [](int count) {
        Condition any;
        any.kind = Condition::Kind::any;
        for (int i = 1; i < count; ++i)
            any.children.push_back(Condition::equals("id", std::int64_t{1}));
        return any;
    };
    EXPECT_EQ(ids(1, many(2 * limits::filter_conditions_max)), (Ids{1}));
    EXPECT_EQ(failure(many(2 * limits::filter_conditions_max + 1)), Errc::too_large);
}

TEST_F(Read, nesting_at_the_limit_passes_and_above_is_too_large) {
    const auto deep = [](int depth) {
        auto condition = Condition::equals("id", std::int64_t{1});
        for (int i = 1; i < depth; ++i)
            condition = Condition::negate(std::move(condition));
        return condition;
    };
    EXPECT_EQ(ids(1, deep(2 * limits::filter_depth_max)), (Ids{2, 3, 4}));
    EXPECT_EQ(failure(deep(2 * limits::filter_depth_max + 1)), Errc::too_large);
}

TEST_F(Read, search_text_at_the_limit_passes_and_above_is_too_large) {
    const std::string longest(2 * limits::string_bytes_max, 'x');
    EXPECT_EQ(ids(1, Condition::like("title", "%" + longest + "%")), (Ids{}));
    EXPECT_EQ(failure(Condition::like("title", "%" + longest + "x%")), Errc::too_large);
}

TEST_F(Read, malformed_conditions_are_refused) {
    Condition condition;
    condition.column.name = "id";
    for (const auto kind : {Condition::Kind::compare, Condition::Kind::like, Condition::Kind::negate}) {
        condition.kind = kind;
        EXPECT_EQ(failure(condition), Errc::internal);
    }
    condition.kind = Condition::Kind::like;
    condition.values = {Value(std::int64_t{5})};
    EXPECT_EQ(failure(condition), Errc::internal);
}

TEST_F(Read, more_different_statements_than_are_kept_prepared) {
    for (int round = 0; round < 2; ++round) {
        for (std::int64_t n = 1; n <= 300; ++n) {
            std::vector<Condition> conditions;
            conditions.reserve(9);
            for (int bit = 0; bit < 9; ++bit) {
                conditions.push_back(((n >> bit) & 1) != 0 ? Condition::compare("id", Op::lt, std::int64_t{3})
                                                           : Condition::compare("id", Op::le, std::int64_t{2}));
            }
            ASSERT_EQ(ids(1, Condition::all(conditions)), (Ids{1, 2}));
        }
    }
}

TEST_F(Read, readers_see_whole_transactions_while_writes_go_on) {
    // Each write moves an amount between two deals: the sum never changes.
    std::atomic<bool> stop{false};
    std::atomic<int> reads{0};
    std::vector<std::thread> readers;
    readers.reserve(3);
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&] {
            while (!stop) {
                Aggregate sum;
                sum.table = "deal";
                sum.terms = {{Aggregate::Fn::sum, {"amount", {}}}};
                const auto status = db_->read(1, [&](Tx& tx) {
                    return tx.aggregate(sum, [](const Row& row) {
                        EXPECT_EQ(row.integer(0), 70);
                        return true;
                    });
                });
                ASSERT_TRUE(status.ok()) << status.error().message;
                ++reads;
            }
        });
    }
    for (std::int64_t i = 0; i < 200 || reads < 50; ++i) {
        ASSERT_TRUE(change(1, [i](WriteTx& tx) -> Status {
                        const Assignment one[] = {{"amount", std::int64_t{10} + i}};
                        const Assignment other[] = {{"amount", std::int64_t{20} - i}};
                        STOA_TRY(auto a, tx.update("deal", one, Condition::equals("id", std::int64_t{1})));
                        STOA_TRY(auto b, tx.update("deal", other, Condition::equals("id", std::int64_t{2})));
                        EXPECT_EQ(a + b, 2);
                        return {};
                    }).ok());
    }
    stop = true;
    for (auto& reader : readers)
        reader.join();
}

TEST_F(Read, a_read_transaction_cannot_change_anything) {
    const auto status = db_->read(1, [](Tx& tx) -> Status {
        STOA_TRY(const auto n, tx.raw().execute("DELETE FROM deal", {}));
        (void)n;
        return {};
    });
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(ids(1).size(), 4U);
}

TEST_F(Read, raw_needs_a_value_for_each_parameter) {
    const auto status = db_->read(1, [](Tx& tx) {
        return tx.raw().query("SELECT ?1, ?2", std::vector<Value>{std::string("only one")},
                              [](const Row&) { return true; });
    });
    EXPECT_EQ(status.error().code, Errc::internal);
}

}  // namespace
}  // namespace stoa::db
