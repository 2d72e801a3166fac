#include "base/decimal.hpp"

#include <gtest/gtest.h>

namespace stoa {
namespace {

std::string print(std::int64_t v, int scale) {
    std::string out;
    append_decimal(out, v, scale);
    return out;
}

TEST(Decimal, reads_whole_and_broken_numbers) {
    EXPECT_EQ(parse_decimal("1000", 2).value(), 100'000);
    EXPECT_EQ(parse_decimal("1000.5", 2).value(), 100'050);
    EXPECT_EQ(parse_decimal("-0.01", 2).value(), -1);
    EXPECT_EQ(parse_decimal("+7", 0).value(), 7);
    EXPECT_EQ(parse_decimal(".5", 1).value(), 5);
    EXPECT_EQ(parse_decimal("5.", 1).value(), 50);
    EXPECT_EQ(parse_decimal("000012.30", 2).value(), 1230);
    EXPECT_EQ(parse_decimal("-0", 2).value(), 0);
}

TEST(Decimal, rounds_half_away_from_zero) {
    EXPECT_EQ(parse_decimal("1.004", 2).value(), 100);
    EXPECT_EQ(parse_decimal("1.005", 2).value(), 101);
    EXPECT_EQ(parse_decimal("-1.005", 2).value(), -101);
    EXPECT_EQ(parse_decimal("0.5", 0).value(), 1);
    EXPECT_EQ(parse_decimal("0.49999999999999999999999999", 0).value(), 0);
    EXPECT_EQ(parse_decimal("9.999", 2).value(), 1000);
}

TEST(Decimal, refuses_what_is_no_decimal_number) {
    for (const char* text :
         {"", "-", "+", ".", "-.", "1e3", "1,5", "1 000", " 1", "1 ", "1.2.3", "0x10", "--1", "+-1", "nan", "1-"}) {
        EXPECT_FALSE(parse_decimal(text, 2)) << text;
        if (const auto result = parse_decimal(text, 2); !result) {
            EXPECT_EQ(result.error().code, Errc::invalid_argument) << text;
        }
    }
}

TEST(Decimal, overflow_is_told_exactly_at_the_limit) {
    EXPECT_EQ(parse_decimal("92233720368547758.07", 2).value(), INT64_MAX);
    EXPECT_EQ(parse_decimal("-92233720368547758.08", 2).value(), INT64_MIN);
    for (const char* text : {"92233720368547758.08", "-92233720368547758.09", "92233720368547758.075",
                             "-92233720368547758.085", "99999999999999999999"}) {
        const auto result = parse_decimal(text, 2);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().code, Errc::too_large) << text;
    }
    EXPECT_EQ(parse_decimal("9.223372036854775807", 18).value(), INT64_MAX);
    EXPECT_FALSE(parse_decimal("10", 18));
}

TEST(Decimal, prints_with_all_decimals) {
    EXPECT_EQ(print(100'000, 2), "1000.00");
    EXPECT_EQ(print(-1, 2), "-0.01");
    EXPECT_EQ(print(0, 2), "0.00");
    EXPECT_EQ(print(99, 2), "0.99");
    EXPECT_EQ(print(100, 2), "1.00");
    EXPECT_EQ(print(0, 0), "0");
    EXPECT_EQ(print(-42, 0), "-42");
    EXPECT_EQ(print(INT64_MIN, 2), "-92233720368547758.08");
    EXPECT_EQ(print(INT64_MAX, 18), "9.223372036854775807");
    EXPECT_EQ(print(1, 18), "0.000000000000000001");
}

TEST(Decimal, what_it_prints_it_reads) {
    for (const std::int64_t v : {INT64_MIN, std::int64_t{-101}, std::int64_t{0}, std::int64_t{7}, INT64_MAX}) {
        for (int scale = 0; scale <= decimal_scale_max; ++scale) {
            EXPECT_EQ(parse_decimal(print(v, scale), scale).value(), v);
        }
    }
}

}  // namespace
}  // namespace stoa
