#include "json/value.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace stoa::json {
namespace {

TEST(Value, truth_has_many_forms) {
    for (const Value& v : {Value(true), Value(1), Value("1"), Value("Y"), Value("y"), Value("true"), Value("TRUE")}) {
        EXPECT_EQ(v.as_bool(), true);
    }
    for (const Value& v : {Value(false), Value(0), Value("0"), Value("N"), Value("n"), Value("false")}) {
        EXPECT_EQ(v.as_bool(), false);
    }
    for (const Value& v :
         {Value(), Value(2), Value(""), Value("yes"), Value(" 1"), Value(1.0), Value(Array()), Value(Object())}) {
        EXPECT_EQ(v.as_bool(), std::nullopt);
    }
}

TEST(Value, whole_numbers_are_never_half_read) {
    EXPECT_EQ(Value("12").as_integer(), 12);
    EXPECT_EQ(Value("-12").as_integer(), -12);
    EXPECT_EQ(Value("+12").as_integer(), 12);
    EXPECT_EQ(Value("9223372036854775807").as_integer(), INT64_MAX);
    EXPECT_EQ(Value(12.0).as_integer(), 12);
    EXPECT_EQ(Value(true).as_integer(), 1);
    for (const char* text : {"", "12a", " 12", "12 ", "1.0", "0x1", "9223372036854775808", "+", "-", "+-1", "1e3"}) {
        EXPECT_EQ(Value(text).as_integer(), std::nullopt) << text;
    }
    EXPECT_EQ(Value(1.5).as_integer(), std::nullopt);
    EXPECT_EQ(Value(0x1p63).as_integer(), std::nullopt);
    EXPECT_EQ(Value(-0x1p63).as_integer(), INT64_MIN);
    EXPECT_EQ(Value(std::numeric_limits<double>::quiet_NaN()).as_integer(), std::nullopt);
}

TEST(Value, reals_come_from_numbers_and_numeric_text) {
    EXPECT_EQ(Value("1.5").as_real(), 1.5);
    EXPECT_EQ(Value("1e3").as_real(), 1000);
    EXPECT_EQ(Value(3).as_real(), 3);
    for (const char* text : {"", "nan", "inf", "-inf", "1,5", "1.5x", "0x10"}) {
        EXPECT_EQ(Value(text).as_real(), std::nullopt) << text;
    }
}

TEST(Value, scalars_read_as_php_prints_them) {
    EXPECT_EQ(Value(true).as_text(), "1");
    EXPECT_EQ(Value(false).as_text(), "");
    EXPECT_EQ(Value(-5).as_text(), "-5");
    EXPECT_EQ(Value(0.1).as_text(), "0.1");
    EXPECT_EQ(Value(1000.0).as_text(), "1000");
    EXPECT_EQ(Value("x").as_text(), "x");
    EXPECT_EQ(Value().as_text(), std::nullopt);
    EXPECT_EQ(Value(Array{1}).as_text(), std::nullopt);
}

TEST(Value, objects_keep_order_and_replace_in_place) {
    Object object;
    object.set("b", 1);
    object.set("a", 2);
    object.set("b", 3);
    EXPECT_EQ(object.size(), 2U);
    EXPECT_EQ(object.begin()->first, "b");
    EXPECT_EQ(object.find("b")->integer(), 3);
    EXPECT_EQ(object.find("B"), nullptr);
    EXPECT_EQ(object.find_any_case("B")->integer(), 3);
    EXPECT_TRUE(object.erase("b"));
    EXPECT_FALSE(object.erase("b"));
    EXPECT_EQ(object.size(), 1U);
}

TEST(Value, items_come_from_lists_and_from_maps) {
    Object map;
    map.set("0", "a");
    map.set("7", "b");
    EXPECT_EQ(Value(map).items().size(), 2U);
    EXPECT_EQ(Value(map).items()[1]->string(), "b");
    EXPECT_EQ(Value(Array{1, 2, 3}).items().size(), 3U);
    EXPECT_TRUE(Value("text").items().empty());
}

TEST(Value, equality_is_by_kind_order_and_content) {
    EXPECT_EQ(Value(Array{1, "a", nullptr}), Value(Array{1, "a", nullptr}));
    EXPECT_FALSE(Value(1) == Value(1.0));
    EXPECT_FALSE(Value(1) == Value("1"));
    Object ab, ba;
    ab.set("a", 1), ab.set("b", 2);
    ba.set("b", 2), ba.set("a", 1);
    EXPECT_FALSE(Value(ab) == Value(ba));
}

}  // namespace
}  // namespace stoa::json
