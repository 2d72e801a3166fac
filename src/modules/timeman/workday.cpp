#include "modules/timeman/workday.hpp"

#include <algorithm>
#include <cstdio>

namespace stoa::timeman {

namespace {

constexpr std::int64_t kDay_s = 86'400;
constexpr const char* kWrongDatetime = "WRONG_DATETIME";

void end_pause(Workday& day, UnixSeconds at) {
    if (day.paused_at) day.break_s += std::max<std::int64_t>(0, at - *day.paused_at);
    day.paused_at.reset();
}

}  // namespace

std::int64_t local_day(Moment moment) {
    const std::int64_t local_s = moment.at + moment.offset_s;
    return (local_s >= 0 ? local_s : local_s - kDay_s + 1) / kDay_s;
}

bool Workday::covers(UnixSeconds t) const {
    return local_day({t, offset_s}) == local_day({start, offset_s});
}

bool Workday::is_expired(UnixSeconds now) const {
    return state != DayState::closed && local_day({now, offset_s}) > local_day({start, offset_s});
}

std::int64_t Workday::breaks_s(UnixSeconds now) const {
    return break_s + (paused_at ? std::max<std::int64_t>(0, now - *paused_at) : 0);
}

std::int64_t Workday::duration_s() const {
    return end ? std::max<std::int64_t>(0, *end - start - break_s) : 0;
}

Result<Workday> start_day(UserId user, Moment start, UnixSeconds now) {
    if (local_day(start) != local_day({now, start.offset_s})) {
        return invalid("Day open date should correspond to the current date", "TIME", kWrongDatetime);
    }
    Workday day;
    day.user = user;
    day.start = start.at;
    day.offset_s = start.offset_s;
    return day;
}

void resume(Workday& day, UnixSeconds at) {
    if (day.end) day.break_s += std::max<std::int64_t>(0, at - *day.end);
    day.end.reset();
    end_pause(day, at);
    day.state = DayState::opened;
}

void pause(Workday& day, UnixSeconds now) {
    day.end.reset();
    day.paused_at = now;
    day.state = DayState::paused;
}

Status close(Workday& day, UnixSeconds finish) {
    if (!day.covers(finish)) {
        return invalid("Day close date should correspond to the day open date", "TIME", kWrongDatetime);
    }
    if (finish < day.start) return invalid("The workday cannot end before its start.", "TIME", kWrongDatetime);
    end_pause(day, finish);
    day.end = finish;
    day.state = DayState::closed;
    return {};
}

Result<Moment> parse_moment(std::string_view text, const TimeZone& zone) {
    auto at = parse_datetime(text, zone);
    if (!at) return invalid("TIME must be a date and time like 2025-02-12T15:52:01+00:00.", "TIME", kWrongDatetime);
    // The same text without its offset, read as UTC, is what the clock on the wall showed.
    std::string_view wall = text;
    const std::size_t clock = wall.find(':');
    if (clock != std::string_view::npos) wall = wall.substr(0, wall.find_first_of("Zz+-", clock));
    auto wall_s = parse_datetime(wall, *utc_time_zone());
    if (!wall_s) return invalid("TIME must be a date and time like 2025-02-12T15:52:01+00:00.", "TIME", kWrongDatetime);
    return Moment{*at, static_cast<int>(*wall_s - *at)};
}

std::string to_iso(Moment moment) {
    std::string out;
    append_iso(out, moment.at + moment.offset_s, *utc_time_zone());
    const int minutes = std::abs(moment.offset_s) / 60;
    char offset[16];
    std::snprintf(offset, sizeof offset, "%c%02d:%02d", moment.offset_s < 0 ? '-' : '+', minutes / 60 % 100,
                  minutes % 60);
    out.replace(out.size() - std::string_view("+00:00").size(), std::string::npos, offset);
    return out;
}

std::string to_hms(std::int64_t seconds) {
    char out[32];
    const long long s = seconds;
    std::snprintf(out, sizeof out, "%02lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
    return out;
}

}  // namespace stoa::timeman
