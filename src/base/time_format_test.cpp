#include "base/time_format.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <thread>

#include "base/file_util.hpp"

namespace stoa {
namespace {

const TimeZone& zone(std::string_view name) {
    static std::vector<std::shared_ptr<const TimeZone>> keep;
    keep.push_back(find_time_zone(name).value());
    return *keep.back();
}

std::string iso(UnixSeconds t, std::string_view name) {
    std::string out;
    append_iso(out, t, zone(name));
    return out;
}

std::string date(std::int64_t days) {
    std::string out;
    append_date(out, days);
    return out;
}

TEST(TimeFormat, days_and_dates_agree_over_ten_thousand_years) {
    std::int64_t expected = date_to_days(1, 1, 1);
    EXPECT_EQ(expected, -719'162);
    for (int year = 1; year <= 9999; ++year) {
        for (int month = 1; month <= 12; ++month) {
            for (int day = 1; is_valid_date(year, month, day); ++day) {
                ASSERT_EQ(date_to_days(year, month, day), expected);
                ASSERT_EQ(days_to_date(expected), (CivilDate{year, month, day}));
                ++expected;
            }
        }
    }
    EXPECT_EQ(expected - 1, 2'932'896);
    EXPECT_EQ(day_of_week(0), 4);
    EXPECT_EQ(day_of_week(date_to_days(2026, 11, 22)), 0);
    EXPECT_EQ(day_of_week(-5), 6);
}

TEST(TimeFormat, impossible_dates_are_told) {
    EXPECT_TRUE(is_valid_date(2024, 2, 29));
    EXPECT_TRUE(is_valid_date(2000, 2, 29));
    EXPECT_FALSE(is_valid_date(1900, 2, 29));
    EXPECT_FALSE(is_valid_date(2023, 2, 29));
    EXPECT_FALSE(is_valid_date(2023, 13, 1));
    EXPECT_FALSE(is_valid_date(2023, 0, 1));
    EXPECT_FALSE(is_valid_date(2023, 4, 31));
    EXPECT_FALSE(is_valid_date(2023, 4, 0));
    EXPECT_FALSE(is_valid_date(0, 1, 1));
    EXPECT_FALSE(is_valid_date(10'000, 1, 1));
}

TEST(TimeFormat, prints_the_offset_of_the_zone) {
    EXPECT_EQ(iso(1'795'330'800, "Europe/Moscow"), "2026-11-22T10:00:00+03:00");
    EXPECT_EQ(iso(1'795'330'800, "UTC"), "2026-11-22T07:00:00+00:00");
    EXPECT_EQ(iso(1'795'330'800, "America/St_Johns"), "2026-11-22T03:30:00-03:30");
    EXPECT_EQ(iso(0, "Asia/Kathmandu"), "1970-01-01T05:30:00+05:30");
    EXPECT_EQ(iso(-1, "UTC"), "1969-12-31T23:59:59+00:00");
}

TEST(TimeFormat, instants_beyond_the_calendar_stay_inside_it) {
    EXPECT_EQ(iso(INT64_MAX, "Pacific/Kiritimati"), "9999-12-31T13:59:59+14:00");
    EXPECT_EQ(iso(INT64_MIN, "UTC"), "0001-01-02T00:00:00+00:00");
    EXPECT_EQ(iso(INT64_MIN, "America/Los_Angeles").substr(0, 11), "0001-01-01T");
    EXPECT_EQ(date(INT64_MAX), "9999-12-31");
    EXPECT_EQ(date(INT64_MIN), "0001-01-01");
    EXPECT_EQ(date(0), "1970-01-01");
}

TEST(TimeFormat, offsets_agree_with_the_system_library) {
    for (const char* name :
         {"Europe/Moscow", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
          "America/Sao_Paulo", "Asia/Tehran", "Pacific/Auckland", "Europe/Dublin", "Antarctica/Troll",
          "America/Godthab", "Africa/Cairo", "Asia/Gaza", "UTC", "Etc/GMT-3"}) {
        ::setenv("TZ", name, 1);
        ::tzset();
        const TimeZone& z = zone(name);
        // 1900 … 2100 in steps that fall on no regular hour.
        for (UnixSeconds t = -2'208'988'800; t < 4'102'444'800; t += 86'400 * 3 + 4'567) {
            std::tm local{};
            const std::time_t instant = t;
            ::localtime_r(&instant, &local);
            ASSERT_EQ(z.offset_s(t), local.tm_gmtoff) << name << " at " << t;
        }
    }
    ::unsetenv("TZ");
    ::tzset();
}

TEST(TimeFormat, a_wall_time_shown_twice_is_the_first_and_one_never_shown_moves_on) {
    const TimeZone& berlin = zone("Europe/Berlin");
    // 2026-10-25: 03:00 CEST back to 02:00 CET. 2026-03-29: 02:00 CET on to 03:00 CEST.
    EXPECT_EQ(parse_datetime("2026-10-25 02:30:00", berlin).value(),
              parse_datetime("2026-10-25T02:30:00+02:00", berlin).value());
    EXPECT_EQ(parse_datetime("2026-10-25 03:00:00", berlin).value(),
              parse_datetime("2026-10-25T03:00:00+01:00", berlin).value());
    EXPECT_EQ(parse_datetime("2026-03-29 02:30:00", berlin).value(),
              parse_datetime("2026-03-29T03:30:00+02:00", berlin).value());
    EXPECT_EQ(parse_datetime("2026-03-29 01:59:59", berlin).value() + 1,
              parse_datetime("2026-03-29 03:00:00", berlin).value());
}

TEST(TimeFormat, what_it_prints_it_reads) {
    for (const char* name : {"Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"}) {
        for (UnixSeconds t = -2'000'000'000; t < 4'000'000'000; t += 86'400 * 11 + 3'333) {
            // Local mean times before ~1900 have seconds in their offset, which the format cannot carry.
            if (zone(name).offset_s(t) % 60 != 0) continue;
            ASSERT_EQ(parse_datetime(iso(t, name), *utc_time_zone()).value(), t) << iso(t, name);
        }
    }
}

TEST(TimeFormat, reads_all_forms) {
    const TimeZone& moscow = zone("Europe/Moscow");
    const UnixSeconds ten = 1'795'330'800;
    for (const char* text :
         {"2026-11-22T10:00:00+03:00", "2026-11-22T07:00:00Z", "2026-11-22t07:00:00z", "2026-11-22T10:00:00.123+03:00",
          "2026-11-22T07:00:00.123456789Z", "2026-11-22T10:00:00+0300", "2026-11-22T10:00:00+03", "2026-11-22T10:00:00",
          "2026-11-22 10:00:00", "2026-11-22 10:00", "22.11.2026 10:00:00", "22.11.2026 10:00",
          "2026-11-22T02:00-05:00", "2026-11-22T10:00:00,5"}) {
        const auto result = parse_datetime(text, moscow);
        ASSERT_TRUE(result) << text;
        EXPECT_EQ(*result, ten) << text;
    }
    EXPECT_EQ(parse_datetime("2026-11-22", moscow).value(), ten - 36'000);
    EXPECT_EQ(parse_datetime("22.11.2026", moscow).value(), ten - 36'000);
}

TEST(TimeFormat, refuses_everything_else) {
    for (const char* text : {"",
                             "x",
                             "2026",
                             "2026-11",
                             "2026-11-22T",
                             "2026-11-22 ",
                             "2026-11-22T10",
                             "2026-11-22T10:",
                             "2026-11-22T1:00",
                             "2026-13-01",
                             "2026-00-01",
                             "2026-02-30",
                             "2026-02-29",
                             "2026-11-31",
                             "0000-01-01",
                             "2026-11-22T24:00:00",
                             "2026-11-22T10:60",
                             "2026-11-22T10:00:60",
                             "2026-11-22T10:00:00.",
                             "2026-11-22T10:00:00+",
                             "31.02.2026",
                             "2026-11-22T10:00:00+3",
                             "2026-11-22T10:00:00+03:",
                             "2026-11-22T10:00:00+03:0",
                             "2026-11-22T10:00:00+16:00",
                             "2026-11-22T10:00:00+03:60",
                             "2026-11-22T10:00:00Zx",
                             "2026-11-22T10:00:00 x",
                             " 2026-11-22",
                             "2026-11-22x",
                             "22.11.26",
                             "22.11.2026T",
                             "2.11.2026",
                             "20261122",
                             "-2026-11-22",
                             "+026-11-22",
                             "2026/11/22",
                             "now"}) {
        EXPECT_FALSE(parse_datetime(text, *utc_time_zone())) << text;
        EXPECT_FALSE(parse_date(text)) << text;
    }
}

TEST(TimeFormat, the_date_is_the_one_written) {
    const std::int64_t day = date_to_days(2026, 11, 22);
    for (const char* text : {"2026-11-22", "22.11.2026", "2026-11-22T23:59:59-11:00", "2026-11-22T00:00:00+14:00"}) {
        EXPECT_EQ(parse_date(text).value(), day) << text;
    }
    EXPECT_EQ(date(day), "2026-11-22");
}

TEST(TimeZone, unknown_and_dangerous_names_are_refused) {
    for (const char* name : {"", "Nowhere/City", "../../etc/passwd", "/etc/passwd", "Europe/", "Europe", "tzdata.zi",
                             "zone1970.tab", "Europe/Moscow/..", "Europe//Moscow2", "posixrules\n"}) {
        EXPECT_FALSE(find_time_zone(name)) << name;
    }
    EXPECT_FALSE(find_time_zone(std::string(65, 'A')));
    EXPECT_FALSE(find_time_zone(std::string("UTC\0x", 5)));
}

TEST(TimeZone, the_same_name_gives_the_same_object_on_every_thread) {
    std::vector<std::shared_ptr<const TimeZone>> found(8);
    std::vector<std::thread> threads;
    for (auto& slot : found)
        threads.emplace_back([&slot] { slot = find_time_zone("Asia/Tokyo").value(); });
    for (auto& thread : threads)
        thread.join();
    for (const auto& z : found)
        EXPECT_EQ(z, found[0]);
    EXPECT_EQ(found[0]->name(), "Asia/Tokyo");
}

TEST(TimeZone, utc_needs_no_database) {
    EXPECT_EQ(utc_time_zone()->offset_s(0), 0);
    EXPECT_EQ(utc_time_zone()->name(), "UTC");
}

TEST(TimeZone, a_damaged_file_is_an_error_at_every_cut) {
    const std::string file = read_file("/usr/share/zoneinfo/Europe/Berlin", 1 << 20).value();
    ASSERT_TRUE(TimeZone::parse("x", file));
    for (std::size_t n = 0; n < file.size(); ++n)
        EXPECT_FALSE(TimeZone::parse("x", file.substr(0, n))) << n;
}

TEST(TimeZone, a_rule_with_an_offset_beyond_a_day_is_damaged) {
    std::string file = read_file("/usr/share/zoneinfo/Asia/Tokyo", 1 << 20).value();
    const std::size_t rule = file.rfind("JST-9");
    ASSERT_NE(rule, std::string::npos);
    EXPECT_TRUE(TimeZone::parse("x", file.substr(0, rule) + "JST-24\n"));
    EXPECT_FALSE(TimeZone::parse("x", file.substr(0, rule) + "JST-25\n"));
    EXPECT_FALSE(TimeZone::parse("x", file.substr(0, rule) + "JST105\n"));
    EXPECT_FALSE(TimeZone::parse("x", file.substr(0, rule) + "JST-24JDT,M3.5.0,M10.5.0\n")) << "summer adds an hour";
}

}  // namespace
}  // namespace stoa
