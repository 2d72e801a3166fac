#pragma once
// Instants and dates as text, in any time zone, without the process's TZ. Any thread.
// Instants are seconds since 1970 UTC, dates are days since 1970-01-01, years 1 … 9999 (proleptic Gregorian).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace stoa {

struct CivilDate {
    int year = 1970;
    int month = 1;  ///< 1..12
    int day = 1;    ///< 1..31
    bool operator==(const CivilDate&) const = default;
};

/// No check of the ranges; see is_valid_date.
std::int64_t date_to_days(int year, int month, int day);
CivilDate days_to_date(std::int64_t days);
bool is_valid_date(int year, int month, int day);
int day_of_week(std::int64_t days);  ///< 0 = Sunday

/// One zone of the IANA database: immutable, shared by everybody who asked for its name.
class TimeZone {
  public:
    /// The bytes of a TZif file (RFC 8536, versions 1 to 4). invalid_argument when they are none.
    static Result<TimeZone> parse(std::string name, std::string_view tzif);

    const std::string& name() const { return name_; }
    int offset_s(UnixSeconds t) const;  ///< east of Greenwich is positive
    /// The instant at which a clock on the wall there shows these seconds (counted as if it were UTC).
    /// Shown twice: the first. Never shown (clocks jumped forward): the same time by the offset before the jump.
    UnixSeconds from_local(std::int64_t local_s) const;

  private:
    struct Change {
        UnixSeconds at;
        int offset_s;
    };
    /// When summer time begins or ends, from the POSIX rule at the end of the file.
    struct YearDay {
        enum class Kind : std::uint8_t { julian, zero_based, month_week_day } kind = Kind::julian;
        int month = 0, week = 0, day = 0;
        int second = 7200;
    };
    struct Rule {
        int standard_s = 0;
        int summer_s = 0;
        bool has_summer = false;
        YearDay begin, end;
    };
    class PosixParser;

    static std::int64_t local_second_of(const YearDay& when, int year);
    int offset_by_rule(UnixSeconds t) const;

    std::string name_;
    int first_offset_s_ = 0;  ///< before the first change
    std::vector<Change> changes_;
    std::optional<Rule> rule_;  ///< after the last change
};

/// By IANA name ("Europe/Moscow"), from /usr/share/zoneinfo, read once. invalid_argument when there is no such zone;
/// callers that must go on use utc_time_zone().
Result<std::shared_ptr<const TimeZone>> find_time_zone(std::string_view name);
std::shared_ptr<const TimeZone> utc_time_zone();

/// "2026-11-22T10:00:00+03:00". Instants outside years 1..9999 are moved to the nearest that fits.
void append_iso(std::string& out, UnixSeconds t, const TimeZone& zone);
/// "2026-11-22".
void append_date(std::string& out, std::int64_t days);

/// ISO 8601 with "T" or a space, seconds and fraction optional (the fraction is dropped), "Z", "+hh:mm", "+hhmm",
/// "+hh" or none (then in `zone`); "YYYY-MM-DD" (its midnight); "DD.MM.YYYY[ hh:mm[:ss]]". Impossible dates and
/// anything left over are invalid_argument. 24:00:00 and leap seconds are refused.
Result<UnixSeconds> parse_datetime(std::string_view text, const TimeZone& zone);
/// The same forms; the date as written, whatever the offset.
Result<std::int64_t> parse_date(std::string_view text);

}  // namespace stoa
