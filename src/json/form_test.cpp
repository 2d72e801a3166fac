#include <gtest/gtest.h>

#include <chrono>

#include "base/limits.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::json {
namespace {

std::string form(std::string_view text) {
    const auto value = parse_form(text);
    return value ? to_json(*value) : std::string(to_string(value.error().code));
}

std::string deep(int levels) {
    std::string name = "a";
    for (int i = 0; i < levels; ++i)
        name += "[b]";
    return name + "=1";
}

std::string distinct(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += "k" + std::to_string(i) + "=v&";
    return text;
}

TEST(Form, pairs_become_members_in_order) {
    EXPECT_EQ(form("b=1&a=2"), R"({"b":"1","a":"2"})");
    EXPECT_EQ(form(""), "{}");
    EXPECT_EQ(form("&&a=1&"), R"({"a":"1"})");
    EXPECT_EQ(form("a"), R"({"a":""})");
    EXPECT_EQ(form("a="), R"({"a":""})");
    EXPECT_EQ(form("a=b=c"), R"({"a":"b=c"})");
}

TEST(Form, plus_and_percent_are_decoded_once) {
    EXPECT_EQ(form("a+b=c+d%20e%2Bf"), R"({"a b":"c d e+f"})");
    EXPECT_EQ(form("a=%2541"), R"({"a":"%41"})");
    EXPECT_EQ(form("a=100%&b=%zz&c=%4"), R"({"a":"100%","b":"%zz","c":"%4"})");
    EXPECT_EQ(form("%D0%96=%D0%96"), "{\"\xD0\x96\":\"\xD0\x96\"}");
}

TEST(Form, brackets_nest_encoded_or_not) {
    EXPECT_EQ(form("a[b][]=1&a[c][d]=2"), R"({"a":{"b":["1"],"c":{"d":"2"}}})");
    EXPECT_EQ(form("a%5Bb%5D%5B%5D=1&a%5Bb%5D%5B%5D=2"), R"({"a":{"b":["1","2"]}})");
    EXPECT_EQ(form("filter[>ID]=5&filter[!%25NAME]=x"), R"({"filter":{">ID":"5","!%NAME":"x"}})");
}

TEST(Form, lists_and_maps_follow_php_numbering) {
    EXPECT_EQ(form("a[]=x&a[]=y"), R"({"a":["x","y"]})");
    EXPECT_EQ(form("a[0]=x&a[1]=y"), R"({"a":["x","y"]})");
    EXPECT_EQ(form("a[1]=x&a[0]=y"), R"({"a":{"1":"x","0":"y"}})");
    EXPECT_EQ(form("a[5]=x&a[]=y"), R"({"a":{"5":"x","6":"y"}})");
    EXPECT_EQ(form("a[]=x&a[b]=y&a[]=z"), R"({"a":{"0":"x","b":"y","1":"z"}})");
    EXPECT_EQ(form("a[-5]=x&a[]=y"), R"({"a":{"-5":"x","0":"y"}})");
    EXPECT_EQ(form("a[007]=x&a[]=y"), R"({"a":{"007":"x","0":"y"}})");
    EXPECT_EQ(form("a[][b]=1&a[][b]=2"), R"({"a":[{"b":"1"},{"b":"2"}]})");
    EXPECT_EQ(form("0=a&1=b"), R"({"0":"a","1":"b"})");
}

TEST(Form, the_last_of_repeats_wins_at_the_first_place) {
    EXPECT_EQ(form("a=1&b=2&a=3"), R"({"a":"3","b":"2"})");
    EXPECT_EQ(form("a=1&b=2&a[x]=3"), R"({"a":{"x":"3"},"b":"2"})");
    EXPECT_EQ(form("a[x]=3&b=2&a=1"), R"({"a":"1","b":"2"})");
    EXPECT_EQ(form("a[x]=1&a[x][y]=2&a[x][z]=3"), R"({"a":{"x":{"y":"2","z":"3"}}})");
}

TEST(Form, dots_and_spaces_in_names_stay) {
    EXPECT_EQ(form("a.b=1&c+d=2&e.f[g.h]=3"), R"({"a.b":"1","c d":"2","e.f":{"g.h":"3"}})");
    EXPECT_EQ(form("++a=1"), R"({"a":"1"})");
}

TEST(Form, unbalanced_brackets_read_as_php_reads_them) {
    EXPECT_EQ(form("a[b=1"), R"({"a_b":"1"})");
    EXPECT_EQ(form("a[=1"), R"({"a_":"1"})");
    EXPECT_EQ(form("a]=1"), R"({"a]":"1"})");
    EXPECT_EQ(form("a[b][c=1"), R"({"a":{"b":"1"}})");
    EXPECT_EQ(form("a[b]c=1"), R"({"a":{"b":"1"}})");
    EXPECT_EQ(form("a[b]c[d]=1"), R"({"a":{"b":"1"}})");
    EXPECT_EQ(form("a[[b]=1"), R"({"a":{"[b":"1"}})");
    EXPECT_EQ(form("a[[]]=1"), R"({"a":{"[":"1"}})");
    EXPECT_EQ(form("a[+]=1"), R"({"a":["1"]})");
}

TEST(Form, names_without_a_first_part_are_ignored) {
    EXPECT_EQ(form("=1&[a]=2&[]=3&[=4&+=5&b=6"), R"({"b":"6"})");
}

TEST(Form, bad_text_is_refused_with_its_field) {
    const auto value = parse_form("a[b]=x%00y");
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().code, Errc::invalid_argument);
    EXPECT_EQ(value.error().field, "a[b]");
    EXPECT_EQ(form("a=%FF"), "invalid_argument");
    EXPECT_EQ(form("a=\xD0"), "invalid_argument");
    EXPECT_EQ(form("a%00=1"), "invalid_argument");
    EXPECT_EQ(form("%ED%A0%80=1"), "invalid_argument");
}

TEST(Form, depth_is_limited_exactly) {
    EXPECT_NE(form(deep(limits::form_depth_max)), "too_large");
    EXPECT_EQ(form(deep(limits::form_depth_max + 1)), "too_large");
    EXPECT_EQ(parse_form(deep(limits::form_depth_max + 1)).error().field, "a");
}

TEST(Form, the_number_of_parameters_is_limited_exactly) {
    EXPECT_TRUE(parse_form(distinct(limits::parameters_max)));
    EXPECT_EQ(form(distinct(limits::parameters_max + 1)), "too_large");
    std::string list;
    for (std::size_t i = 1; i < limits::parameters_max; ++i)
        list += "a[]=1&";
    EXPECT_TRUE(parse_form(list));  // and the list itself
    EXPECT_EQ(form(list + "a[]=1"), "too_large");
    std::string repeats;
    for (std::size_t i = 0; i <= limits::parameters_max; ++i)
        repeats += "a=1&";
    EXPECT_EQ(form(repeats), "too_large");
}

TEST(Form, hostile_sizes_take_milliseconds) {
    std::string brackets = "a";
    for (int i = 0; i < 1'000'000; ++i)
        brackets += '[';
    std::string branches;  // nested lists under one name, each new
    for (std::size_t i = 0; i < limits::parameters_max; ++i)
        branches += "a[][][][]=1&";
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(form(distinct(10'000)), "too_large");
    EXPECT_TRUE(parse_form(brackets));
    EXPECT_EQ(form(branches), "too_large");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(500));
}

}  // namespace
}  // namespace stoa::json
