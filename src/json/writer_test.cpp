#include "json/writer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "json/parse.hpp"

namespace stoa::json {
namespace {

std::string real(double v) {
    std::string out;
    Writer(out).real(v);
    return out;
}

std::string text(std::string_view v) {
    std::string out;
    Writer(out).text(v);
    return out;
}

TEST(Writer, places_commas) {
    std::string out;
    Writer w(out);
    w.begin_object();
    w.field("a", 1).field("b", "x").field("c", true).field("d", 0.5);
    w.key("e")
        .begin_array()
        .null()
        .integer_text(-12)
        .raw("{}")
        .raw_text("2026-11-22")
        .begin_array()
        .end_array()
        .end_array();
    w.raw_key("f").begin_object().end_object();
    w.key("g\"").value(Array{1, Object(), nullptr});
    w.end_object();
    EXPECT_EQ(out, R"({"a":1,"b":"x","c":true,"d":0.5,"e":[null,"-12",{},"2026-11-22",[]],"f":{},"g\"":[1,{},null]})");
}

TEST(Writer, reals_are_short_and_without_exponent) {
    EXPECT_EQ(real(0.1), "0.1");
    EXPECT_EQ(real(1000.0), "1000");
    EXPECT_EQ(real(-2.5), "-2.5");
    EXPECT_EQ(real(0.0), "0");
    EXPECT_EQ(real(-0.0), "0");
    EXPECT_EQ(real(100.5), "100.5");
    EXPECT_EQ(real(1e-7), "0.0000001");
    EXPECT_EQ(real(1e20), "100000000000000000000");
    EXPECT_EQ(real(1e21), "1e+21");
    EXPECT_EQ(real(1e-21), "1e-21");
    EXPECT_EQ(real(0x1p53), "9007199254740992");
    EXPECT_EQ(real(std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(real(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(Writer, any_real_reads_back_the_same) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 200'000; ++i) {
        const std::uint64_t bits = random();
        double v;
        std::memcpy(&v, &bits, 8);
        if (i % 2 == 0) v = static_cast<double>(static_cast<std::int64_t>(bits)) / 1000.0;
        if (!std::isfinite(v)) continue;
        const auto parsed = parse(real(v));
        ASSERT_TRUE(parsed) << real(v);
        ASSERT_EQ(parsed->as_real(), v) << real(v);
    }
}

TEST(Writer, escapes_what_json_forbids) {
    EXPECT_EQ(text("a\"b\\c/d"), R"("a\"b\\c/d")");
    EXPECT_EQ(text("\b\f\n\r\t"), R"("\b\f\n\r\t")");
    EXPECT_EQ(text(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
    EXPECT_EQ(text(""), "\"\"");
}

TEST(Writer, every_byte_at_every_place_of_a_word_is_seen) {
    for (int c = 0; c < 256; ++c) {
        for (std::size_t at = 0; at < 24; ++at) {
            std::string v(24, 'x');
            v[at] = static_cast<char>(c);
            std::string expected = "\"" + std::string(at, 'x');
            if (c >= 0x80) {
                expected += "\xEF\xBF\xBD";
            } else if (c < 0x20 || c == '"' || c == '\\') {
                const auto escaped = text(v.substr(at, 1));
                expected += escaped.substr(1, escaped.size() - 2);
                EXPECT_EQ(escaped[1], '\\');
            } else {
                expected += static_cast<char>(c);
            }
            ASSERT_EQ(text(v), expected + std::string(23 - at, 'x') + "\"") << c << " at " << at;
        }
    }
}

TEST(Writer, valid_utf8_passes_and_the_rest_is_replaced) {
    EXPECT_EQ(text("\xD0\x96\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xD0\x96\xE2\x82\xAC\xF0\x9F\x98\x80\"");
    EXPECT_EQ(text("a\xD0"), "\"a\xEF\xBF\xBD\"");
    EXPECT_EQ(text("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    EXPECT_EQ(text("\xD0\x96\n\xFF\xD0\x96"), "\"\xD0\x96\\n\xEF\xBF\xBD\xD0\x96\"");
}

TEST(Writer, deep_nesting_is_fine) {
    std::string out;
    Writer w(out);
    for (int i = 0; i < 100; ++i)
        w.begin_array();
    for (int i = 0; i < 100; ++i)
        w.end_array();
    EXPECT_EQ(out.size(), 200U);
}

TEST(WriterDeathTest, mismatched_ends_stop_the_program) {
    std::string out;
    EXPECT_DEATH(Writer(out).begin_object().end_array(), "");
    EXPECT_DEATH(Writer(out).end_array(), "");
    EXPECT_DEATH(Writer(out).begin_object().key("a").end_object(), "");
}

}  // namespace
}  // namespace stoa::json
