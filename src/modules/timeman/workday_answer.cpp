#include "modules/timeman/workday_answer.hpp"

#include <algorithm>

namespace stoa::timeman {

namespace {

/// When a forgotten day may have ended: the schedule's end, or later if less than the shortest day would be worked.
Moment likely_finish(const Workday& day, const Worktime& worktime) {
    constexpr std::int64_t kDay_s = 86'400;
    const UnixSeconds midnight = local_day({day.start, day.offset_s}) * kDay_s - day.offset_s;
    const UnixSeconds finish =
        std::max(midnight + worktime.min_finish_s, day.start + worktime.min_duration_s + day.break_s);
    return {std::min(finish, midnight + kDay_s - 1), day.offset_s};
}

std::string_view status_of(const Workday& day, UnixSeconds now) {
    if (day.is_expired(now)) return "EXPIRED";
    switch (day.state) {
        case DayState::opened:
            return "OPENED";
        case DayState::paused:
            return "PAUSED";
        case DayState::closed:
            break;
    }
    return "CLOSED";
}

void write_place(json::Writer& out, const model::Record* record, std::string_view name) {
    out.key(name);
    const db::Value* value = record ? &record->value(record->entity().field(name)) : nullptr;
    const double* degrees = value ? std::get_if<double>(value) : nullptr;
    if (degrees) {
        out.real(*degrees);
    } else {
        out.integer(0);
    }
}

}  // namespace

Workday to_workday(const model::Record& record) {
    const auto time = [&](const char* name) -> std::optional<UnixSeconds> {
        if (record.is_null(name)) return std::nullopt;
        return record.integer(name);
    };
    Workday day;
    day.id = record.id();
    day.user = record.integer("USER_ID");
    day.start = record.integer("START_TIME");
    day.end = time("END_TIME");
    day.paused_at = time("PAUSED_AT");
    day.break_s = record.integer("BREAK_LENGTH");
    day.state = day.end ? DayState::closed : day.paused_at ? DayState::paused : DayState::opened;
    day.approved = record.integer("IS_APPROVED") != 0;
    day.offset_s = static_cast<int>(record.integer("TZ_OFFSET"));
    return day;
}

void write_workday(json::Writer& out, const model::Record* record, const Person& person, UnixSeconds now) {
    const std::optional<Workday> day = record ? std::optional(to_workday(*record)) : std::nullopt;
    const int offset_s = day ? day->offset_s : person.zone->offset_s(now);
    const auto time = [&](std::string_view name, const std::optional<UnixSeconds>& at) {
        out.key(name);
        if (at) {
            out.raw_text(to_iso({*at, offset_s}));
        } else {
            out.null();
        }
    };
    out.begin_object();
    out.field("STATUS", day ? status_of(*day, now) : "CLOSED");
    time("TIME_START", day ? std::optional(day->start) : std::nullopt);
    time("TIME_FINISH", day ? day->end : std::nullopt);
    out.key("DURATION").raw_text(to_hms(day ? day->duration_s() : 0));
    out.key("TIME_LEAKS").raw_text(to_hms(day ? day->breaks_s(now) : 0));
    out.field("ACTIVE", !day || day->approved);
    out.field("IP_OPEN", "");
    out.key("IP_CLOSE").null();
    for (const char* name : {"LAT_OPEN", "LON_OPEN", "LAT_CLOSE", "LON_CLOSE"})
        write_place(out, record, name);
    out.field("TZ_OFFSET", offset_s);
    if (day && day->is_expired(now)) time("TIME_FINISH_DEFAULT", likely_finish(*day, person.worktime).at);
    out.end_object();
}

void write_settings(json::Writer& out, const Person& person, bool is_admin) {
    const Worktime& worktime = person.worktime;
    out.begin_object();
    out.field("UF_TIMEMAN", person.is_tracked);
    out.field("UF_TM_FREE", worktime.is_flexible);
    out.key("UF_TM_MAX_START").raw_text(to_hms(worktime.max_start_s));
    out.key("UF_TM_MIN_FINISH").raw_text(to_hms(worktime.min_finish_s));
    out.key("UF_TM_MIN_DURATION").raw_text(to_hms(worktime.min_duration_s));
    out.key("UF_TM_ALLOWED_DELTA").raw_text(to_hms(worktime.allowed_delta_s));
    if (person.is_self) out.field("ADMIN", is_admin);
    out.end_object();
}

}  // namespace stoa::timeman
