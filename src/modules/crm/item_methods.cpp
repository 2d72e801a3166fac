// crm.item.*: one set of methods for leads, deals, contacts, companies and smart processes.
// https://github.com/bitrix24/b24restdocs api-reference/crm/universal/

#include "api/crud.hpp"
#include "api/file_fields.hpp"
#include "modules/crm/list_params.hpp"
#include "modules/crm/methods.hpp"
#include "modules/crm/owner_types.hpp"

namespace stoa::crm {

using api::Call;
using api::Shape;
using model::Entity;

namespace {

Result<std::int64_t> needed(const Call& call, std::string_view name) {
    const json::Value* value = call.params.find(name);
    const auto number = value ? value->as_integer() : std::nullopt;
    if (number) return *number;
    return invalid("Could not find value for parameter {" + std::string(name) + "}", std::string(name), "100");
}

Result<const Entity*> wanted_entity(const Call& call) {
    STOA_TRY(const std::int64_t type_id, needed(call, "entityTypeId"));
    return entity_of_type(call.records, type_id);
}

Result<const json::Value*> wanted_fields(const Call& call) {
    const json::Value* fields = call.params.find("fields");
    if (!fields) return invalid("Could not find value for parameter {fields}", "fields", "100");
    return call.params.object("fields");
}

/// Contents of files among the fields, by the kind of record that the call names.
void find_item_files(api::FileSearch& search) {
    json::Value* fields = api::FileSearch::member(search.parameters(), "fields");
    const json::Value* given = api::FileSearch::member(search.parameters(), "entityTypeId");
    if (!fields || !given) return;
    const int type_id = static_cast<int>(given->as_integer().value_or(0));
    const Entity* entity = search.registry().by_type_id(type_id);
    if (!entity) entity = search.metadata().dynamic(type_id);
    if (entity) api::find_files(search, *entity, model::Names::item, *fields);
}

Shape item_shape(const Call& call) {
    Shape shape = Shape::item();
    shape.original_uf_names = call.params.boolean_or("useOriginalUfNames", false).value_or(false);
    return shape;
}

/// Errors of the engine in the words of the universal methods.
Status in_item_words(Status status) {
    if (status) return status;
    Error error = std::move(status).error();
    if (!error.api_code.empty()) return error;
    if (error.code == Errc::not_found) {
        error.api_code = "NOT_FOUND";
        error.message = "Item not found";
    } else if (error.code == Errc::forbidden) {
        error.api_code = "ACCESS_DENIED";
    } else if (error.code == Errc::invalid_argument && !error.field.empty()) {
        error.api_code = "CRM_FIELD_ERROR_VALUE_NOT_VALID";
    }
    return error;
}

/// The whole item whatever `select` says: get, add and update answer with all fields.
Status write_item(Call& call, const Entity& entity, RecordId id) {
    const json::Value nothing{json::Object()};
    const Shape shape = item_shape(call);
    const api::Params params = std::exchange(call.params, api::Params(nothing));
    call.out.begin_object().key("item");
    const Status written = api::write_one(call, entity, shape, id);
    call.params = params;
    STOA_CHECK(in_item_words(written));
    call.out.end_object();
    return {};
}

Status add_item(Call& call) {
    STOA_TRY(const Entity* entity, wanted_entity(call));
    STOA_TRY(const json::Value* fields, wanted_fields(call));
    auto id = api::add_record(call, *entity, item_shape(call), *fields);
    if (!id) return in_item_words(id.error());
    return write_item(call, *entity, *id);
}

Status get_item(Call& call) {
    STOA_TRY(const Entity* entity, wanted_entity(call));
    STOA_TRY(const std::int64_t id, needed(call, "id"));
    return write_item(call, *entity, id);
}

Status list_items(Call& call) {
    STOA_TRY(const Entity* entity, wanted_entity(call));
    const model::UserFieldSet* user_fields = call.metadata().user_fields(entity->user_field_entity);
    STOA_TRY(const json::Value params,
             normalise_list_params(*entity, user_fields, model::Names::item, call.params.value()));
    const Shape shape = item_shape(call);
    call.params = api::Params(params);
    call.out.begin_object().key("items");
    Status listed = api::write_list(call, *entity, shape);
    if (!listed && listed.error().code == Errc::invalid_argument && listed.error().api_code.empty()) {
        Error error = std::move(listed).error();
        error.message = "Invalid filter: field '" + error.field + "' has invalid value";
        error.api_code = "INVALID_ARG_VALUE";
        return error;
    }
    STOA_CHECK(listed);
    call.out.end_object();
    return {};
}

Status update_item(Call& call) {
    STOA_TRY(const Entity* entity, wanted_entity(call));
    STOA_TRY(const std::int64_t id, needed(call, "id"));
    STOA_TRY(const json::Value* fields, wanted_fields(call));
    STOA_CHECK(in_item_words(api::update_record(call, *entity, item_shape(call), id, *fields)));
    return write_item(call, *entity, id);
}

Status delete_item(Call& call) {
    STOA_TRY(const Entity* entity, wanted_entity(call));
    STOA_TRY(const std::int64_t id, needed(call, "id"));
    STOA_CHECK(in_item_words(call.records.remove(*entity, id)));
    call.out.begin_array().end_array();
    return {};
}

Status describe_fields(Call& call) {
    STOA_TRY(const Entity* entity, wanted_entity(call));
    call.out.begin_object().key("fields");
    api::write_field_descriptions(call.out, *entity, call.metadata().user_fields(entity->user_field_entity),
                                  item_shape(call), call.metadata().account.language);
    call.out.end_object();
    return {};
}

}  // namespace

void add_item_methods(api::MethodTable& table) {
    using api::Effect;
    using api::Run;
    table.add({
        {.name = "crm.item.add",
         .scope = "crm",
         .effect = Effect::write,
         .handler = add_item,
         .files = find_item_files},
        {.name = "crm.item.get", .scope = "crm", .run = Run::io, .handler = get_item},
        {.name = "crm.item.list", .scope = "crm", .handler = list_items},
        {.name = "crm.item.update",
         .scope = "crm",
         .effect = Effect::write,
         .handler = update_item,
         .files = find_item_files},
        {.name = "crm.item.delete", .scope = "crm", .effect = Effect::write, .handler = delete_item},
        {.name = "crm.item.fields", .scope = "crm", .run = Run::io, .handler = describe_fields},
    });
}

}  // namespace stoa::crm
