// timeman.open, pause, close, status, settings: the workday of the caller, or of USER_ID for administrators.

#include <cmath>

#include "api/crud.hpp"
#include "model/convert.hpp"
#include "modules/timeman/methods.hpp"
#include "modules/timeman/names.hpp"
#include "modules/timeman/workday_answer.hpp"

namespace stoa::timeman {

using api::Call;
using model::Changes;
using model::Record;

namespace {

const model::Entity& records_entity(const Call& call) {
    return call.registry().entity(kRecord);
}

/// The day that is open, else the one that began last.
Result<std::optional<Record>> latest_day(Call& call, UserId user) {
    const model::Entity& entity = records_entity(call);
    const auto newest = [&](const char* field) -> Result<std::vector<Record>> {
        model::Query query;
        query.where = db::Condition::equals(entity.field(field).column, user);
        query.order = {{{entity.field("START_TIME").column, ""}, true}, {{entity.id_field().column, ""}, true}};
        query.limit = 1;
        return call.records.list(entity, query);
    };
    STOA_TRY(std::vector<Record> rows, newest("OPEN_FOR"));
    if (rows.empty()) {
        STOA_TRY(rows, newest("USER_ID"));
    }
    if (rows.empty()) return std::optional<Record>();
    return std::optional<Record>(std::move(rows.front()));
}

/// What the parameters of open and close say besides the time.
struct Given {
    std::optional<Moment> time;
    db::Value report, latitude, longitude;
};

/// A value for the field from the parameter; NULL when it is not given.
Result<db::Value> optional_value(const Call& call, const char* parameter, const char* field) {
    const json::Value* value = call.params.find(parameter);
    if (!value) return db::Value();
    auto stored = model::to_storage(records_entity(call).field(field), *value, call.zone());
    if (stored) return stored;
    Error error = stored.error();
    error.field = parameter;
    return error;
}

Status check_degrees(const db::Value& value, double limit, const char* parameter) {
    const double* degrees = std::get_if<double>(&value);
    if (degrees && !(std::abs(*degrees) <= limit)) {
        return invalid(std::string(parameter) + " is out of range.", parameter);
    }
    return {};
}

/// A time of one's own needs a reason, unless the schedule is flexible.
Result<Given> read_given(const Call& call, const Person& person) {
    Given given;
    STOA_TRY(const std::string time, call.params.text_or("TIME", ""));
    if (!time.empty()) {
        STOA_TRY(given.time, parse_moment(time, *person.zone));
    }
    STOA_TRY(given.report, optional_value(call, "REPORT", "REPORT_OPEN"));
    STOA_TRY(given.latitude, optional_value(call, "LAT", "LAT_OPEN"));
    STOA_TRY(given.longitude, optional_value(call, "LON", "LON_OPEN"));
    STOA_CHECK(check_degrees(given.latitude, 90, "LAT"));
    STOA_CHECK(check_degrees(given.longitude, 180, "LON"));
    const std::string* report = std::get_if<std::string>(&given.report);
    if (given.time && !person.worktime.is_flexible && (!report || report->empty())) {
        return invalid("Argument 'REPORT' is null or empty", "REPORT", "ERROR_ARGUMENT");
    }
    return given;
}

/// Employees may move their times by a little; more waits for a superior. Administrators approve what they set.
bool is_approved(const Call& call, const Person& person, const Given& given) {
    if (!given.time || person.worktime.is_flexible || call.actor().is_admin()) return true;
    return std::abs(given.time->at - call.now()) <= person.worktime.allowed_delta_s;
}

Status refuse_time(const Given& given, const char* state) {
    if (!given.time) return {};
    return invalid(std::string("Unable to set time, work day is ") + state, "TIME", "TIME");
}

Changes to_changes(const model::Entity& entity, const Workday& day) {
    const auto time = [](const std::optional<UnixSeconds>& at) { return at ? db::Value(*at) : db::Value(); };
    const char* state = day.state == DayState::opened ? "OPENED" : day.state == DayState::paused ? "PAUSED" : "CLOSED";
    Changes changes(entity);
    changes.set("USER_ID", day.user);
    changes.set("START_TIME", day.start);
    changes.set("END_TIME", time(day.end));
    changes.set("PAUSED_AT", time(day.paused_at));
    changes.set("BREAK_LENGTH", day.break_s);
    changes.set("DURATION", day.duration_s());
    changes.set("STATE", std::string(state));
    changes.set("IS_APPROVED", std::int64_t{day.approved});
    changes.set("TZ_OFFSET", std::int64_t{day.offset_s});
    // Unique: whatever happens, a user has one open day.
    changes.set("OPEN_FOR", day.state == DayState::closed ? db::Value() : db::Value(day.user));
    if (day.state != DayState::closed) {
        for (const char* name : {"LAT_CLOSE", "LON_CLOSE", "REPORT_CLOSE"})
            changes.set(name, db::Value());
    }
    return changes;
}

Status answer(Call& call, const Person& person) {
    STOA_TRY(const std::optional<Record> record, latest_day(call, person.id));
    write_workday(call.out, record ? &*record : nullptr, person, call.now());
    return {};
}

Status start_new(Call& call, const Person& person, const Given& given) {
    if (!person.is_tracked) return forbidden("Work time is not kept for this user.");
    const UnixSeconds now = call.now();
    const Moment start = given.time.value_or(Moment{now, person.zone->offset_s(now)});
    STOA_TRY(Workday day, start_day(person.id, start, now));
    day.approved = is_approved(call, person, given);
    Changes changes = to_changes(records_entity(call), day);
    changes.set("REPORT_OPEN", given.report);
    changes.set("LAT_OPEN", given.latitude);
    changes.set("LON_OPEN", given.longitude);
    STOA_TRY(const RecordId id, call.records.add(std::move(changes)));
    (void)id;
    return answer(call, person);
}

Status go_on(Call& call, const Person& person, const Given& given, Workday day) {
    const UnixSeconds at = given.time ? given.time->at : call.now();
    if (!day.covers(at)) {
        return invalid("Day open date should correspond to the current date", "TIME", "WRONG_DATETIME");
    }
    resume(day, at);
    day.approved = day.approved && is_approved(call, person, given);
    Changes changes = to_changes(records_entity(call), day);
    if (given.time) changes.set("REPORT_OPEN", given.report);
    STOA_CHECK(call.records.update(day.id, std::move(changes)));
    return answer(call, person);
}

/// Opens a day, or goes on with today's after a pause or after closing. Open days stay as they are, forgotten ones
/// (EXPIRED) too: they must be closed first.
Status open(Call& call) {
    STOA_TRY(const Person person, read_person(call));
    STOA_TRY(const Given given, read_given(call, person));
    STOA_TRY(const std::optional<Record> record, latest_day(call, person.id));
    if (!record) return start_new(call, person, given);
    const Workday day = to_workday(*record);
    const UnixSeconds now = call.now();
    if (day.is_expired(now)) {
        STOA_CHECK(refuse_time(given, "expired"));
        return answer(call, person);
    }
    switch (day.state) {
        case DayState::opened:
            STOA_CHECK(refuse_time(given, "opened"));
            return answer(call, person);
        case DayState::paused:
            STOA_CHECK(refuse_time(given, "paused"));
            return go_on(call, person, given, day);
        case DayState::closed:
            break;
    }
    return day.covers(now) ? go_on(call, person, given, day) : start_new(call, person, given);
}

/// Nothing happens to a day that is paused, forgotten, or closed before today.
Status pause_day(Call& call) {
    STOA_TRY(const Person person, read_person(call));
    STOA_TRY(const std::optional<Record> record, latest_day(call, person.id));
    if (!record) return answer(call, person);
    Workday day = to_workday(*record);
    if (day.state == DayState::paused || !day.covers(call.now())) return answer(call, person);
    pause(day, call.now());
    STOA_CHECK(call.records.update(day.id, to_changes(records_entity(call), day)));
    return answer(call, person);
}

/// A closed day stays as it is.
Status close_day(Call& call) {
    STOA_TRY(const Person person, read_person(call));
    STOA_TRY(const Given given, read_given(call, person));
    STOA_TRY(const std::optional<Record> record, latest_day(call, person.id));
    if (!record) return answer(call, person);
    Workday day = to_workday(*record);
    if (day.state == DayState::closed) return answer(call, person);
    STOA_CHECK(close(day, given.time ? given.time->at : call.now()));
    day.approved = day.approved && is_approved(call, person, given);
    Changes changes = to_changes(records_entity(call), day);
    changes.set("REPORT_CLOSE", given.report);
    changes.set("LAT_CLOSE", given.latitude);
    changes.set("LON_CLOSE", given.longitude);
    STOA_CHECK(call.records.update(day.id, std::move(changes)));
    return answer(call, person);
}

Status status(Call& call) {
    STOA_TRY(const Person person, read_person(call));
    return answer(call, person);
}

Status settings(Call& call) {
    STOA_TRY(const Person person, read_person(call));
    write_settings(call.out, person, call.actor().is_admin());
    return {};
}

}  // namespace

std::vector<api::Method> workday_methods() {
    using api::Effect;
    return {
        {.name = "timeman.open", .scope = kScope, .effect = Effect::write, .handler = open},
        {.name = "timeman.pause", .scope = kScope, .effect = Effect::write, .handler = pause_day},
        {.name = "timeman.close", .scope = kScope, .effect = Effect::write, .handler = close_day},
        {.name = "timeman.status", .scope = kScope, .handler = status},
        {.name = "timeman.settings", .scope = kScope, .handler = settings},
    };
}

}  // namespace stoa::timeman
