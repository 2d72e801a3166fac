#include "model/convert.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "json/parse.hpp"

namespace stoa::model {
namespace {

Field field_of(FieldType type) {
    Field field;
    field.name = "F";
    field.type = type;
    field.choices = {"A", "B"};
    return field;
}

Result<db::Value> convert(FieldType type, std::string_view json) {
    return to_storage(field_of(type), *json::parse(json), *utc_time_zone());
}

TEST(ConvertTest, blank_means_no_value_and_a_blank_boolean_means_no) {
    for (const FieldType type : {FieldType::integer, FieldType::decimal, FieldType::string, FieldType::date,
                                 FieldType::datetime, FieldType::enumeration, FieldType::list, FieldType::user}) {
        EXPECT_TRUE(db::is_null(*convert(type, "null"))) << to_string(type);
        EXPECT_TRUE(db::is_null(*convert(type, R"("")"))) << to_string(type);
    }
    EXPECT_EQ(*convert(FieldType::boolean, R"("")"), db::Value(std::int64_t{0}));
}

TEST(ConvertTest, numbers_come_as_numbers_or_text) {
    EXPECT_EQ(*convert(FieldType::integer, R"("42")"), db::Value(std::int64_t{42}));
    EXPECT_EQ(*convert(FieldType::integer, "42.0"), db::Value(std::int64_t{42}));
    EXPECT_FALSE(convert(FieldType::integer, "42.5").ok());
    EXPECT_FALSE(convert(FieldType::integer, "1e300").ok());
    EXPECT_EQ(*convert(FieldType::decimal, "19.99"), db::Value(std::int64_t{1999}));
    EXPECT_EQ(*convert(FieldType::decimal, R"("-0.5")"), db::Value(std::int64_t{-50}));
    EXPECT_FALSE(convert(FieldType::decimal, R"("1e5")").ok());
    EXPECT_FALSE(convert(FieldType::decimal, "1e30").ok());
}

TEST(ConvertTest, a_reference_to_zero_is_none) {
    EXPECT_TRUE(db::is_null(*convert(FieldType::reference, "0")));
    EXPECT_FALSE(convert(FieldType::user, "-1").ok());
}

TEST(ConvertTest, booleans_take_every_spelling_of_the_protocol) {
    for (const char* yes : {"1", "true", R"("Y")", R"("true")", R"("1")"}) {
        EXPECT_EQ(*convert(FieldType::boolean, yes), db::Value(std::int64_t{1})) << yes;
    }
    EXPECT_FALSE(convert(FieldType::boolean, R"("perhaps")").ok());
}

TEST(ConvertTest, a_scalar_field_refuses_lists_and_objects) {
    EXPECT_EQ(convert(FieldType::string, "[1]").error().field, "F");
    EXPECT_EQ(convert(FieldType::integer, "{}").error().field, "F");
    EXPECT_EQ(convert(FieldType::list, R"([{"a":1}])").error().field, "F");
}

TEST(ConvertTest, text_has_a_limit_in_bytes) {
    const std::string fits(limits::text_bytes_max, 'a');
    EXPECT_TRUE(to_storage(field_of(FieldType::text), json::Value(fits), *utc_time_zone()).ok());
    EXPECT_EQ(to_storage(field_of(FieldType::text), json::Value(fits + "a"), *utc_time_zone()).error().code,
              Errc::too_large);
}

TEST(ConvertTest, an_enumeration_user_field_takes_ids_of_its_choices_only) {
    UserField field;
    field.user_type = "enumeration";
    field.field = field_of(FieldType::integer);
    field.choices = {{7, "Red"}, {8, "Blue"}};
    EXPECT_EQ(to_user_field_storage(field, json::Value("7"), *utc_time_zone())->integer(), 7);
    EXPECT_FALSE(to_user_field_storage(field, json::Value("9"), *utc_time_zone()).ok());
    field.field.multiple = true;
    EXPECT_EQ(json::Value(json::Array{7, 8}),
              *to_user_field_storage(field, json::Value(json::Array{"7", "8"}), *utc_time_zone()));
}

}  // namespace
}  // namespace stoa::model
