#include "base/time_format.hpp"

#include <array>
#include <cstring>

namespace stoa {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kFirstDay = -719'162;  // 0001-01-01
constexpr std::int64_t kLastDay = 2'932'896;  // 9999-12-31

constexpr auto kTwoDigits = [] {
    std::array<char, 200> table{};
    for (int i = 0; i < 100; ++i) {
        table[static_cast<std::size_t>(2 * i)] = static_cast<char>('0' + i / 10);
        table[static_cast<std::size_t>(2 * i + 1)] = static_cast<char>('0' + i % 10);
    }
    return table;
}();

char* put2(char* p, int v) {
    std::memcpy(p, kTwoDigits.data() + 2 * v, 2);
    return p + 2;
}

char* put_date(char* p, std::int64_t days) {
    const CivilDate date = days_to_date(days);
    p = put2(p, date.year / 100);
    p = put2(p, date.year % 100);
    *p++ = '-';
    p = put2(p, date.month);
    *p++ = '-';
    return put2(p, date.day);
}

struct Parts {
    int year = 0, month = 0, day = 0;
    int hour = 0, minute = 0, second = 0;
    std::optional<int> offset_s{};
};

/// Takes the text apart from left to right; each step says whether it fitted.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool datetime(Parts& out) {
        if (!date(out)) return false;
        if (text_.empty()) return true;
        if (!skip('T') && !skip('t') && !skip(' ')) return false;
        return time(out) && offset(out) && text_.empty();
    }

  private:
    bool skip(char c) {
        if (text_.empty() || text_[0] != c) return false;
        text_.remove_prefix(1);
        return true;
    }

    bool digits(int count, int& out) {
        if (text_.size() < static_cast<std::size_t>(count)) return false;
        out = 0;
        for (int i = 0; i < count; ++i) {
            const char c = text_[static_cast<std::size_t>(i)];
            if (c < '0' || c > '9') return false;
            out = out * 10 + (c - '0');
        }
        text_.remove_prefix(static_cast<std::size_t>(count));
        return true;
    }

    bool date(Parts& out) {
        const bool day_first = text_.size() > 2 && text_[2] == '.';
        const bool fits =
            day_first ? digits(2, out.day) && skip('.') && digits(2, out.month) && skip('.') && digits(4, out.year)
                      : digits(4, out.year) && skip('-') && digits(2, out.month) && skip('-') && digits(2, out.day);
        return fits && is_valid_date(out.year, out.month, out.day);
    }

    bool time(Parts& out) {
        if (!digits(2, out.hour) || !skip(':') || !digits(2, out.minute)) return false;
        if (skip(':')) {
            if (!digits(2, out.second)) return false;
            if (skip('.') || skip(',')) {
                int ignored = 0;
                if (!digits(1, ignored)) return false;
                while (digits(1, ignored)) {
                }
            }
        }
        return out.hour < 24 && out.minute < 60 && out.second < 60;
    }

    bool offset(Parts& out) {
        if (text_.empty()) return true;
        if (skip('Z') || skip('z')) {
            out.offset_s = 0;
            return true;
        }
        const bool minus = skip('-');
        if (!minus && !skip('+')) return false;
        int hours = 0, minutes = 0;
        if (!digits(2, hours)) return false;
        if (skip(':')) {
            if (!digits(2, minutes)) return false;
        } else if (!text_.empty() && !digits(2, minutes)) {
            return false;
        }
        if (hours > 15 || minutes > 59) return false;
        const int seconds = hours * 3600 + minutes * 60;
        out.offset_s = minus ? -seconds : seconds;
        return true;
    }

    std::string_view text_;
};

}  // namespace

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, so the leap day comes last.
std::int64_t date_to_days(int year, int month, int day) {
    const std::int64_t y = month <= 2 ? year - 1 : year;
    const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
    const std::int64_t year_of_era = y - era * 400;
    const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

CivilDate days_to_date(std::int64_t days) {
    const std::int64_t z = days + 719'468;
    const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
    const auto day_of_era = static_cast<std::uint32_t>(z - era * 146'097);
    const std::uint32_t year_of_era =
        (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::uint32_t mp = (5 * day_of_year + 2) / 153;
    const int month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
    const auto year = static_cast<int>(static_cast<std::int64_t>(year_of_era) + era * 400) + (month <= 2 ? 1 : 0);
    return {year, month, static_cast<int>(day_of_year - (153 * mp + 2) / 5 + 1)};
}

bool is_valid_date(int year, int month, int day) {
    static constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

int day_of_week(std::int64_t days) {
    const auto d = static_cast<int>((days + 4) % 7);  // 1970-01-01 was a Thursday
    return d < 0 ? d + 7 : d;
}

void append_iso(std::string& out, UnixSeconds t, const TimeZone& zone) {
    // One day of room on both sides, so that no offset can leave the years 1..9999.
    t = t < (kFirstDay + 1) * kDay ? (kFirstDay + 1) * kDay : t;
    t = t > kLastDay * kDay - 1 ? kLastDay * kDay - 1 : t;
    int offset = zone.offset_s(t);
    const std::int64_t local = t + offset;
    const std::int64_t days = local >= 0 ? local / kDay : (local - kDay + 1) / kDay;
    const auto second = static_cast<int>(local - days * kDay);

    char buffer[25];
    char* p = put_date(buffer, days);
    *p++ = 'T';
    p = put2(p, second / 3600);
    *p++ = ':';
    p = put2(p, second / 60 % 60);
    *p++ = ':';
    p = put2(p, second % 60);
    *p++ = offset < 0 ? '-' : '+';
    if (offset < 0) offset = -offset;
    p = put2(p, offset / 3600);
    *p++ = ':';
    put2(p, offset / 60 % 60);
    out.append(buffer, sizeof buffer);
}

void append_date(std::string& out, std::int64_t days) {
    days = days < kFirstDay ? kFirstDay : days > kLastDay ? kLastDay : days;
    char buffer[10];
    put_date(buffer, days);
    out.append(buffer, sizeof buffer);
}

Result<UnixSeconds> parse_datetime(std::string_view text, const TimeZone& zone) {
    Parts parts;
    if (!Scanner(text).datetime(parts)) return invalid("The text is not a date and time.");
    const std::int64_t local =
        date_to_days(parts.year, parts.month, parts.day) * kDay + parts.hour * 3600 + parts.minute * 60 + parts.second;
    return parts.offset_s ? local - *parts.offset_s : zone.from_local(local);
}

Result<std::int64_t> parse_date(std::string_view text) {
    Parts parts;
    if (!Scanner(text).datetime(parts)) return invalid("The text is not a date.");
    return date_to_days(parts.year, parts.month, parts.day);
}

}  // namespace stoa
