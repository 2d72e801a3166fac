#pragma once
// Workday: one day's work of one employee, and what starting, pausing, resuming and closing it does to its times.
// Plain values and pure functions, any thread. Times are unix seconds, lengths seconds.
// https://github.com/bitrix24/b24restdocs api-reference/timeman/base

#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time_format.hpp"

namespace stoa::timeman {

enum class DayState : std::uint8_t { opened, paused, closed };

/// An instant together with the clock it was read from.
struct Moment {
    UnixSeconds at = 0;
    int offset_s = 0;  ///< east of Greenwich is positive
};

struct Workday {
    RecordId id = 0;  ///< 0 = not stored yet
    UserId user = 0;
    UnixSeconds start = 0;
    std::optional<UnixSeconds> end;        ///< exactly when closed
    std::optional<UnixSeconds> paused_at;  ///< exactly when paused
    std::int64_t break_s = 0;              ///< breaks that are over
    DayState state = DayState::opened;
    bool approved = true;
    int offset_s = 0;  ///< of the clock at the start; every time of the day is shown by it

    /// Whether t falls on the calendar day of the start, by the clock of the start.
    bool covers(UnixSeconds t) const;
    /// Not closed, and its calendar day is over.
    bool is_expired(UnixSeconds now) const;
    /// Breaks so far, the running one included.
    std::int64_t breaks_s(UnixSeconds now) const;
    /// Worked without breaks; 0 until the day is closed.
    std::int64_t duration_s() const;
};

std::int64_t local_day(Moment moment);  ///< days since 1970-01-01 by the moment's clock

/// A day that starts at `start`. WRONG_DATETIME unless that is today by its own clock.
Result<Workday> start_day(UserId user, Moment start, UnixSeconds now);
/// Work goes on at `at` after a pause or, on the same day, after closing; the time between was a break.
void resume(Workday& day, UnixSeconds at);
/// Work stops for a while. A day closed today goes on as if it had not been: the time since then was work.
void pause(Workday& day, UnixSeconds now);
/// WRONG_DATETIME unless `finish` is on the day of the start; a finish before the start is refused.
Status close(Workday& day, UnixSeconds finish);

/// An instant and the offset written with it; without one it is a time in `zone`. Errors name TIME.
Result<Moment> parse_moment(std::string_view text, const TimeZone& zone);
/// "2025-03-27T08:00:01+02:00", by the moment's clock.
std::string to_iso(Moment moment);
std::string to_hms(std::int64_t seconds);  ///< "09:37:04"; hours may pass 99

}  // namespace stoa::timeman
