#include "base/log.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace stoa::log {
namespace {

constexpr std::int64_t kNow = 1'795'330'800'000'123;

TEST(Log, logfmt_quotes_only_when_needed) {
    EXPECT_EQ(
        format_line(Format::logfmt, kNow, Level::info, "deal_updated",
                    {{"account", 7}, {"name", "a b"}, {"ok", true}, {"ratio", 0.5}, {"empty", ""}, {"path", "/x"}}),
        "time=2026-11-22T07:00:00.000123Z level=info event=deal_updated account=7 name=\"a b\" ok=true ratio=0.5 "
        "empty=\"\" path=/x");
}

TEST(Log, json_lines_are_json) {
    EXPECT_EQ(
        format_line(Format::json, kNow, Level::error, "x", {{"reason", "say \"no\"\\"}, {"n", 18446744073709551615U}}),
        "{\"time\":\"2026-11-22T07:00:00.000123Z\",\"level\":\"error\",\"event\":\"x\",\"reason\":\"say "
        "\\\"no\\\"\\\\\",\"n\":18446744073709551615}");
    EXPECT_NE(format_line(Format::json, kNow, Level::info, "x", {{"v", std::numeric_limits<double>::infinity()}})
                  .find("\"v\":null"),
              std::string::npos);
}

TEST(Log, an_event_stays_one_line_whatever_it_holds) {
    const std::string hostile("a\nlevel=error\r\x1b[31m\x7f\0\xff", 23);
    for (const Format format : {Format::logfmt, Format::json}) {
        const std::string line = format_line(format, kNow, Level::info, "x", {{"v", hostile}});
        for (const char c : line)
            EXPECT_GE(c, ' ') << line;
        EXPECT_NE(line.find("\\nlevel=error\\u000d\\u001b[31m\\u007f\\u0000\\ufffd"), std::string::npos) << line;
    }
}

TEST(Log, long_values_are_cut_between_letters) {
    std::string text(4095, 'a');
    text += "\xD0\x96 and more";
    const std::string line = format_line(Format::logfmt, kNow, Level::info, "x", {{"v", text}});
    EXPECT_LT(line.size(), 4300U);
    EXPECT_EQ(line.find("ufffd"), std::string::npos);
}

TEST(Log, the_level_silences_what_is_below) {
    configure(Level::warn, Format::logfmt);
    EXPECT_FALSE(enabled(Level::info));
    EXPECT_TRUE(enabled(Level::warn));
    testing::internal::CaptureStderr();
    info("silent");
    warn("loud", {{"do", "nothing"}});
    const std::string printed = testing::internal::GetCapturedStderr();
    EXPECT_EQ(printed.find("silent"), std::string::npos);
    EXPECT_NE(printed.find("level=warn event=loud do=nothing\n"), std::string::npos);
    configure(Level::off, Format::logfmt);
    EXPECT_FALSE(enabled(Level::error));
    configure(Level::info, Format::logfmt);
}

}  // namespace
}  // namespace stoa::log
