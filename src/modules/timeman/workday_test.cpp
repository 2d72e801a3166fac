#include "modules/timeman/workday.hpp"

#include <gtest/gtest.h>

namespace stoa::timeman {
namespace {

constexpr UnixSeconds kEight = 1'743'055'200;  // 2025-03-27T08:00:00+02:00
constexpr int kTwoHours = 7'200;

Workday started() {
    auto day = start_day(7, {kEight, kTwoHours}, kEight + 60);
    EXPECT_TRUE(day.ok());
    return *day;
}

TEST(Workday, duration_is_net_of_breaks) {
    Workday day = started();
    pause(day, kEight + 3'600);
    EXPECT_EQ(day.breaks_s(kEight + 3'900), 300);
    resume(day, kEight + 5'400);
    pause(day, kEight + 7'200);
    ASSERT_TRUE(close(day, kEight + 9'000).ok());
    EXPECT_EQ(day.break_s, 1'800 + 1'800);
    EXPECT_EQ(day.duration_s(), 9'000 - 3'600);
    EXPECT_FALSE(day.paused_at);
}

TEST(Workday, a_finish_before_the_breaks_never_gives_negative_work) {
    Workday day = started();
    pause(day, kEight + 100);
    resume(day, kEight + 1'000);
    ASSERT_TRUE(close(day, kEight + 200).ok());
    EXPECT_EQ(day.duration_s(), 0);
}

TEST(Workday, reopening_makes_the_gap_a_break_and_pausing_makes_it_work) {
    Workday reopened = started();
    ASSERT_TRUE(close(reopened, kEight + 1'000).ok());
    Workday paused = reopened;
    resume(reopened, kEight + 1'600);
    ASSERT_TRUE(close(reopened, kEight + 2'000).ok());
    EXPECT_EQ(reopened.duration_s(), 1'400);

    pause(paused, kEight + 1'600);
    EXPECT_FALSE(paused.end);
    ASSERT_TRUE(close(paused, kEight + 2'000).ok());
    EXPECT_EQ(paused.duration_s(), 1'600);
}

TEST(Workday, a_day_starts_today_and_ends_on_the_day_of_its_start) {
    EXPECT_EQ(start_day(7, {kEight - 86'400, kTwoHours}, kEight).error().api_code, "WRONG_DATETIME");
    Workday day = started();
    const UnixSeconds midnight = kEight + 16 * 3'600;
    EXPECT_EQ(close(day, midnight).error().api_code, "WRONG_DATETIME");
    EXPECT_EQ(close(day, kEight - 1).error().api_code, "WRONG_DATETIME");
    EXPECT_FALSE(day.is_expired(midnight - 1));
    EXPECT_TRUE(day.is_expired(midnight));
    EXPECT_TRUE(close(day, midnight - 1).ok());
    EXPECT_FALSE(day.is_expired(midnight));
}

TEST(Workday, a_written_time_keeps_its_offset) {
    const TimeZone& utc = *utc_time_zone();
    struct Case {
        const char* text;
        UnixSeconds at;
        int offset_s;
    };
    for (const Case& c : {Case{"2025-03-27T08:00:00+02:00", kEight, 7'200},
                          {"2025-03-27T06:00:00Z", kEight, 0},
                          {"2025-03-27T06:00:00", kEight, 0},
                          {"2025-03-27T01:30:00-0430", kEight, -16'200},
                          {"2025-03-27T11:45:00.5+05:45", kEight, 20'700}}) {
        auto moment = parse_moment(c.text, utc);
        ASSERT_TRUE(moment.ok()) << c.text;
        EXPECT_EQ(moment->at, c.at) << c.text;
        EXPECT_EQ(moment->offset_s, c.offset_s) << c.text;
    }
    for (const char* bad : {"", "noon", "2025-03-27T25:00:00Z", "2025-03-27T06:00:00+02:00x"})
        EXPECT_FALSE(parse_moment(bad, utc).ok()) << bad;
}

TEST(Workday, times_are_shown_by_the_clock_of_the_day) {
    EXPECT_EQ(to_iso({kEight, kTwoHours}), "2025-03-27T08:00:00+02:00");
    EXPECT_EQ(to_iso({kEight, -16'200}), "2025-03-27T01:30:00-04:30");
    EXPECT_EQ(to_iso({kEight, 0}), "2025-03-27T06:00:00+00:00");
    EXPECT_EQ(to_hms(34'624), "09:37:04");
    EXPECT_EQ(to_hms(360'000), "100:00:00");
    EXPECT_EQ(local_day({-1, 0}), -1);
}

}  // namespace
}  // namespace stoa::timeman
