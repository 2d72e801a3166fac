#include <gtest/gtest.h>

#include <chrono>

#include "base/limits.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::json {
namespace {

std::string round_trip(std::string_view text) {
    const auto value = parse(text);
    return value ? to_json(*value) : std::string(to_string(value.error().code));
}

std::string nested(int depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

std::string list_of(std::size_t elements) {
    std::string text = "[";
    for (std::size_t i = 0; i < elements; ++i)
        text += i == 0 ? "0" : ",0";
    return text + "]";
}

TEST(ParseJson, reads_every_kind) {
    EXPECT_EQ(round_trip(R"( {"a":[1,-2,1.5,true,false,null,"x"],"b":{}} )"),
              R"({"a":[1,-2,1.5,true,false,null,"x"],"b":{}})");
    EXPECT_EQ(round_trip("5"), "5");
    EXPECT_EQ(round_trip("[]"), "[]");
    EXPECT_EQ(round_trip(R"("\u0416\n\ud83d\ude00\/")"), "\"\xD0\x96\\n\xF0\x9F\x98\x80/\"");
}

TEST(ParseJson, keeps_members_in_order_and_the_last_of_repeats) {
    EXPECT_EQ(round_trip(R"({"z":1,"a":2,"z":3})"), R"({"z":3,"a":2})");
    std::string many = "{";
    for (int i = 0; i < 100; ++i)
        many += "\"k" + std::to_string(99 - i) + "\":0,";
    many += "\"k50\":1,\"k50\":2,\"k99\":3}";
    const Value value = parse(many).value();
    EXPECT_EQ(value.object().size(), 100U);
    EXPECT_EQ(value.object().begin()->first, "k99");
    EXPECT_EQ(value.find("k99")->integer(), 3);
    EXPECT_EQ(value.find("k50")->integer(), 2);
    EXPECT_EQ((value.object().end() - 1)->first, "k0");
}

TEST(ParseJson, numbers_keep_their_value_to_the_last_bit) {
    EXPECT_EQ(parse("9223372036854775807").value().integer(), INT64_MAX);
    EXPECT_EQ(parse("-9223372036854775808").value().integer(), INT64_MIN);
    EXPECT_EQ(parse("9223372036854775808").value().real(), 9223372036854775808.0);
    EXPECT_EQ(parse("-9223372036854775809").value().real(), -9223372036854775808.0);
    EXPECT_EQ(parse("18446744073709551615").value().real(), 18446744073709551615.0);
    EXPECT_EQ(parse("100000000000000000000000").value().real(), 1e23);
    for (const double v : {0.1, 0.3, 1.0 / 3, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308,
                           9007199254740993.0, 123456.789e-7, 3.141592653589793, 1e-7}) {
        char text[40];
        std::snprintf(text, sizeof text, "%.17g", v);
        const auto parsed = parse(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(parsed->as_real(), v) << text;
    }
    EXPECT_EQ(parse("1e-400").value().real(), 0);
    EXPECT_EQ(parse("1e400").error().code, Errc::invalid_argument);
    EXPECT_EQ(parse("-1e400").error().code, Errc::invalid_argument);
}

TEST(ParseJson, refuses_what_is_not_json) {
    for (const char* text : {"",
                             " ",
                             "{",
                             "[",
                             "[1,]",
                             "{\"a\":1,}",
                             "{a:1}",
                             "{'a':1}",
                             "[1 2]",
                             "01",
                             "+1",
                             "1.",
                             ".5",
                             "nan",
                             "NaN",
                             "Infinity",
                             "tru",
                             "\"",
                             "\"\\x\"",
                             "\"\n\"",
                             "1 2",
                             "[] x",
                             "// c\n1",
                             "/**/1",
                             "{\"a\"}",
                             "{1:2}",
                             "\"\\ud800\"",
                             "\"\\udc00\"",
                             "\"\\ud800\\u0041\"",
                             "[}",
                             "{]",
                             "-",
                             "1e",
                             "\xEF\xBB\xBF{}"}) {
        const auto result = parse(text);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().code, Errc::invalid_argument) << text;
    }
}

TEST(ParseJson, refuses_bad_utf8_and_nul_in_values_and_keys) {
    for (const char* text : {"\"\x80\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "{\"\xFF\":1}", "\"\\u0000\"",
                             "{\"a\\u0000\":1}", "\"abc\\u0000def\"", "\"\xD0\""}) {
        EXPECT_FALSE(parse(text)) << text;
    }
    EXPECT_FALSE(parse(std::string_view("\"a\0b\"", 5)));
    EXPECT_FALSE(parse(std::string_view("1\0", 2)));
}

TEST(ParseJson, depth_is_limited_exactly) {
    EXPECT_TRUE(parse(nested(limits::json_depth_max)));
    EXPECT_EQ(parse(nested(limits::json_depth_max + 1)).error().code, Errc::too_large);
    EXPECT_EQ(parse(std::string(1'000'000, '[')).error().code, Errc::too_large);
}

TEST(ParseJson, the_number_of_values_is_limited_exactly_over_all_levels) {
    EXPECT_TRUE(parse(list_of(limits::parameters_max)));
    EXPECT_EQ(parse(list_of(limits::parameters_max + 1)).error().code, Errc::too_large);
    // {"a":[…]} counts the list as well.
    EXPECT_TRUE(parse("{\"a\":" + list_of(limits::parameters_max - 1) + "}"));
    EXPECT_EQ(parse("{\"a\":" + list_of(limits::parameters_max) + "}").error().code, Errc::too_large);
    std::string empties = "[[]";
    for (std::size_t i = 1; i < limits::parameters_max; ++i)
        empties += ",{}";
    EXPECT_TRUE(parse(empties + "]"));
    EXPECT_EQ(parse(empties + ",[]]").error().code, Errc::too_large);
}

TEST(ParseJson, equal_keys_do_not_make_it_slow) {
    std::string text = "{";
    for (std::size_t i = 0; i < limits::parameters_max; ++i)
        text += i == 0 ? "\"k\":0" : ",\"k\":0";
    EXPECT_EQ(parse(text + "}").value().object().size(), 1U);
}

TEST(ParseJson, long_strings_and_keys_arrive_whole) {
    const std::string text(300'000, 'x');
    EXPECT_EQ(parse("\"" + text + "\\n" + text + "\"").value().string(), text + "\n" + text);
    EXPECT_NE(parse("{\"" + text + "\\t\":1}").value().find(text + "\t"), nullptr);
}

TEST(Merge, replaces_and_adds_without_going_deep) {
    Value into = parse(R"({"a":1,"b":{"x":1},"c":3})").value();
    merge(into, parse(R"({"d":4,"b":{"y":2},"a":null})").value());
    EXPECT_EQ(to_json(into), R"({"a":null,"b":{"y":2},"c":3,"d":4})");
    Value nothing;
    merge(nothing, parse(R"({"a":1})").value());
    EXPECT_EQ(to_json(nothing), R"({"a":1})");
    merge(nothing, parse("[1]").value());
    EXPECT_EQ(to_json(nothing), R"({"a":1})");
}

}  // namespace
}  // namespace stoa::json
