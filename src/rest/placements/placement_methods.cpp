// placement.bind, .unbind, .get, .list. https://github.com/bitrix24/b24restdocs api-reference/widgets/

#include <algorithm>

#include "base/utf8.hpp"
#include "rest/events/target_url.hpp"
#include "rest/method_index.hpp"
#include "rest/placements/placement_codes.hpp"
#include "rest/wire_methods.hpp"

namespace stoa::rest {
namespace {

using db::Condition;

constexpr std::int64_t kWidgetsPerApplicationMax = 500;
constexpr std::size_t kTitleCharactersMax = 255;
constexpr std::size_t kJsonBytesMax = 64 * 1024;

const model::Entity& widget_entity(const api::Call& call) {
    return call.registry().entity("rest.placement");
}

Condition of_application(const api::Call& call) {
    return Condition::equals("client_id", call.identity.client_id);
}

Status admin_only(const api::Call& call) {
    if (call.actor().is_admin()) return {};
    return forbidden("Access denied!", "ACCESS_DENIED");
}

Result<std::string> required_text(const api::Call& call, const std::string& name) {
    const json::Value* value = call.params.find(name);
    if (!value || value->is_null() || (value->is_string() && value->string().empty())) {
        return invalid("Argument '" + name + "' is null or empty", name, "ERROR_ARGUMENT");
    }
    if (!value->is_string()) {
        return invalid("The value of an argument '" + name + "' must be of type string", name, "ERROR_ARGUMENT");
    }
    return value->string();
}

Result<std::string> short_text(const api::Call& call, const std::string& name) {
    STOA_TRY(std::string text, call.params.text_or(name, ""));
    return std::string(utf8_prefix(text, kTitleCharactersMax));
}

Result<std::string> json_text(const api::Call& call, const std::string& name) {
    STOA_TRY(const json::Value* value, call.params.object_or_empty(name));
    std::string text = json::to_json(*value);
    if (text.size() > kJsonBytesMax) return Error{Errc::too_large, "'" + name + "' is too large.", name};
    return text;
}

struct Widget {
    std::string placement, handler, options;
    std::int64_t user = 0;
};

Result<Widget> read_widget(const api::Call& call) {
    Widget widget;
    STOA_TRY(widget.placement, required_text(call, "PLACEMENT"));
    widget.placement = to_upper_ascii(widget.placement);
    STOA_TRY(widget.handler, required_text(call, "HANDLER"));
    if (!target_host(widget.handler)) {
        return invalid("HANDLER must be an http or https address.", "HANDLER", "ERROR_ARGUMENT");
    }
    STOA_TRY(widget.options, json_text(call, "OPTIONS"));
    STOA_TRY(widget.user, call.params.integer_or("USER_ID", 0));
    return widget;
}

Status check_place(const api::Call& call, const Widget& widget, bool& single) {
    const auto codes = placement_codes(call.metadata());
    const auto place =
        std::find_if(codes.begin(), codes.end(), [&](const PlacementCode& p) { return p.code == widget.placement; });
    if (place == codes.end() || !scope_granted(call.identity, split_scopes(place->scope))) {
        return not_found("Placement not found", "ERROR_PLACEMENT_NOT_FOUND");
    }
    if (widget.user != 0 && !place->per_user) {
        return invalid("User mode is not available", {}, "ERROR_PLACEMENT_USER_MODE");
    }
    if (place->per_user) {
        const json::Value* options = call.params.find("OPTIONS");
        const json::Value* url = options ? options->find_any_case("errorHandlerUrl") : nullptr;
        if (!url || url->as_text().value_or("").empty()) {
            return invalid("Option errorHandlerUrl is required", {}, "EMPTY_ERROR_HANDLER_URL");
        }
    }
    single = place->single;
    return {};
}

Status check_count(api::Call& call, model::Records& records, const Widget& widget, bool single) {
    const model::Entity& entity = widget_entity(call);
    STOA_TRY(const std::int64_t all, records.count(entity, of_application(call)));
    if (all >= kWidgetsPerApplicationMax) return Error{Errc::too_large, "Too many widgets. Unbind some."};
    const Condition here = Condition::all({of_application(call), Condition::equals("placement", widget.placement)});
    if (single) {
        STOA_TRY(const std::int64_t count,
                 records.count(entity, Condition::all({here, Condition::equals("user_id", widget.user)})));
        if (count > 0) return invalid("Placement max count", {}, "ERROR_PLACEMENT_MAX_COUNT");
    }
    STOA_TRY(const std::int64_t twins,
             records.count(entity, Condition::all({here, Condition::equals("handler", widget.handler),
                                                   Condition::equals("user_id", widget.user)})));
    if (twins > 0) {
        return Error{Errc::already_exists, "Unable to set placement handler: Handler already binded", {}, "ERROR_CORE"};
    }
    return {};
}

Status placement_bind(api::Call& call) {
    STOA_CHECK(admin_only(call));
    STOA_TRY(const Widget widget, read_widget(call));
    bool single = false;
    STOA_CHECK(check_place(call, widget, single));
    model::Records records = call.records.as_system();
    STOA_CHECK(check_count(call, records, widget, single));
    STOA_TRY(std::string lang_all, json_text(call, "LANG_ALL"));
    model::Changes changes(widget_entity(call));
    changes.set("CLIENT_ID", call.identity.client_id);
    changes.set("PLACEMENT", widget.placement);
    changes.set("HANDLER", widget.handler);
    for (const char* name : {"TITLE", "DESCRIPTION", "GROUP_NAME"}) {
        STOA_TRY(std::string text, short_text(call, name));
        changes.set(name, std::move(text));
    }
    changes.set("LANG_ALL", std::move(lang_all));
    changes.set("OPTIONS", widget.options);
    changes.set("USER_ID", widget.user);
    STOA_TRY(const RecordId id, records.add(std::move(changes)));
    (void)id;
    call.out.boolean(true);
    return {};
}

/// The documented count: one for each widget found and one more for each removed.
Status placement_unbind(api::Call& call) {
    STOA_CHECK(admin_only(call));
    STOA_TRY(const std::string placement, required_text(call, "PLACEMENT"));
    STOA_TRY(const std::string handler, call.params.text_or("HANDLER", ""));
    std::vector<Condition> which{of_application(call), Condition::equals("placement", to_upper_ascii(placement))};
    if (!handler.empty()) which.push_back(Condition::equals("handler", handler));
    if (call.params.find("USER_ID")) {
        STOA_TRY(const std::int64_t user, call.params.integer_or("USER_ID", 0));
        which.push_back(Condition::equals("user_id", user));
    }
    model::Query query;
    query.where = Condition::all(std::move(which));
    query.limit = kWidgetsPerApplicationMax;
    model::Records records = call.records.as_system();
    STOA_TRY(const auto widgets, records.list(widget_entity(call), query));
    for (const model::Record& widget : widgets)
        STOA_CHECK(records.remove(widget_entity(call), widget.id()));
    call.out.begin_object().field("count", static_cast<std::int64_t>(2 * widgets.size())).end_object();
    return {};
}

/// PHP prints an empty map as [].
void write_map(json::Writer& out, const std::string& text) {
    out.raw(text.empty() || text == "{}" ? "[]" : text);
}

Status placement_get(api::Call& call) {
    STOA_CHECK(admin_only(call));
    model::Query query;
    query.where = of_application(call);
    query.limit = kWidgetsPerApplicationMax;
    model::Records records = call.records.as_system();
    STOA_TRY(const auto widgets, records.list(widget_entity(call), query));
    json::Writer& out = call.out;
    out.begin_array();
    for (const model::Record& widget : widgets) {
        out.begin_object().field("placement", widget.text("PLACEMENT")).field("userId", widget.integer("USER_ID"));
        out.field("handler", widget.text("HANDLER")).key("options");
        write_map(out, widget.text("OPTIONS"));
        out.field("title", widget.text("TITLE")).field("description", widget.text("DESCRIPTION")).key("langAll");
        write_map(out, widget.text("LANG_ALL"));
        out.end_object();
    }
    out.end_array();
    return {};
}

Status placement_list(api::Call& call) {
    STOA_TRY(const std::string scope, call.params.text_or("SCOPE", ""));
    STOA_TRY(const bool full, call.params.boolean_or("FULL", false));
    call.out.begin_array();
    for (const PlacementCode& place : placement_codes(call.metadata())) {
        bool shown = full || scope_granted(call.identity, split_scopes(place.scope));
        if (!scope.empty()) shown = place.scope == scope;
        if (shown) call.out.text(place.code);
    }
    call.out.end_array();
    return {};
}

}  // namespace

void add_placement_methods(api::MethodTable& table) {
    using api::Caller;
    using api::Effect;
    constexpr const char* kScope = "placement";
    constexpr Caller kApplication = Caller::application;
    table.add({
        {.name = "placement.bind",
         .scope = kScope,
         .effect = Effect::write,
         .caller = kApplication,
         .handler = &placement_bind},
        {.name = "placement.unbind",
         .scope = kScope,
         .effect = Effect::write,
         .caller = kApplication,
         .handler = &placement_unbind},
        {.name = "placement.get", .scope = kScope, .caller = kApplication, .handler = &placement_get},
        {.name = "placement.list", .scope = kScope, .caller = kApplication, .handler = &placement_list},
    });
}

}  // namespace stoa::rest
