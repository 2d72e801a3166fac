// user.*: https://github.com/bitrix24/b24restdocs api-reference/user

#include "api/file_fields.hpp"
#include "api/shape.hpp"
#include "modules/people/methods.hpp"
#include "modules/people/user_fields.hpp"
#include "modules/people/user_filter.hpp"
#include "modules/people/user_list.hpp"
#include "modules/people/users.hpp"

namespace stoa::people {

namespace {

const model::Entity& users_of(const api::Call& call) {
    return call.registry().entity("user");
}

Error access_denied() {
    return {Errc::invalid_argument, "access_denied", {}, "ERROR_CORE"};
}

Status get(api::Call& call) {
    const model::Entity& users = users_of(call);
    STOA_TRY(db::Condition where, user_get_filter(call, users));
    return write_user_page(call, users, std::move(where));
}

Status search(api::Call& call) {
    const model::Entity& users = users_of(call);
    STOA_TRY(db::Condition where, user_search_filter(call, users));
    return write_user_page(call, users, std::move(where));
}

Status current(api::Call& call) {
    return write_user(call, users_of(call), call.actor().user);
}

Status fields(api::Call& call) {
    write_user_titles(call, users_of(call));
    return {};
}

/// Field values of user.add and user.update: top-level parameters, or (some clients) inside `fields`.
const json::Value& values_of(const api::Call& call) {
    const json::Value* inner = call.params.find("fields");
    return inner && inner->is_object() ? *inner : call.params.value();
}

Result<model::Changes> changes_of(api::Call& call, const model::Entity& users) {
    const api::Shape shape = api::Shape::classic();
    STOA_TRY(const std::optional<json::Value> stored, api::store_files(call, users, shape, values_of(call)));
    return api::read_changes(users, call.metadata().user_fields(users.user_field_entity), shape,
                             stored ? *stored : values_of(call), call.zone());
}

void find_user_files(api::FileSearch& search) {
    const model::Entity& users = search.registry().entity("user");
    json::Value* inner = api::FileSearch::member(search.parameters(), "fields");
    api::find_files(search, users, model::Names::classic, inner ? *inner : search.parameters());
}

bool truth(const json::Value& values, std::string_view name) {
    const json::Value* value = values.find_any_case(name);
    return value && value->as_bool().value_or(false);
}

Status add(api::Call& call) {
    if (!call.actor().is_admin()) return access_denied();
    const model::Entity& users = users_of(call);
    const bool extranet = truth(values_of(call), "EXTRANET");
    STOA_TRY(model::Changes changes, changes_of(call, users));
    if (!extranet && changes.links.empty()) return invalid("no_extranet_field", "UF_DEPARTMENT", "ERROR_ARGUMENT");
    changes.set("ROLE", std::string(extranet ? "extranet" : "employee"));
    STOA_TRY(const RecordId id, call.records.add(std::move(changes)));
    call.out.integer(id);
    return {};
}

Status update(api::Call& call) {
    const model::Entity& users = users_of(call);
    const auto id = call.params.id("ID");
    if (!id) return access_denied();
    STOA_TRY(model::Changes changes, changes_of(call, users));
    if (!call.actor().is_admin()) {
        const bool foreign = *id != call.actor().user;
        if (foreign || changes.has("ACTIVE") || changes.has("EMAIL") || !changes.links.empty()) return access_denied();
    }
    const Status updated = call.records.update(*id, std::move(changes));
    if (!updated && updated.error().code == Errc::not_found) return access_denied();
    STOA_CHECK(updated);
    call.out.boolean(true);
    return {};
}

}  // namespace

Result<UserId> add_user(model::Records& records, const NewUser& user) {
    const model::Entity& users = records.services().registry.entity("user");
    model::Changes changes(users);
    changes.set("EMAIL", user.email);
    changes.set("ACTIVE", std::int64_t{user.active});
    changes.set("ROLE", user.role);
    const std::pair<const char*, const std::string*> texts[] = {{"NAME", &user.name},
                                                                {"LAST_NAME", &user.last_name},
                                                                {"LANGUAGE_ID", &user.language},
                                                                {"TIME_ZONE", &user.time_zone}};
    for (const auto& [name, text] : texts) {
        if (!text->empty()) changes.set(name, *text);
    }
    if (!user.departments.empty()) changes.links.emplace_back(&users.field("UF_DEPARTMENT"), user.departments);
    return records.add(std::move(changes));
}

void add_user_methods(api::MethodTable& table) {
    using api::Caller;
    using api::Effect;
    using api::Run;
    constexpr const char* kAnyUserScope = "user|user_basic|user_brief";
    table.add({
        {.name = "user.get", .scope = kAnyUserScope, .handler = &get, .snapshot = true},
        {.name = "user.search", .scope = kAnyUserScope, .handler = &search, .snapshot = true},
        {.name = "user.current", .scope = kAnyUserScope, .run = Run::io, .handler = &current},
        {.name = "user.fields", .scope = kAnyUserScope, .run = Run::io, .handler = &fields},
        {.name = "user.add", .scope = "user", .effect = Effect::write, .handler = &add, .files = find_user_files},
        {.name = "user.update", .scope = "user", .effect = Effect::write, .handler = &update, .files = find_user_files},
    });
}

}  // namespace stoa::people
