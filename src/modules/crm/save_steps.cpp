#include "modules/crm/save_steps.hpp"

#include <algorithm>

#include "json/writer.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/stages.hpp"

namespace stoa::crm {

using db::Condition;
using model::Changes;
using model::Field;
using model::Operation;
using model::SaveContext;

namespace {

Error not_valid(const SaveContext& context, std::string_view field) {
    const Field& definition = context.entity.field(field);
    return invalid("Invalid value for field \"" + std::string(definition.title_in("en")) + "\"", definition.name,
                   "CRM_FIELD_ERROR_VALUE_NOT_VALID");
}

const db::Value& value_after(const SaveContext& context, const Field& field) {
    static const db::Value nothing;
    if (const db::Value* named = context.changes.find(field)) return *named;
    return context.before ? context.before->value(field) : nothing;
}

/// The pipeline the record is in after the save; checked when it is new.
Result<RecordId> settle_pipeline(SaveContext& context, const PipelineFields& fields) {
    if (fields.pipeline.empty()) return RecordId{0};
    const Field& field = context.entity.field(fields.pipeline);
    const db::Value* named = context.changes.find(field);
    if (context.operation == Operation::add && (!named || db::is_null(*named) || std::get<std::int64_t>(*named) == 0)) {
        STOA_TRY(const RecordId pipeline, default_pipeline(context.records, fields.type_id));
        context.changes.set(field, pipeline);
        return pipeline;
    }
    const RecordId pipeline = integer_after(context, fields.pipeline);
    if (named && is_changed(context, fields.pipeline)) {
        STOA_TRY(const bool known, pipeline_exists(context.records, fields.type_id, pipeline));
        if (!known) return not_valid(context, fields.pipeline);
        context.changes.set(field, pipeline);  // null becomes 0
    }
    return pipeline;
}

bool is_mail_address(std::string_view text) {
    const std::size_t at = text.find('@');
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == text.npos &&
           text.find(' ') == std::string_view::npos;
}

}  // namespace

std::int64_t integer_after(const SaveContext& context, std::string_view field) {
    const auto* number = std::get_if<std::int64_t>(&value_after(context, context.entity.field(field)));
    return number ? *number : 0;
}

std::string text_after(const SaveContext& context, std::string_view field) {
    const auto* text = std::get_if<std::string>(&value_after(context, context.entity.field(field)));
    return text ? *text : std::string();
}

bool is_changed(const SaveContext& context, std::string_view name) {
    const Field& field = context.entity.field(name);
    const db::Value* named = context.changes.find(field);
    return named && (!context.before || context.before->value(field) != *named);
}

PipelineFields deal_pipeline() {
    return {kDeal, "STAGE_ID", "STAGE_SEMANTIC_ID", "MOVED_BY_ID", "MOVED_TIME", "CATEGORY_ID"};
}

PipelineFields lead_pipeline() {
    return {kLead, "STATUS_ID", "STATUS_SEMANTIC_ID", "MOVED_BY_ID", "MOVED_TIME"};
}

PipelineFields dynamic_pipeline(int type_id) {
    return {type_id, "STAGE_ID", "STAGE_SEMANTIC_ID", "MOVED_BY", "MOVED_TIME", "CATEGORY_ID"};
}

Result<StageMove> settle_stage(SaveContext& context, const PipelineFields& fields) {
    const bool is_new = context.operation == Operation::add;
    STOA_TRY(const RecordId pipeline, settle_pipeline(context, fields));
    const bool other_pipeline = !is_new && !fields.pipeline.empty() && is_changed(context, fields.pipeline);
    if (!is_new && !other_pipeline && !is_changed(context, fields.stage)) {
        context.changes.unset(fields.stage);  // the same value again moves nothing
        return StageMove{};
    }
    STOA_TRY(const std::vector<Stage> stages, load_stages(context.records, fields.type_id, pipeline));
    const Stage* start = first_stage(stages);
    const std::string wanted = context.changes.text(fields.stage);
    const Stage* stage = wanted.empty() ? start : find_stage(stages, wanted);
    // A stage code without its pipeline's prefix means the stage of this pipeline, as clients that copy deals send it.
    if (!stage) stage = find_stage(stages, stage_prefix(fields.type_id, pipeline) + wanted);
    if (!stage) return not_valid(context, fields.stage);

    context.changes.set(fields.stage, stage->code);
    context.changes.set(fields.semantics, std::string(1, stage->semantics));
    context.changes.set(fields.moved_by, context.records.actor().user);
    context.changes.set(fields.moved_at, context.records.services().clock.now());
    return StageMove{true, stage == start, stage->semantics};
}

Status record_stage(SaveContext& context, const PipelineFields& fields) {
    const bool is_new = context.operation == Operation::add;
    const bool other_pipeline = !is_new && !fields.pipeline.empty() && is_changed(context, fields.pipeline);
    if (!is_new && !other_pipeline && !is_changed(context, fields.stage)) return {};
    const bool is_lead = fields.type_id == kLead;
    const std::string semantics = text_after(context, fields.semantics);
    const model::Registry& registry = context.records.services().registry;
    Changes row(registry.entity(is_lead ? "crm.lead.stagehistory" : "crm.stagehistory"));
    const std::int64_t kind = is_new ? 1 : (other_pipeline ? 5 : (semantics == "P" ? 2 : 3));
    row.set("TYPE_ID", kind);
    row.set("OWNER_ID", context.id);
    row.set(is_lead ? "STATUS_ID" : "STAGE_ID", text_after(context, fields.stage));
    row.set(is_lead ? "STATUS_SEMANTIC_ID" : "STAGE_SEMANTIC_ID", semantics);
    if (!is_lead) {
        row.set("ENTITY_TYPE_ID", std::int64_t{fields.type_id});
        row.set("CATEGORY_ID", integer_after(context, fields.pipeline));
    }
    auto added = context.records.as_system().add(std::move(row));
    if (!added) return added.error();
    return {};
}

Status settle_primary(SaveContext& context, std::string_view primary, std::string_view list) {
    const Field& one = context.entity.field(primary);
    const Field& many = context.entity.field(list);
    const auto named = std::find_if(context.changes.links.begin(), context.changes.links.end(),
                                    [&](const auto& item) { return item.first == &many; });
    const bool has_list = named != context.changes.links.end();
    const bool has_one = context.changes.find(one) != nullptr;
    if (!has_list && !has_one) return {};

    const RecordId wanted = context.changes.integer(primary);
    std::vector<RecordId> targets;
    if (has_list) {
        targets = named->second;
        const auto at = std::find(targets.begin(), targets.end(), wanted);
        if (has_one && wanted > 0 && at != targets.end()) std::rotate(targets.begin(), at, at + 1);
    } else {
        if (context.before) {
            STOA_TRY(targets, context.records.links(many, context.id));
            const RecordId old = context.before->integer(primary);
            std::erase_if(targets, [&](RecordId id) { return id == wanted || id == old; });
        }
        if (wanted > 0) targets.insert(targets.begin(), wanted);
    }
    context.changes.set(one, targets.empty() ? db::Value() : db::Value(targets.front()));
    if (has_list) {
        named->second = std::move(targets);
    } else {
        context.changes.links.emplace_back(&many, std::move(targets));
    }
    return {};
}

Status settle_amount(SaveContext& context, int type_id) {
    const bool asked = context.changes.has("OPPORTUNITY") || context.changes.has("IS_MANUAL_OPPORTUNITY");
    if (context.operation == Operation::add || !asked || integer_after(context, "IS_MANUAL_OPPORTUNITY") != 0)
        return {};
    db::Aggregate sums;
    sums.terms = {{db::Aggregate::Fn::count, {}},
                  {db::Aggregate::Fn::sum, {"row_total", ""}},
                  {db::Aggregate::Fn::sum, {"row_tax", ""}}};
    sums.where = Condition::all(
        {Condition::equals("owner_type", short_type_code(type_id)), Condition::equals("owner_id", context.id)});
    const model::Entity& rows = context.records.services().registry.entity("crm.productrow");
    return context.records.as_system().aggregate(rows, sums, [&](const db::Row& row) {
        if (row.integer(0) > 0) {
            context.changes.set("OPPORTUNITY", row.integer(1));
            if (context.entity.find("TAX_VALUE")) context.changes.set("TAX_VALUE", row.integer(2));
        }
        return true;
    });
}

Status settle_currency(SaveContext& context) {
    if (!is_changed(context, "CURRENCY_ID")) return {};
    const std::string code = context.changes.text("CURRENCY_ID");
    if (code.empty() || code == context.records.metadata().account.currency) return {};
    const model::Entity& currencies = context.records.services().registry.entity("crm.currency");
    STOA_TRY(const std::int64_t known, context.records.count(currencies, Condition::equals("currency", code)));
    if (known == 0) return not_valid(context, "CURRENCY_ID");
    return {};
}

void settle_title(SaveContext& context, std::string_view word) {
    if (context.operation != Operation::add || !context.changes.text("TITLE").empty()) return;
    std::string title(word);
    if (title.empty()) {
        const auto& titles = context.entity.title;
        auto found = titles.find(context.records.metadata().account.language);
        if (found == titles.end()) found = titles.find("en");
        if (found != titles.end()) title = found->second;
    }
    context.changes.set("TITLE", title + " #" + std::to_string(context.id));
}

void settle_full_name(SaveContext& context) {
    const bool is_new = context.operation == Operation::add;
    if (!is_new && !is_changed(context, "NAME") && !is_changed(context, "SECOND_NAME") &&
        !is_changed(context, "LAST_NAME")) {
        return;
    }
    std::string full;
    for (const char* part : {"NAME", "SECOND_NAME", "LAST_NAME"}) {
        const std::string text = text_after(context, part);
        if (!text.empty()) full += (full.empty() ? "" : " ") + text;
    }
    context.changes.set("FULL_NAME", full);
}

Status note_activity(model::Records& records, std::int64_t type_id, RecordId id) {
    const auto entity = entity_of_type(records, type_id);
    if (!entity) return {};
    const db::Assignment changes[] = {
        {(*entity)->field("LAST_ACTIVITY_TIME").column, records.services().clock.now()},
        {(*entity)->field("LAST_ACTIVITY_BY").column, records.actor().user},
    };
    auto updated =
        records.write_tx().update((*entity)->table, changes, Condition::equals((*entity)->id_field().column, id));
    if (!updated) return updated.error();
    return {};
}

Status settle_multifields(SaveContext& context) {
    const auto& changes = context.changes.multifields;
    if (changes.empty()) return {};
    std::vector<model::Multifield> rows;
    if (context.before) {
        STOA_TRY(rows, context.records.multifields(context.entity, std::span(&context.id, 1)));
    }
    for (const model::MultifieldChange& change : changes) {
        const bool gone = change.remove || change.value.empty();
        if (!gone && change.type == "EMAIL" && !is_mail_address(change.value)) {
            return invalid("The field E-mail contains an invalid address", "EMAIL", "ERROR_CORE");
        }
        if (change.id > 0) {
            if (gone) std::erase_if(rows, [&](const model::Multifield& row) { return row.id == change.id; });
        } else if (!gone) {
            rows.push_back({0, context.id, change.type, change.value_type, change.value});
        }
    }
    const auto has = [&](std::string_view type) {
        const bool any = std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.type == type; });
        return std::int64_t{any ? 1 : 0};
    };
    context.changes.set("HAS_PHONE", has("PHONE"));
    context.changes.set("HAS_EMAIL", has("EMAIL"));
    return {};
}

}  // namespace stoa::crm
