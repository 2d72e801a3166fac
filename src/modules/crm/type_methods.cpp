// crm.type.*: smart processes, the kinds of records an account makes itself.
// https://github.com/bitrix24/b24restdocs api-reference/crm/universal/user-defined-object-types/

#include "api/crud.hpp"
#include "json/parse.hpp"
#include "modules/crm/list_params.hpp"
#include "modules/crm/methods.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/pipelines.hpp"
#include "modules/crm/seed.hpp"
#include "modules/crm/type_relations.hpp"

namespace stoa::crm {

using api::Call;
using api::Shape;
using db::Condition;
using model::Changes;
using model::Record;

namespace {

constexpr Shape kTypeShape{model::Names::item, true};
constexpr std::int64_t kFirstFreeTypeId = 1030;
constexpr std::int64_t kTypeIdMax = 1'000'000;
constexpr std::int64_t kTypesMax = 200;
constexpr std::string_view kLinkedFields[] = {"CALENDAR_EVENT|UF_CRM_CAL_EVENT", "TASKS_TASK|UF_CRM_TASK",
                                              "TASKS_TASK_TEMPLATE|UF_CRM_TASK"};

const model::Entity& types(const Call& call) {
    return call.registry().entity("crm.type");
}

Error type_not_found() {
    return not_found("Smart process not found", "0");
}

Status in_type_words(Status status) {
    if (status || status.error().code != Errc::forbidden) return status;
    return forbidden("Access denied", "ACCESS_DENIED");
}

// --- answers ---

void write_relations(Call& call, const Record& type) {
    const Relations relations = parse_relations(type.text("RELATIONS"));
    const bool has_client = type.integer("IS_CLIENT_ENABLED") != 0;
    const auto write = [&](int type_id, bool listed, bool predefined) {
        call.out.begin_object().field("entityTypeId", type_id);
        call.out.field("isChildrenListEnabled", listed ? "Y" : "N").field("isPredefined", predefined ? "Y" : "N");
        call.out.end_object();
    };
    call.out.key("relations").begin_object().key("parent").begin_array();
    if (has_client) {
        write(kContact, true, true);
        write(kCompany, true, true);
    }
    for (const Relation& parent : relations.parents) {
        const bool is_client = parent.type_id == kContact || parent.type_id == kCompany;
        if (!has_client || !is_client) write(parent.type_id, parent.in_children_list, false);
    }
    call.out.end_array().key("child").begin_array();
    for (const Relation& child : relations.children)
        write(child.type_id, child.in_children_list, false);
    call.out.end_array().end_object();
}

void write_linked_fields(Call& call, const Record& type) {
    const std::string stored = type.text("LINKED_USER_FIELDS");
    const auto parsed = json::parse(stored.empty() ? "{}" : stored);
    call.out.key("linkedUserFields").begin_object();
    for (const std::string_view name : kLinkedFields) {
        const json::Value* value = parsed ? parsed->find(name) : nullptr;
        call.out.field(name, value && value->as_bool().value_or(false) ? "Y" : "N");
    }
    call.out.end_object();
}

Status answer(Call& call, RecordId id) {
    const auto type = call.records.get(types(call), id);
    if (!type) return type.error().code == Errc::not_found ? type_not_found() : type.error();
    call.out.begin_object().key("type").begin_object();
    for (const model::Field& field : type->entity().fields) {
        if (field.named_only) continue;
        call.out.raw_key(field.item_name);
        api::write_value(call.out, field, kTypeShape, type->value(field), call.zone());
    }
    write_relations(call, *type);
    write_linked_fields(call, *type);
    call.out.key("customSections").begin_array().end_array();
    call.out.end_object().end_object();
    return {};
}

// --- changes ---

Result<const json::Value*> wanted_fields(const Call& call) {
    const json::Value* fields = call.params.find("fields");
    if (!fields) return invalid("Could not find value for parameter {fields}", "fields", "100");
    return call.params.object("fields");
}

/// entityTypeId as given, or the next free even number.
Result<std::int64_t> settle_type_id(Call& call, const Changes& changes) {
    const std::int64_t given = changes.integer("ENTITY_TYPE_ID");
    const bool named = changes.has("ENTITY_TYPE_ID") && given != 0;
    if (named) {
        const bool allowed = (given >= 128 && given <= 192) || (given >= kFirstFreeTypeId && given % 2 == 0);
        if (!allowed || given > kTypeIdMax) {
            return invalid("entityTypeId is out of allowed range", "entityTypeId", "INVALID_ARG_VALUE");
        }
        if (!call.metadata().dynamic(static_cast<int>(given))) return given;
        return invalid("A smart process with this entityTypeId exists already", "entityTypeId", "INVALID_ARG_VALUE");
    }
    std::int64_t next = kFirstFreeTypeId;
    for (const model::Entity* entity : call.metadata().dynamic_entities()) {
        if (entity->type_id >= next) next = entity->type_id + 2;
    }
    return next;
}

/// linkedUserFields as stored; only the known places count.
std::string stored_linked_fields(const json::Value& given) {
    std::string text;
    json::Writer out(text);
    out.begin_object();
    for (const std::string_view name : kLinkedFields) {
        const json::Value* value = given.find_any_case(name);
        if (value && value->as_bool().value_or(false)) out.field(name, "Y");
    }
    out.end_object();
    return text;
}

Result<Changes> read_fields(Call& call, const json::Value& fields) {
    STOA_TRY(Changes changes, api::read_changes(types(call), nullptr, kTypeShape, fields, call.zone()));
    changes.unset("RELATIONS");
    changes.unset("LINKED_USER_FIELDS");
    if (const json::Value* given = fields.find_any_case("relations")) {
        changes.set("RELATIONS", to_stored(read_relations(call.records, *given)));
    }
    if (const json::Value* given = fields.find_any_case("linkedUserFields")) {
        changes.set("LINKED_USER_FIELDS", stored_linked_fields(*given));
    }
    return changes;
}

Status refresh(Call& call) {
    call.services.model.metadata.invalidate_on_commit(call.write_tx());
    return call.records.reload_metadata();
}

Status sync_relations(Call& call, int type_id, RecordId row, const std::string& old, const std::string& wanted) {
    STOA_CHECK(refresh(call));  // the new type must have a name before others point at it
    model::Records system = call.records.as_system();
    STOA_CHECK(sync_relation_fields(system, type_id, row, parse_relations(old), parse_relations(wanted)));
    return refresh(call);
}

Status add_type(Call& call) {
    STOA_TRY(const json::Value* fields, wanted_fields(call));
    STOA_TRY(Changes changes, read_fields(call, *fields));
    if (changes.text("TITLE").empty()) return invalid("The field title is required.", "title", "100");
    if (static_cast<std::int64_t>(call.metadata().dynamic_entities().size()) >= kTypesMax) {
        return Error{Errc::too_large, "There are too many smart processes."};
    }
    STOA_TRY(const std::int64_t type_id, settle_type_id(call, changes));
    changes.set("ENTITY_TYPE_ID", type_id);
    const std::string relations = changes.text("RELATIONS");
    const auto id = call.records.add(std::move(changes));
    if (!id) return in_type_words(id.error());
    NewPipeline pipeline{static_cast<int>(type_id), default_pipeline_name(call.metadata().account.language), 500, true};
    auto made = add_pipeline(call.records, pipeline);
    if (!made) return made.error();
    STOA_CHECK(sync_relations(call, static_cast<int>(type_id), *id, "", relations));
    return answer(call, *id);
}

Status list_types(Call& call) {
    STOA_TRY(const json::Value params,
             normalise_list_params(types(call), nullptr, model::Names::item, call.params.value()));
    call.params = api::Params(params);
    call.out.begin_object().key("types");
    STOA_CHECK(api::write_list(call, types(call), kTypeShape));
    call.out.end_object();
    return {};
}

Status get_type(Call& call) {
    STOA_TRY(const RecordId id, call.params.id("id"));
    return answer(call, id);
}

Status get_by_type_id(Call& call) {
    STOA_TRY(const std::int64_t type_id, call.params.integer("entityTypeId"));
    model::Query query;
    query.where = Condition::equals("entity_type_id", type_id);
    query.limit = 1;
    STOA_TRY(const auto found, call.records.list(types(call), query));
    if (found.empty()) return type_not_found();
    return answer(call, found.front().id());
}

Status update_type(Call& call) {
    STOA_TRY(const RecordId id, call.params.id("id"));
    STOA_TRY(const json::Value* fields, wanted_fields(call));
    const auto before = call.records.get(types(call), id);
    if (!before) return type_not_found();
    STOA_TRY(Changes changes, read_fields(call, *fields));
    const std::string old = before->text("RELATIONS");
    const std::string wanted = changes.has("RELATIONS") ? changes.text("RELATIONS") : old;
    STOA_CHECK(in_type_words(call.records.update(id, std::move(changes))));
    STOA_CHECK(sync_relations(call, static_cast<int>(before->integer("ENTITY_TYPE_ID")), id, old, wanted));
    return answer(call, id);
}

Status remove_where(Call& call, std::string_view entity, Condition where) {
    auto removed = call.write_tx().remove(call.registry().entity(entity).table, where);
    if (!removed) return removed.error();
    return {};
}

/// Pipelines, stages and user fields go with the type; items must have gone before.
Status delete_type(Call& call) {
    STOA_TRY(const RecordId id, call.params.id("id"));
    const auto before = call.records.get(types(call), id);
    if (!before) return type_not_found();
    const std::int64_t type_id = before->integer("ENTITY_TYPE_ID");
    if (const model::Entity* entity = call.metadata().dynamic(static_cast<int>(type_id))) {
        model::Records system = call.records.as_system();
        STOA_TRY(const std::int64_t items, system.count(*entity, Condition::always()));
        if (items > 0) return invalid("You cannot delete an entity type that has elements", "id", "BX_ERROR");
    }
    STOA_CHECK(in_type_words(call.records.remove(types(call), id)));
    const std::string number = std::to_string(type_id);
    STOA_CHECK(remove_where(call, "crm.category", Condition::equals("entity_type_id", type_id)));
    STOA_CHECK(remove_where(call, "crm.status",
                            Condition::like("entity_id", db::escape_like("DYNAMIC_" + number + "_STAGE_") + "%")));
    STOA_CHECK(remove_where(call, "user_field", Condition::equals("entity_id", "CRM_" + std::to_string(id))));
    STOA_CHECK(remove_where(call, "user_field", Condition::equals("field_name", "PARENT_ID_" + number)));
    STOA_CHECK(refresh(call));
    call.out.begin_array().end_array();
    return {};
}

Status describe_type(Call& call) {
    call.out.begin_object().key("fields");
    api::write_field_descriptions(call.out, types(call), nullptr, kTypeShape, call.metadata().account.language);
    call.out.end_object();
    return {};
}

}  // namespace

void add_type_methods(api::MethodTable& table) {
    using api::Effect;
    table.add({
        {.name = "crm.type.add", .scope = "crm", .effect = Effect::write, .handler = add_type},
        {.name = "crm.type.list", .scope = "crm", .handler = list_types},
        {.name = "crm.type.get", .scope = "crm", .handler = get_type},
        {.name = "crm.type.getByEntityTypeId", .scope = "crm", .handler = get_by_type_id},
        {.name = "crm.type.update", .scope = "crm", .effect = Effect::write, .handler = update_type},
        {.name = "crm.type.delete", .scope = "crm", .effect = Effect::write, .handler = delete_type},
        {.name = "crm.type.fields", .scope = "crm", .handler = describe_type},
    });
}

}  // namespace stoa::crm
