#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace stoa {
namespace {

/// Encodes any number as if it were a code point, also the forbidden ones.
std::string encode(std::uint32_t c) {
    const auto tail = [&](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
    if (c < 0x80) return {static_cast<char>(c)};
    if (c < 0x800) return {static_cast<char>(0xC0 | c >> 6), tail(0)};
    if (c < 0x10000) return {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
    return {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
}

TEST(Utf8, every_code_point_but_the_surrogates_is_valid) {
    for (std::uint32_t c = 0; c < 0x120000; ++c) {
        const bool allowed = (c < 0xD800 || c > 0xDFFF) && c <= 0x10FFFF;
        ASSERT_EQ(is_valid_utf8(encode(c)), allowed) << std::hex << c;
    }
}

TEST(Utf8, overlong_forms_are_refused) {
    for (const char* text :
         {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF"}) {
        EXPECT_FALSE(is_valid_utf8(text));
    }
}

TEST(Utf8, a_cut_sequence_is_refused_at_every_place) {
    const std::string text =
        "abcdefgh"
        "\xD0\x96"
        "\xE2\x82\xAC"
        "\xF0\x9F\x98\x80"
        "ijklmnop";
    ASSERT_TRUE(is_valid_utf8(text));
    int valid = 0;
    for (std::size_t n = 0; n <= text.size(); ++n)
        valid += is_valid_utf8(text.substr(0, n));
    EXPECT_EQ(valid, 20);  // one per code point and the empty one
}

TEST(Utf8, stray_continuations_and_bad_leads_are_refused) {
    for (const char* text : {"\x80", "\xBF", "\xF5\x80\x80\x80", "\xFF", "\xFE", "aaaaaaaa\x80", "\xD0\xD0\x96"}) {
        EXPECT_FALSE(is_valid_utf8(text));
    }
    EXPECT_TRUE(is_valid_utf8(""));
}

TEST(Utf8, length_and_prefix_count_code_points) {
    const std::string text =
        "\xD0\x96\xE2\x82\xAC"
        "a"
        "\xF0\x9F\x98\x80";
    EXPECT_EQ(utf8_length(text), 4U);
    EXPECT_EQ(utf8_prefix(text, 0), "");
    EXPECT_EQ(utf8_prefix(text, 1), "\xD0\x96");
    EXPECT_EQ(utf8_prefix(text, 3),
              "\xD0\x96\xE2\x82\xAC"
              "a");
    EXPECT_EQ(utf8_prefix(text, 4), text);
    EXPECT_EQ(utf8_prefix(text, 9), text);
}

TEST(Utf8, nul_is_found_anywhere) {
    EXPECT_FALSE(has_nul(""));
    EXPECT_FALSE(has_nul("abc"));
    EXPECT_TRUE(has_nul(std::string_view("ab\0", 3)));
    EXPECT_TRUE(has_nul(std::string_view("\0", 1)));
}

TEST(Utf8, case_is_ascii_only) {
    EXPECT_EQ(to_upper_ascii("aZ_9\xD0\xB6"), "AZ_9\xD0\xB6");
    EXPECT_EQ(to_lower_ascii("aZ_9\xD0\x96"), "az_9\xD0\x96");
    EXPECT_TRUE(equals_any_case("crm.Deal.LIST", "CRM.deal.list"));
    EXPECT_FALSE(equals_any_case("a", "b"));
    EXPECT_FALSE(equals_any_case("a", "aa"));
    EXPECT_FALSE(equals_any_case("[", "{"));
}

}  // namespace
}  // namespace stoa
