#include "modules/crm/stages.hpp"

#include <algorithm>
#include <charconv>

#include "modules/crm/owner_types.hpp"

namespace stoa::crm {

using db::Condition;

namespace {

/// Reads digits off the front of `text`; false when there are none.
bool take_number(std::string_view& text, std::int64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

}  // namespace

bool has_pipelines(int type_id) {
    return type_id == kDeal || is_dynamic(type_id);
}

bool has_stages(int type_id) {
    return type_id == kLead || has_pipelines(type_id);
}

std::string stage_dictionary(int type_id, RecordId pipeline) {
    if (type_id == kLead) return "STATUS";
    if (type_id == kDeal) return pipeline == 0 ? "DEAL_STAGE" : "DEAL_STAGE_" + std::to_string(pipeline);
    return "DYNAMIC_" + std::to_string(type_id) + "_STAGE_" + std::to_string(pipeline);
}

std::string stage_prefix(int type_id, RecordId pipeline) {
    if (type_id == kDeal && pipeline > 0) return "C" + std::to_string(pipeline) + ":";
    if (is_dynamic(type_id)) return "DT" + std::to_string(type_id) + "_" + std::to_string(pipeline) + ":";
    return {};
}

StageDictionary parse_stage_dictionary(std::string_view dictionary) {
    if (dictionary == "STATUS") return {kLead, 0};
    if (dictionary == "DEAL_STAGE") return {kDeal, 0};
    std::int64_t type = 0, pipeline = 0;
    if (take(dictionary, "DEAL_STAGE_")) {
        return take_number(dictionary, pipeline) && dictionary.empty() ? StageDictionary{kDeal, pipeline}
                                                                       : StageDictionary{};
    }
    const bool fits = take(dictionary, "DYNAMIC_") && take_number(dictionary, type) && take(dictionary, "_STAGE_") &&
                      take_number(dictionary, pipeline) && dictionary.empty();
    if (!fits || type > 1'000'000) return {};
    return {static_cast<int>(type), pipeline};
}

Result<std::vector<Stage>> load_stages(model::Records& records, int type_id, RecordId pipeline) {
    const model::Entity& entity = records.services().registry.entity("crm.status");
    model::Query query;
    query.where = Condition::equals(entity.field("ENTITY_ID").column, stage_dictionary(type_id, pipeline));
    query.order = {{{entity.field("SORT").column, ""}, false}, {{entity.id_field().column, ""}, false}};
    query.limit = kStagesMax;
    const int code = entity.column_position(entity.field("STATUS_ID"));
    const int name = entity.column_position(entity.field("NAME"));
    const int sort = entity.column_position(entity.field("SORT"));
    const int semantics = entity.column_position(entity.field("SEMANTICS"));
    std::vector<Stage> stages;
    STOA_CHECK(records.stream(entity, query, [&](const db::Row& row) {
        const std::string_view kind = row.text(semantics);
        stages.push_back({std::string(row.text(code)), std::string(row.text(name)), row.integer(sort),
                          kind == "S" || kind == "F" ? kind.front() : 'P'});
        return true;
    }));
    return stages;
}

const Stage* find_stage(const std::vector<Stage>& stages, std::string_view code) {
    const auto found = std::find_if(stages.begin(), stages.end(), [&](const Stage& s) { return s.code == code; });
    return found == stages.end() ? nullptr : &*found;
}

const Stage* first_stage(const std::vector<Stage>& stages) {
    const auto found = std::find_if(stages.begin(), stages.end(), [](const Stage& s) { return s.semantics == 'P'; });
    return found == stages.end() ? nullptr : &*found;
}

Result<RecordId> default_pipeline(model::Records& records, int type_id) {
    if (!is_dynamic(type_id)) return RecordId{0};
    const model::Entity& entity = records.services().registry.entity("crm.category");
    model::Query query;
    query.where = Condition::all(
        {Condition::equals("entity_type_id", std::int64_t{type_id}), Condition::equals("is_default", std::int64_t{1})});
    query.limit = 1;
    STOA_TRY(const auto found, records.list(entity, query));
    if (found.empty()) return not_found("The smart process has no pipeline.", "NOT_FOUND");
    return found.front().id();
}

Result<bool> pipeline_exists(model::Records& records, int type_id, RecordId pipeline) {
    if (!is_dynamic(type_id) && pipeline == 0) return true;
    const model::Entity& entity = records.services().registry.entity("crm.category");
    const auto row = records.get(entity, pipeline);
    if (!row && row.error().code == Errc::not_found) return false;
    if (!row) return row.error();
    return row->integer("ENTITY_TYPE_ID") == type_id && row->text("CODE") != kFirstDealPipeline;
}

}  // namespace stoa::crm
