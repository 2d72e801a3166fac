#include "db/condition.hpp"

#include <gtest/gtest.h>

namespace stoa::db {
namespace {

using Kind = Condition::Kind;

TEST(Condition, all_drops_always_and_collapses_to_never) {
    EXPECT_EQ(Condition::all({}).kind, Kind::always);
    EXPECT_EQ(Condition::all({Condition::always(), Condition::always()}).kind, Kind::always);
    EXPECT_EQ(Condition::all({Condition::is_null("a"), Condition::never()}).kind, Kind::never);
    EXPECT_EQ(Condition::all({Condition::always(), Condition::is_null("a")}).kind, Kind::is_null);
    EXPECT_EQ(Condition::all({Condition::is_null("a"), Condition::is_null("b")}).children.size(), 2U);
}

TEST(Condition, any_drops_never_and_collapses_to_always) {
    EXPECT_EQ(Condition::any({}).kind, Kind::never);
    EXPECT_EQ(Condition::any({Condition::never(), Condition::is_null("a")}).kind, Kind::is_null);
    EXPECT_EQ(Condition::any({Condition::is_null("a"), Condition::always()}).kind, Kind::always);
    EXPECT_EQ(Condition::any({Condition::is_null("a"), Condition::is_null("b")}).kind, Kind::any);
}

TEST(Condition, empty_list_and_impossible_inner_condition_never_match) {
    EXPECT_EQ(Condition::in("a", {}).kind, Kind::never);
    EXPECT_EQ(Condition::exists("t", "link", "id", Condition::never()).kind, Kind::never);
    EXPECT_EQ(Condition::negate(Condition::never()).kind, Kind::always);
    EXPECT_EQ(Condition::negate(Condition::always()).kind, Kind::never);
}

TEST(Condition, escape_like_makes_wildcards_plain) {
    EXPECT_EQ(escape_like("50%_a\\b"), "50\\%\\_a\\\\b");
    EXPECT_EQ(escape_like("plain"), "plain");
}

}  // namespace
}  // namespace stoa::db
