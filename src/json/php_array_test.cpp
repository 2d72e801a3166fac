#include "json/php_array.hpp"

#include <gtest/gtest.h>

namespace stoa::json {
namespace {

std::string php(const RawMembers& members) {
    std::string out;
    Writer w(out);
    write_php_map(w, members);
    return out;
}

TEST(PhpArray, empty_maps_are_lists) {
    EXPECT_EQ(php({}), "[]");
}

TEST(PhpArray, counted_keys_in_order_are_a_list) {
    EXPECT_EQ(php({{"0", "1"}, {"1", "{}"}}), "[1,{}]");
}

TEST(PhpArray, everything_else_is_an_object) {
    EXPECT_EQ(php({{"1", "1"}}), R"({"1":1})");
    EXPECT_EQ(php({{"0", "1"}, {"2", "2"}}), R"({"0":1,"2":2})");
    EXPECT_EQ(php({{"1", "1"}, {"0", "2"}}), R"({"1":1,"0":2})");
    EXPECT_EQ(php({{"00", "1"}}), R"({"00":1})");
    EXPECT_EQ(php({{"a\"", "1"}}), R"({"a\"":1})");
}

TEST(PhpArray, fits_into_a_larger_answer) {
    std::string out;
    Writer w(out);
    w.begin_object().key("result");
    write_php_map(w, {{"a", "1"}});
    w.key("time");
    write_php_map(w, {});
    w.end_object();
    EXPECT_EQ(out, R"({"result":{"a":1},"time":[]})");
}

}  // namespace
}  // namespace stoa::json
