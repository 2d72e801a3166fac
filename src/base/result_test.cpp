#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace stoa {
namespace {

Result<int> half(int v) {
    if (v % 2 != 0) return invalid("odd", "v");
    return v / 2;
}

Result<std::string> half_as_text(int v) {
    STOA_TRY(const int h, half(v));
    return std::to_string(h);
}

Status both_even(int a, int b) {
    STOA_CHECK(half(a));
    STOA_CHECK(half(b));
    return {};
}

TEST(Result, holds_a_value_or_an_error) {
    EXPECT_EQ(half(4).value(), 2);
    EXPECT_FALSE(half(3));
    EXPECT_EQ(half(3).error().code, Errc::invalid_argument);
    EXPECT_EQ(half(3).error().field, "v");
    EXPECT_EQ(half(3).value_or(7), 7);
}

TEST(Result, carries_values_that_can_only_move) {
    Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
    const std::unique_ptr<int> value = std::move(result).value();
    EXPECT_EQ(*value, 5);
}

TEST(Result, errors_travel_through_try_and_check) {
    EXPECT_EQ(half_as_text(8).value(), "4");
    EXPECT_EQ(half_as_text(7).error().message, "odd");
    EXPECT_TRUE(both_even(2, 4));
    EXPECT_FALSE(both_even(2, 5));
}

TEST(Result, every_code_has_its_own_name) {
    EXPECT_EQ(to_string(Errc::invalid_argument), "invalid_argument");
    EXPECT_EQ(to_string(Errc::too_large), "too_large");
    EXPECT_EQ(to_string(Errc::internal), "internal");
}

}  // namespace
}  // namespace stoa
