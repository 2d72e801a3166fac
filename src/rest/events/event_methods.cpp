// event.bind, event.unbind, event.get, event.test, events.
// https://github.com/bitrix24/b24restdocs api-reference/events/

#include <algorithm>

#include "base/utf8.hpp"
#include "rest/events/event_names.hpp"
#include "rest/events/target_url.hpp"
#include "rest/method_index.hpp"
#include "rest/wire_methods.hpp"

namespace stoa::rest {
namespace {

using db::Condition;

constexpr std::int64_t kHandlersPerApplicationMax = 1'000;

const model::Entity& handler_entity(const api::Call& call) {
    return call.registry().entity("rest.event_handler");
}

/// What event.bind and event.unbind say of a handler.
struct Wanted {
    std::string event, handler, connector;
    bool offline = false;
    std::optional<std::int64_t> auth_type;  ///< nullopt = not said
};

Result<Wanted> read_wanted(const api::Call& call, std::string_view verb) {
    Wanted wanted;
    STOA_TRY(wanted.event, call.params.text_or("event", ""));
    wanted.event = to_upper_ascii(wanted.event);
    STOA_TRY(wanted.handler, call.params.text_or("handler", ""));
    STOA_TRY(wanted.connector, call.params.text_or("auth_connector", ""));
    STOA_TRY(const std::string type, call.params.text_or("event_type", "online"));
    if (!type.empty() && !equals_any_case(type, "online") && !equals_any_case(type, "offline")) {
        return invalid("event_type must be online or offline.", "event_type", "ERROR_ARGUMENT");
    }
    wanted.offline = equals_any_case(type, "offline");
    if (call.params.find("auth_type")) {
        STOA_TRY(wanted.auth_type, call.params.integer_or("auth_type", 0));
    }
    if (call.actor().is_admin()) return wanted;
    if (wanted.offline) {
        return forbidden("Access denied! Offline events " + std::string(verb) + " requires administrator access rights",
                         "ACCESS_DENIED");
    }
    if (wanted.auth_type && *wanted.auth_type != call.actor().user) {
        return forbidden(
            "Access denied! Event " + std::string(verb) + " with AUTH_TYPE requires administrator access rights",
            "ACCESS_DENIED");
    }
    wanted.auth_type = call.actor().user;
    return wanted;
}

Condition of_application(const api::Call& call) {
    return Condition::equals("client_id", call.identity.client_id);
}

Status check_new(api::Call& call, model::Records& records, const Wanted& wanted) {
    if (wanted.event.empty()) return invalid("Argument 'EVENT' is null or empty", "EVENT", "ERROR_ARGUMENT");
    if (!may_bind(call.registry(), call.identity, wanted.event)) {
        return not_found("Event not found", "ERROR_EVENT_NOT_FOUND");
    }
    if (!wanted.offline && wanted.handler.empty()) {
        return invalid("Argument 'HANDLER' is null or empty", "HANDLER", "ERROR_ARGUMENT");
    }
    if (!wanted.offline && !target_host(wanted.handler)) {
        return invalid("Unable to set event handler: HANDLER must be an http or https address.", "HANDLER",
                       "ERROR_ARGUMENT");
    }
    const model::Entity& entity = handler_entity(call);
    STOA_TRY(const std::int64_t count, records.count(entity, of_application(call)));
    if (count >= kHandlersPerApplicationMax) return Error{Errc::too_large, "Too many handlers. Unbind some."};
    std::vector<Condition> same{of_application(call), Condition::equals("event", wanted.event),
                                Condition::equals("offline", std::int64_t{wanted.offline})};
    if (wanted.offline) {
        same.push_back(Condition::equals("auth_connector", wanted.connector));
    } else {
        same.push_back(Condition::equals("handler", wanted.handler));
        same.push_back(Condition::equals("auth_type", wanted.auth_type.value_or(0)));
    }
    STOA_TRY(const std::int64_t twins, records.count(entity, Condition::all(std::move(same))));
    if (twins > 0) return Error{Errc::already_exists, "Handler already exists!", {}, "ERROR_HANDLER_ALREADY_EXIST"};
    return {};
}

Status event_bind(api::Call& call) {
    STOA_TRY(const Wanted wanted, read_wanted(call, "binding"));
    STOA_TRY(const json::Value* options, call.params.object_or_empty("options"));
    model::Records records = call.records.as_system();
    STOA_CHECK(check_new(call, records, wanted));
    model::Changes changes(handler_entity(call));
    changes.set("CLIENT_ID", call.identity.client_id);
    changes.set("EVENT", wanted.event);
    changes.set("HANDLER", wanted.offline ? std::string() : wanted.handler);
    changes.set("AUTH_TYPE", wanted.auth_type.value_or(0));
    changes.set("OFFLINE", std::int64_t{wanted.offline});
    changes.set("AUTH_CONNECTOR", wanted.connector);
    changes.set("OPTIONS", json::to_json(*options));
    changes.set("BOUND_BY", call.actor().user);
    STOA_TRY(const RecordId id, records.add(std::move(changes)));
    (void)id;
    call.out.boolean(true);
    return {};
}

/// What waits for a handler goes with it.
Status remove_deliveries(api::Call& call, model::Records& records, RecordId handler) {
    const model::Entity& deliveries = call.registry().entity("rest.event_delivery");
    model::Query query;
    query.where = Condition::equals("handler_id", handler);
    query.limit = 10'000;
    STOA_TRY(const auto waiting, records.list(deliveries, query));
    for (const model::Record& delivery : waiting)
        STOA_CHECK(records.remove(deliveries, delivery.id()));
    return {};
}

Status event_unbind(api::Call& call) {
    STOA_TRY(const Wanted wanted, read_wanted(call, "unbinding"));
    model::Query query;
    std::vector<Condition> which{of_application(call), Condition::equals("offline", std::int64_t{wanted.offline})};
    if (!wanted.event.empty()) which.push_back(Condition::equals("event", wanted.event));
    if (!wanted.handler.empty()) which.push_back(Condition::equals("handler", wanted.handler));
    if (wanted.auth_type) which.push_back(Condition::equals("auth_type", *wanted.auth_type));
    if (!wanted.connector.empty()) which.push_back(Condition::equals("auth_connector", wanted.connector));
    query.where = Condition::all(std::move(which));
    query.limit = kHandlersPerApplicationMax;
    model::Records records = call.records.as_system();
    STOA_TRY(const auto handlers, records.list(handler_entity(call), query));
    for (const model::Record& handler : handlers) {
        STOA_CHECK(remove_deliveries(call, records, handler.id()));
        STOA_CHECK(records.remove(handler_entity(call), handler.id()));
    }
    call.out.begin_object().field("count", static_cast<std::int64_t>(handlers.size())).end_object();
    return {};
}

Status event_get(api::Call& call) {
    model::Query query;
    query.where = of_application(call);
    if (!call.actor().is_admin()) {
        query.where = Condition::all({std::move(query.where), Condition::equals("auth_type", call.actor().user)});
    }
    query.limit = kHandlersPerApplicationMax;
    model::Records records = call.records.as_system();
    STOA_TRY(const auto handlers, records.list(handler_entity(call), query));
    call.out.begin_array();
    for (const model::Record& handler : handlers) {
        call.out.begin_object().field("event", handler.text("EVENT")).field("handler", handler.text("HANDLER"));
        call.out.key("auth_type").integer_text(handler.integer("AUTH_TYPE"));
        call.out.field("offline", handler.integer("OFFLINE"));
        if (handler.integer("OFFLINE") != 0) call.out.field("auth_connector", handler.text("AUTH_CONNECTOR"));
        call.out.end_object();
    }
    call.out.end_array();
    return {};
}

/// Fires ONAPPTEST at the calling application's own handlers.
Status event_test(api::Call& call) {
    std::string data;
    json::Writer out(data);
    out.begin_object().field(client_key, call.identity.client_id).key("QUERY").value(call.params.value());
    out.field("LANGUAGE_ID", call.metadata().account.language).end_object();
    STOA_CHECK(call.records.emit("ONAPPTEST", data));
    call.out.integer(1);
    return {};
}

Status events(api::Call& call) {
    STOA_TRY(const bool full, call.params.boolean_or("FULL", false));
    STOA_TRY(const std::string scope, call.params.text_or("SCOPE", ""));
    call.out.begin_array();
    for (const EventName& event : event_names(call.registry())) {
        const std::vector<std::string> scopes = split_scopes(event.scope);
        bool shown = full || scope_granted(call.identity, scopes);
        if (!scope.empty()) shown = std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
        if (shown) call.out.text(event.name);
    }
    call.out.end_array();
    return {};
}

}  // namespace

void add_event_methods(api::MethodTable& table) {
    using api::Caller;
    using api::Effect;
    table.add({
        {.name = "event.bind", .effect = Effect::write, .caller = Caller::application, .handler = &event_bind},
        {.name = "event.unbind", .effect = Effect::write, .caller = Caller::application, .handler = &event_unbind},
        {.name = "event.get", .caller = Caller::application, .handler = &event_get},
        {.name = "event.test", .effect = Effect::write, .caller = Caller::application, .handler = &event_test},
        {.name = "events", .handler = &events},
    });
}

}  // namespace stoa::rest
