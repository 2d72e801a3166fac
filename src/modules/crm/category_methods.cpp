// crm.category.*: pipelines of deals and smart processes.
// https://github.com/bitrix24/b24restdocs api-reference/crm/universal/category/
// The deals' first pipeline is number 0 for clients; its row has an id like any other and the code kFirstDealPipeline.

#include "api/shape.hpp"
#include "modules/crm/field_description.hpp"
#include "modules/crm/methods.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/pipelines.hpp"
#include "modules/crm/seed.hpp"
#include "modules/crm/stages.hpp"

namespace stoa::crm {

using api::Call;
using db::Condition;
using model::Changes;
using model::Record;

namespace {

constexpr std::int64_t kPipelinesMax = 500;
constexpr std::size_t kNameMax = 255;

const model::Entity& pipelines(const Call& call) {
    return call.registry().entity("crm.category");
}

Result<int> wanted_type(const Call& call) {
    STOA_TRY(const std::int64_t type_id, call.params.integer("entityTypeId"));
    STOA_TRY(const model::Entity* entity, entity_of_type(call.records, type_id));
    if (has_pipelines(entity->type_id)) return entity->type_id;
    return invalid("Entity type " + type_code(entity->type_id) + " is not supported", "entityTypeId",
                   "ENTITY_TYPE_NOT_SUPPORTED");
}

bool is_first_deal_pipeline(const Record& row) {
    return row.text("CODE") == kFirstDealPipeline;
}

RecordId client_id(const Record& row) {
    return is_first_deal_pipeline(row) ? 0 : row.id();
}

void write_pipeline(json::Writer& out, const Record& row) {
    const bool of_deals = row.integer("ENTITY_TYPE_ID") == kDeal;
    out.begin_object();
    out.field("id", client_id(row)).field("name", row.text("NAME")).field("sort", row.integer("SORT"));
    out.field("entityTypeId", row.integer("ENTITY_TYPE_ID"));
    out.field("isDefault", row.integer("IS_DEFAULT") != 0 ? "Y" : "N");
    if (of_deals) {
        out.field("originId", row.text("ORIGIN_ID")).field("originatorId", row.text("ORIGINATOR_ID"));
    } else {
        out.field("isSystem", row.integer("IS_SYSTEM") != 0 ? "Y" : "N").field("code", row.text("CODE"));
    }
    out.end_object();
}

Result<Record> find_pipeline(Call& call, int type_id) {
    STOA_TRY(const std::int64_t id, call.params.integer("id"));
    const bool first = type_id == kDeal && id == 0;
    model::Query query;
    query.where = Condition::all(
        {Condition::equals("entity_type_id", std::int64_t{type_id}),
         first ? Condition::equals("code", std::string(kFirstDealPipeline)) : Condition::equals("id", id)});
    query.limit = 1;
    STOA_TRY(auto found, call.records.list(pipelines(call), query));
    if (found.empty() || client_id(found.front()) != id) return not_found("Element not found", "NOT_FOUND");
    return std::move(found.front());
}

Status answer(Call& call, RecordId row_id) {
    STOA_TRY(const Record row, call.records.get(pipelines(call), row_id));
    call.out.begin_object().key("category");
    write_pipeline(call.out, row);
    call.out.end_object();
    return {};
}

/// The pipeline that was the default steps back.
Status replace_default(model::Records& records, int type_id) {
    const model::Entity& entity = records.services().registry.entity("crm.category");
    model::Query query;
    query.where = Condition::all(
        {Condition::equals("entity_type_id", std::int64_t{type_id}), Condition::equals("is_default", std::int64_t{1})});
    query.limit = 1;
    STOA_TRY(const auto old, records.list(entity, query));
    if (old.empty()) return {};
    Changes changes(entity);
    changes.set("IS_DEFAULT", std::int64_t{0});
    return records.update(old.front().id(), std::move(changes));
}

std::string trimmed_name(const json::Value& fields) {
    const json::Value* value = fields.find_any_case("name");
    std::string name = value ? value->as_text().value_or("") : "";
    const auto first = name.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return {};
    return name.substr(first, name.find_last_not_of(" \t\r\n") - first + 1);
}

std::int64_t sort_of(const json::Value& fields, std::int64_t otherwise) {
    const json::Value* value = fields.find_any_case("sort");
    return std::max<std::int64_t>(0, value ? value->as_integer().value_or(otherwise) : otherwise);
}

bool flag_of(const json::Value& fields, std::string_view name) {
    const json::Value* value = fields.find_any_case(name);
    return value && value->as_bool().value_or(false);
}

std::string text_of(const json::Value& fields, std::string_view name) {
    const json::Value* value = fields.find_any_case(name);
    return value ? value->as_text().value_or("") : std::string();
}

Status add_category(Call& call) {
    STOA_TRY(const int type_id, wanted_type(call));
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    NewPipeline pipeline{type_id, trimmed_name(*fields), sort_of(*fields, 500)};
    if (pipeline.name.empty()) return invalid("Field 'NAME' is required", "name", "0");
    if (pipeline.name.size() > kNameMax) return invalid("The name takes at most 255 characters", "name", "0");
    pipeline.is_default = is_dynamic(type_id) && flag_of(*fields, "isDefault");
    pipeline.origin_id = text_of(*fields, "originId");
    pipeline.originator_id = text_of(*fields, "originatorId");
    STOA_TRY(const RecordId id, add_pipeline(call.records, pipeline));
    return answer(call, id);
}

Status get_category(Call& call) {
    STOA_TRY(const int type_id, wanted_type(call));
    STOA_TRY(const Record row, find_pipeline(call, type_id));
    return answer(call, row.id());
}

Status list_categories(Call& call) {
    STOA_TRY(const int type_id, wanted_type(call));
    model::Query query;
    query.where = Condition::equals("entity_type_id", std::int64_t{type_id});
    query.order = {{{"sort", ""}, false}, {{"id", ""}, false}};
    query.limit = kPipelinesMax;
    STOA_TRY(const auto rows, call.records.list(pipelines(call), query));
    call.out.begin_object().key("categories").begin_array();
    for (const Record& row : rows)
        write_pipeline(call.out, row);
    call.out.end_array().end_object();
    call.total = static_cast<std::int64_t>(rows.size());
    return {};
}

Status update_category(Call& call) {
    STOA_TRY(const int type_id, wanted_type(call));
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    STOA_TRY(const Record row, find_pipeline(call, type_id));
    Changes changes(pipelines(call));
    if (fields->find_any_case("name")) {
        const std::string name = trimmed_name(*fields);
        if (name.empty()) return invalid("Field 'NAME' is required", "name", "0");
        changes.set("NAME", name);
    }
    if (fields->find_any_case("sort")) changes.set("SORT", sort_of(*fields, row.integer("SORT")));
    const bool becomes_default = is_dynamic(type_id) && row.integer("IS_DEFAULT") == 0 && flag_of(*fields, "isDefault");
    if (becomes_default) {
        STOA_CHECK(replace_default(call.records, type_id));
        changes.set("IS_DEFAULT", std::int64_t{1});
    }
    STOA_CHECK(call.records.update(row.id(), std::move(changes)));
    return answer(call, row.id());
}

/// The stages go with the pipeline; records must have left it before.
Status delete_category(Call& call) {
    STOA_TRY(const int type_id, wanted_type(call));
    STOA_TRY(const Record row, find_pipeline(call, type_id));
    const bool of_deals = type_id == kDeal;
    if (row.integer("IS_DEFAULT") != 0) {
        return of_deals ? invalid("Default deal category cannot be deleted", "id", "0")
                        : invalid("This funnel is the default funnel", "id", "BX_ERROR");
    }
    const model::Entity& entity = *call.records.entity_by_type(type_id);
    model::Records system = call.records.as_system();
    STOA_TRY(const std::int64_t used,
             system.count(entity, Condition::equals(entity.field("CATEGORY_ID").column, row.id())));
    if (used > 0) {
        return of_deals ? invalid("Deals related to the funnel " + row.text("NAME") + " found", "id", "0")
                        : invalid("Elements related to the funnel found", "id", "BX_ERROR");
    }
    STOA_CHECK(call.records.remove(pipelines(call), row.id()));
    const model::Entity& statuses = call.registry().entity("crm.status");
    auto removed =
        call.write_tx().remove(statuses.table, Condition::equals("entity_id", stage_dictionary(type_id, row.id())));
    if (!removed) return removed.error();
    call.out.null();
    return {};
}

Status describe_category(Call& call) {
    STOA_TRY(const int type_id, wanted_type(call));
    const bool of_deals = type_id == kDeal;
    const auto title = [&](std::string_view name) {
        return pipelines(call).field(name).title_in(call.metadata().account.language);
    };
    call.out.begin_object().key("fields").begin_object();
    const auto write = [&](std::string_view name, std::string_view type, std::string_view upper, bool required,
                           bool read_only) {
        write_description(call.out, {name, type, title(upper), required, read_only, false, upper});
    };
    write("id", "integer", "ID", false, true);
    write("name", "string", "NAME", false, false);
    write("sort", "integer", "SORT", false, false);
    write("entityTypeId", "integer", "ENTITY_TYPE_ID", true, true);
    write("isDefault", "boolean", "IS_DEFAULT", false, of_deals);
    if (of_deals) {
        write("originId", "string", "ORIGIN_ID", false, false);
        write("originatorId", "string", "ORIGINATOR_ID", false, false);
    } else {
        write("isSystem", "boolean", "IS_SYSTEM", false, true);
        write("code", "string", "CODE", false, true);
    }
    call.out.end_object().end_object();
    return {};
}

}  // namespace

Result<RecordId> add_pipeline(model::Records& records, const NewPipeline& pipeline) {
    const model::Entity& entity = records.services().registry.entity("crm.category");
    const Condition of_type = Condition::equals("entity_type_id", std::int64_t{pipeline.type_id});
    STOA_TRY(const std::int64_t known, records.count(entity, of_type));
    if (known >= kPipelinesMax) return Error{Errc::too_large, "There are too many pipelines."};
    if (pipeline.is_default) STOA_CHECK(replace_default(records, pipeline.type_id));
    Changes changes(entity);
    changes.set("NAME", pipeline.name);
    changes.set("SORT", pipeline.sort);
    changes.set("ENTITY_TYPE_ID", std::int64_t{pipeline.type_id});
    changes.set("IS_DEFAULT", std::int64_t{pipeline.is_default ? 1 : 0});
    if (!pipeline.origin_id.empty()) changes.set("ORIGIN_ID", pipeline.origin_id);
    if (!pipeline.originator_id.empty()) changes.set("ORIGINATOR_ID", pipeline.originator_id);
    STOA_TRY(const RecordId id, records.add(std::move(changes)));
    model::Records system = records.as_system();
    STOA_CHECK(seed_stages(system, pipeline.type_id, id));
    return id;
}

void add_category_methods(api::MethodTable& table) {
    using api::Effect;
    table.add({
        {.name = "crm.category.add", .scope = "crm", .effect = Effect::write, .handler = add_category},
        {.name = "crm.category.get", .scope = "crm", .handler = get_category},
        {.name = "crm.category.list", .scope = "crm", .handler = list_categories},
        {.name = "crm.category.update", .scope = "crm", .effect = Effect::write, .handler = update_category},
        {.name = "crm.category.delete", .scope = "crm", .effect = Effect::write, .handler = delete_category},
        {.name = "crm.category.fields", .scope = "crm", .handler = describe_category},
    });
}

}  // namespace stoa::crm
