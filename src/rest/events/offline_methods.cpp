// event.offline.get, .list, .clear, .error: the queue of an application that cannot be called.
// https://github.com/bitrix24/b24restdocs api-reference/events/offline-events.md

#include <algorithm>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "model/filter.hpp"
#include "rest/wire_methods.hpp"

namespace stoa::rest {
namespace {

using db::Condition;

constexpr std::int64_t kGetMax = 1'000;

const model::Entity& queue_entity(const api::Call& call) {
    return call.registry().entity("rest.offline_event");
}

Status admin_only(const api::Call& call) {
    if (call.actor().is_admin()) return {};
    return forbidden("Access denied!", "ACCESS_DENIED");
}

/// Rows of this application and source, narrowed by the client's filter, in its order.
Result<model::Query> read_query(const api::Call& call, std::string_view default_order) {
    const model::Entity& entity = queue_entity(call);
    const model::FilterContext context{.entity = entity, .zone = call.zone()};
    STOA_TRY(const json::Value* filter, call.params.object_or_empty("filter"));
    STOA_TRY(Condition given, model::compile_filter(context, *filter));
    STOA_TRY(const std::string connector, call.params.text_or("auth_connector", ""));
    STOA_TRY(const json::Value* order, call.params.object_or_empty("order"));
    model::Query query;
    query.where = Condition::all({Condition::equals("client_id", call.identity.client_id),
                                  Condition::equals("auth_connector", connector), std::move(given)});
    if (order->object().empty()) {
        query.order = {{{std::string(default_order), ""}, false}, {{"id", ""}, false}};
    } else {
        STOA_TRY(query.order, model::compile_order(context, *order));
    }
    return query;
}

void write_json_or_false(json::Writer& out, const std::string& json) {
    if (json.empty()) {
        out.boolean(false);
    } else {
        out.raw(json);
    }
}

void write_event(api::Call& call, const model::Record& event, bool with_state) {
    std::string at;
    append_iso(at, event.integer("TIMESTAMP_X"), call.zone());
    json::Writer& out = call.out;
    out.begin_object().key("ID").integer_text(event.id());
    out.key("TIMESTAMP_X").raw_text(at);
    out.field("EVENT_NAME", event.text("EVENT_NAME")).key("EVENT_DATA");
    write_json_or_false(out, event.text("EVENT_DATA"));
    out.key("EVENT_ADDITIONAL");
    write_json_or_false(out, event.text("EVENT_ADDITIONAL"));
    out.field("MESSAGE_ID", event.text("MESSAGE_ID"));
    if (with_state) {
        out.field("PROCESS_ID", event.text("PROCESS_ID"));
        out.field("ERROR", event.integer("ERROR") != 0 ? "1" : "0");
    }
    out.end_object();
}

Status offline_list(api::Call& call) {
    STOA_CHECK(admin_only(call));
    STOA_TRY(model::Query query, read_query(call, "id"));
    STOA_TRY(const std::int64_t start, call.params.integer_or("start", 0));
    query.limit = limits::page_size;
    query.offset = std::max<std::int64_t>(start, 0);
    model::Records records = call.records.as_system();
    STOA_TRY(const auto events, records.list(queue_entity(call), query));
    call.out.begin_array();
    for (const model::Record& event : events)
        write_event(call, event, true);
    call.out.end_array();
    if (start < 0) return {};
    STOA_TRY(const std::int64_t total, records.count(queue_entity(call), query.where));
    call.total = total;
    if (query.offset + query.limit < total) call.next = query.offset + query.limit;
    return {};
}

/// The first events of the queue: removed (clear=1), or set aside under a process id for clear or error.
Status offline_get(api::Call& call) {
    STOA_CHECK(admin_only(call));
    STOA_TRY(model::Query query, read_query(call, "timestamp_x"));
    STOA_TRY(query.limit, call.params.integer_or("limit", limits::page_size));
    query.limit = std::clamp<std::int64_t>(query.limit, 1, kGetMax);
    STOA_TRY(const bool clear, call.params.boolean_or("clear", true));
    STOA_TRY(const bool erroneous, call.params.boolean_or("error", false));
    STOA_TRY(std::string process, call.params.text_or("process_id", ""));
    std::vector<Condition> narrowed{std::move(query.where), Condition::equals("process_id", process)};
    if (!erroneous) narrowed.push_back(Condition::equals("error", std::int64_t{0}));
    query.where = Condition::all(std::move(narrowed));

    const model::Entity& entity = queue_entity(call);
    model::Records records = call.records.as_system();
    STOA_TRY(const auto events, records.list(entity, query));
    const bool reserve = !clear && process.empty();
    if (reserve) process = random_alnum(32);
    for (const model::Record& event : events) {
        if (clear) {
            STOA_CHECK(records.remove(entity, event.id()));
        } else if (reserve) {
            model::Changes changes(entity);
            changes.set("PROCESS_ID", process);
            STOA_CHECK(records.update(event.id(), std::move(changes)));
        }
    }
    call.out.begin_object().key("process_id");
    if (clear) {
        call.out.null();
    } else {
        call.out.text(process);
    }
    call.out.key("events").begin_array();
    for (const model::Record& event : events)
        write_event(call, event, false);
    call.out.end_array().end_object();
    return {};
}

/// The reserved rows that `id` or `message_id` name; all of the process without them.
Result<std::vector<model::Record>> reserved(const api::Call& call, model::Records& records, bool by_id) {
    STOA_TRY(const std::string process, call.params.text("process_id"));
    std::vector<Condition> which{Condition::equals("client_id", call.identity.client_id),
                                 Condition::equals("process_id", process)};
    const json::Value* ids = by_id ? call.params.find("id") : nullptr;
    const json::Value* messages = call.params.find("message_id");
    std::vector<db::Value> values;
    if (ids) {
        for (const json::Value* id : ids->items()) {
            const auto number = id->as_integer();
            if (!number) return invalid("'id' must hold numbers.", "id");
            values.emplace_back(*number);
        }
    } else if (messages) {
        for (const json::Value* message : messages->items()) {
            const auto text = message->as_text();
            if (!text) return invalid("'message_id' must hold texts.", "message_id");
            values.emplace_back(*text);
        }
    }
    if (values.size() > static_cast<std::size_t>(kGetMax)) return Error{Errc::too_large, "Too many rows at once."};
    if (ids || messages) which.push_back(Condition::in(ids ? "id" : "message_id", std::move(values)));
    model::Query query;
    query.where = Condition::all(std::move(which));
    query.limit = kGetMax;
    return records.list(queue_entity(call), query);
}

Status offline_clear(api::Call& call) {
    STOA_CHECK(admin_only(call));
    model::Records records = call.records.as_system();
    STOA_TRY(const auto events, reserved(call, records, true));
    for (const model::Record& event : events)
        STOA_CHECK(records.remove(queue_entity(call), event.id()));
    call.out.boolean(true);
    return {};
}

/// Erroneous rows go back to the queue; event.offline.get hands them out again when asked with error=1.
Status offline_error(api::Call& call) {
    STOA_CHECK(admin_only(call));
    model::Records records = call.records.as_system();
    STOA_TRY(const auto events, reserved(call, records, false));
    for (const model::Record& event : events) {
        model::Changes changes(queue_entity(call));
        changes.set("ERROR", std::int64_t{1});
        changes.set("PROCESS_ID", std::string());
        STOA_CHECK(records.update(event.id(), std::move(changes)));
    }
    call.out.boolean(true);
    return {};
}

}  // namespace

void add_offline_event_methods(api::MethodTable& table) {
    using api::Caller;
    using api::Effect;
    constexpr Caller kApplication = Caller::application;
    table.add({
        {.name = "event.offline.get", .effect = Effect::write, .caller = kApplication, .handler = &offline_get},
        {.name = "event.offline.list", .caller = kApplication, .handler = &offline_list},
        {.name = "event.offline.clear", .effect = Effect::write, .caller = kApplication, .handler = &offline_clear},
        {.name = "event.offline.error", .effect = Effect::write, .caller = kApplication, .handler = &offline_error},
    });
}

}  // namespace stoa::rest
