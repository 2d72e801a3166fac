// The shape of the SQL where speed depends on it. What statements mean is tested against a store.

#include "db/sql/sql_builder.hpp"

#include <gtest/gtest.h>

namespace stoa::db {
namespace {

std::string where_of(const Condition& condition) {
    SqlBuilder builder{Dialect::sqlite};
    builder.remove(7, "deal", condition);
    EXPECT_TRUE(builder.status().ok());
    return std::string(builder.sql().substr(std::string_view("DELETE FROM `deal` WHERE `account_id`=?1 AND ").size()));
}

TEST(SqlBuilder, a_hot_select_is_short_and_names_its_account_first) {
    Select select;
    select.table = "deal";
    select.columns_sql = "id,title";
    select.where = Condition::equals("id", std::int64_t{5});
    SqlBuilder builder{Dialect::sqlite};
    builder.select(7, select);
    EXPECT_EQ(builder.sql(), "SELECT id,title FROM `deal` WHERE `account_id`=?1 AND (`deal`.`id`=?2) LIMIT ?3");
    EXPECT_EQ(builder.bindings()[0].integer, 7);
}

TEST(SqlBuilder, lists_of_similar_length_share_one_statement) {
    const auto in = [](int count) {
        std::vector<Value> values;
        for (std::int64_t i = 0; i < count; ++i)
            values.emplace_back(i);
        return where_of(Condition::in("id", values));
    };
    EXPECT_EQ(in(1), "(`deal`.`id` IN (?2))");
    EXPECT_EQ(in(3), "(`deal`.`id` IN (?2,?3,?4,?5))");
    EXPECT_EQ(in(5), in(8));
    EXPECT_NE(in(8), in(9));
}

TEST(SqlBuilder, a_subselect_is_a_list_unless_the_outer_row_is_known) {
    const auto exists = Condition::exists("phone", "deal_id", "id", Condition::is_null("number"));
    EXPECT_EQ(where_of(exists),
              "(`deal`.`id` IN (SELECT `e1`.`deal_id` FROM `phone` AS `e1` WHERE `e1`.`account_id`=?1 AND "
              "(`e1`.`number` IS NULL)))");
    EXPECT_EQ(where_of(Condition::all({Condition::equals("id", std::int64_t{5}), exists})),
              "((`deal`.`id`=?2) AND (EXISTS (SELECT 1 FROM `phone` AS `e1` WHERE `e1`.`account_id`=?1 AND "
              "`e1`.`deal_id`=`deal`.`id` AND (`e1`.`number` IS NULL))))");
}

}  // namespace
}  // namespace stoa::db
