// crm.status.*: dictionaries and stages. https://github.com/bitrix24/b24restdocs api-reference/crm/status/

#include <algorithm>
#include <cctype>

#include "api/shape.hpp"
#include "modules/crm/methods.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/seed.hpp"
#include "modules/crm/stages.hpp"

namespace stoa::crm {

using api::Call;
using db::Condition;
using model::Record;

namespace {

constexpr std::int64_t kEntriesMax = 2'000;
constexpr std::size_t kCodeMax = 50;
constexpr std::size_t kStageCodeMax = 21;

const model::Entity& statuses(const Call& call) {
    return call.registry().entity("crm.status");
}

/// A dictionary of its own or the stages of a pipeline that is there.
Result<bool> is_dictionary(Call& call, const std::string& code) {
    const StageDictionary stages = parse_stage_dictionary(code);
    if (stages.type_id == 0) return dictionary_names().find(code) != nullptr;
    if (is_dynamic(stages.type_id) && !call.metadata().dynamic(stages.type_id)) return false;
    return pipeline_exists(call.records, stages.type_id, stages.pipeline);
}

std::string_view extra_semantics(const Record& entry) {
    const std::string kind = entry.text("SEMANTICS");
    if (kind == "S") return "success";
    if (kind != "F") return "process";
    return entry.integer("SYSTEM") != 0 ? "failure" : "apology";
}

void write_entry(Call& call, const Record& entry) {
    call.out.begin_object();
    for (const model::Field& field : entry.entity().fields) {
        call.out.raw_key(field.name);
        api::write_value(call.out, field, api::Shape::classic(), entry.value(field), call.zone());
    }
    if (parse_stage_dictionary(entry.text("ENTITY_ID")).type_id != 0) {
        call.out.key("EXTRA").begin_object();
        call.out.field("SEMANTICS", extra_semantics(entry)).field("COLOR", entry.text("COLOR"));
        call.out.end_object();
    }
    call.out.end_object();
}

/// All entries at once: dictionaries are short and clients do not page through them.
Status list_entries(Call& call) {
    const model::FilterContext context{statuses(call), nullptr, model::Names::classic, call.zone()};
    const json::Value nothing;
    const json::Value* filter = call.params.find("filter");
    const json::Value* order = call.params.find("order");
    model::Query query;
    STOA_TRY(query.where, model::compile_filter(context, filter ? *filter : nothing));
    STOA_TRY(query.order, model::compile_order(context, order ? *order : nothing));
    query.limit = kEntriesMax;
    STOA_TRY(const auto entries, call.records.list(statuses(call), query));
    call.out.begin_array();
    for (const Record& entry : entries)
        write_entry(call, entry);
    call.out.end_array();
    call.total = static_cast<std::int64_t>(entries.size());
    return {};
}

Status list_items(Call& call) {
    const auto dictionary = call.params.text("entityId");
    if (!dictionary) return invalid("The parameter entityId is not defined or invalid.", "entityId");
    model::Query query;
    query.where = Condition::equals("entity_id", *dictionary);
    query.order = {{{"sort", ""}, false}, {{"id", ""}, false}};
    query.limit = kEntriesMax;
    STOA_TRY(const auto entries, call.records.list(statuses(call), query));
    call.out.begin_array();
    for (const Record& entry : entries) {
        call.out.begin_object().field("NAME", entry.text("NAME")).field("SORT", entry.integer("SORT"));
        call.out.field("STATUS_ID", entry.text("STATUS_ID")).end_object();
    }
    call.out.end_array();
    return {};
}

std::string text_member(const json::Value& fields, std::string_view name) {
    const json::Value* value = fields.find_any_case(name);
    return value ? value->as_text().value_or("") : std::string();
}

/// The code as it is stored: stages of numbered pipelines carry the pipeline in front.
Result<std::string> stored_code(const StageDictionary& stages, std::string code) {
    if (stages.type_id == 0) {
        if (code.size() > kCodeMax) return invalid("The field STATUS_ID is too long.", "STATUS_ID");
        return code;
    }
    const std::string prefix = stage_prefix(stages.type_id, stages.pipeline);
    if (!prefix.empty() && code.starts_with(prefix)) code.erase(0, prefix.size());
    const bool plain = std::all_of(code.begin(), code.end(),
                                   [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
    if (code.empty() || !plain || code.size() > kStageCodeMax) {
        return invalid("The field STATUS_ID may hold at most " + std::to_string(kStageCodeMax) +
                           " Latin letters, digits, hyphens and underscores.",
                       "STATUS_ID");
    }
    return prefix + code;
}

/// Stages in progress come before the one of success.
Status check_order(Call& call, const StageDictionary& stages, const model::Changes& changes) {
    if (stages.type_id == 0 || changes.text("SEMANTICS") == "F") return {};
    STOA_TRY(const auto known, load_stages(call.records, stages.type_id, stages.pipeline));
    const auto success = std::find_if(known.begin(), known.end(), [](const Stage& s) { return s.semantics == 'S'; });
    if (success == known.end()) return {};
    if (changes.text("SEMANTICS") == "S" || changes.integer("SORT") > success->sort) {
        return invalid(
            "Cannot create more stages after the final stage because the final successful stage already exists. "
            "Try using sort order values less than that of the final stage.",
            "SORT");
    }
    return {};
}

Status add_entry(Call& call) {
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    const std::string dictionary = text_member(*fields, "ENTITY_ID");
    const std::string code = text_member(*fields, "STATUS_ID");
    std::string missing;
    if (dictionary.empty()) missing = "The field ENTITY_ID is required.";
    if (code.empty()) missing += (missing.empty() ? "" : " ") + std::string("The field STATUS_ID is required.");
    if (!missing.empty()) return invalid(missing, dictionary.empty() ? "ENTITY_ID" : "STATUS_ID");
    STOA_TRY(const bool known, is_dictionary(call, dictionary));
    if (!known) return invalid("Specified entity type is not supported.", "ENTITY_ID");
    if (text_member(*fields, "NAME").empty()) return invalid("The field Title is required.", "NAME");

    const StageDictionary stages = parse_stage_dictionary(dictionary);
    STOA_TRY(const std::string stored, stored_code(stages, code));
    STOA_TRY(model::Changes changes,
             api::read_changes(statuses(call), nullptr, api::Shape::classic(), *fields, call.zone()));
    if (const std::string kind = changes.text("SEMANTICS"); kind != "S" && kind != "F") changes.unset("SEMANTICS");
    changes.set("STATUS_ID", stored);
    if (stages.pipeline > 0) changes.set("CATEGORY_ID", stages.pipeline);
    if (!changes.has("SORT")) changes.set("SORT", std::int64_t{10});
    STOA_CHECK(check_order(call, stages, changes));
    const Condition same =
        Condition::all({Condition::equals("entity_id", dictionary), Condition::equals("status_id", stored)});
    STOA_TRY(const std::int64_t twins, call.records.count(statuses(call), same));
    if (twins > 0) return invalid("The specified status ID already exists.", "STATUS_ID", "ERROR_CORE");
    STOA_TRY(const RecordId id, call.records.add(std::move(changes)));
    call.out.integer(id);
    return {};
}

Result<RecordId> entry_id(const Call& call) {
    const auto id = call.params.id("id");
    if (!id) return invalid("Invalid identifier.", "id");
    return *id;
}

Result<Record> find_entry(Call& call, RecordId id) {
    auto entry = call.records.get(statuses(call), id);
    if (!entry && entry.error().code == Errc::not_found) return not_found("Status is not found.");
    return entry;
}

Status update_entry(Call& call) {
    STOA_TRY(const RecordId id, entry_id(call));
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    STOA_TRY(const Record entry, find_entry(call, id));
    STOA_TRY(model::Changes changes,
             api::read_changes(entry.entity(), nullptr, api::Shape::classic(), *fields, call.zone()));
    STOA_CHECK(call.records.update(id, std::move(changes)));
    call.out.boolean(true);
    return {};
}

/// Records that stand in a stage keep it alive.
Result<bool> is_in_use(Call& call, const Record& entry) {
    const StageDictionary stages = parse_stage_dictionary(entry.text("ENTITY_ID"));
    const model::Entity* entity = stages.type_id == 0 ? nullptr : call.records.entity_by_type(stages.type_id);
    if (!entity) return false;
    const std::string& column = entity->field(stages.type_id == kLead ? "STATUS_ID" : "STAGE_ID").column;
    model::Records system = call.records.as_system();
    STOA_TRY(const std::int64_t rows, system.count(*entity, Condition::equals(column, entry.text("STATUS_ID"))));
    return rows > 0;
}

Status delete_entry(Call& call) {
    STOA_TRY(const RecordId id, entry_id(call));
    STOA_TRY(const Record entry, find_entry(call, id));
    STOA_TRY(const json::Value* params, call.params.object_or_empty("params"));
    const json::Value* forced = params->find_any_case("FORCED");
    if (entry.integer("SYSTEM") != 0 && !(forced && forced->as_bool().value_or(false))) {
        return invalid("CRM System Status can be deleted only if parameter FORCED is specified and equal to \"Y\".",
                       "params");
    }
    STOA_TRY(const bool used, is_in_use(call, entry));
    if (used) return Error{Errc::conflict, "There are active items in this status."};
    STOA_CHECK(call.records.remove(entry.entity(), id));
    call.out.boolean(true);
    return {};
}

void write_pipeline_type(Call& call, int type_id, RecordId pipeline, const std::string& name) {
    const std::string prefix = stage_prefix(type_id, pipeline);
    call.out.begin_object().field("ID", stage_dictionary(type_id, pipeline)).field("NAME", name);
    call.out.key("SEMANTIC_INFO").begin_object();
    const bool dynamic = is_dynamic(type_id);
    call.out.field("START_FIELD", prefix + "NEW");
    call.out.field("FINAL_SUCCESS_FIELD", prefix + (dynamic ? "SUCCESS" : (type_id == kLead ? "CONVERTED" : "WON")));
    call.out.field("FINAL_UNSUCCESS_FIELD", prefix + (dynamic ? "FAIL" : (type_id == kLead ? "JUNK" : "LOSE")));
    call.out.field("FINAL_SORT", 0).end_object();
    if (type_id == kDeal && pipeline > 0) call.out.field("PARENT_ID", "DEAL_STAGE");
    if (!prefix.empty()) call.out.field("PREFIX", std::string_view(prefix).substr(0, prefix.size() - 1));
    call.out.field("ENTITY_TYPE_ID", type_id);
    if (type_id != kLead) call.out.field("CATEGORY_ID", pipeline);
    call.out.end_object();
}

Status list_types(Call& call) {
    const std::string& language = call.metadata().account.language;
    model::Query query;
    query.order = {{{"entity_type_id", ""}, false}, {{"sort", ""}, false}, {{"id", ""}, false}};
    query.limit = kEntriesMax;
    STOA_TRY(const auto pipelines, call.records.list(call.registry().entity("crm.category"), query));
    call.out.begin_array();
    for (const auto& [code, names] : dictionary_names().object()) {
        const StageDictionary stages = parse_stage_dictionary(code);
        if (stages.type_id != 0) {
            write_pipeline_type(call, stages.type_id, 0, localised(names, language));
        } else {
            call.out.begin_object().field("ID", code).field("NAME", localised(names, language)).end_object();
        }
    }
    for (const Record& pipeline : pipelines) {
        const int type_id = static_cast<int>(pipeline.integer("ENTITY_TYPE_ID"));
        if (pipeline.text("CODE") == kFirstDealPipeline) continue;
        std::string name = pipeline.text("NAME");
        if (const model::Entity* entity = call.metadata().dynamic(type_id)) {
            name = entity->title.at("en") + " (" + name + ")";
        }
        write_pipeline_type(call, type_id, pipeline.id(), name);
    }
    call.out.end_array();
    return {};
}

}  // namespace

void add_status_methods(api::MethodTable& table) {
    using api::Effect;
    table.add({
        {.name = "crm.status.list", .scope = "crm", .handler = list_entries},
        {.name = "crm.status.entity.items", .scope = "crm", .handler = list_items},
        {.name = "crm.status.entity.types", .scope = "crm", .handler = list_types},
        {.name = "crm.status.add", .scope = "crm", .effect = Effect::write, .handler = add_entry},
        {.name = "crm.status.update", .scope = "crm", .effect = Effect::write, .handler = update_entry},
        {.name = "crm.status.delete", .scope = "crm", .effect = Effect::write, .handler = delete_entry},
    });
}

}  // namespace stoa::crm
