#include "modules/crm/save_news.hpp"

#include "modules/crm/owner_types.hpp"
#include "modules/crm/stages.hpp"
#include "modules/crm/timeline_entries.hpp"

namespace stoa::crm {

using model::Operation;
using model::SaveContext;

namespace {

constexpr std::string_view kResponsible = "ASSIGNED_BY_ID";
constexpr std::string_view kSuccess = "S";

std::string title_after(const SaveContext& context) {
    for (const char* field : {"TITLE", "FULL_NAME"}) {
        if (!context.entity.find(field)) continue;
        if (std::string title = text_after(context, field); !title.empty()) return title;
    }
    return "#" + std::to_string(context.id);
}

/// As people know it; the code where the stage is no more.
Result<std::string> stage_name(SaveContext& context, int type_id, const PipelineFields& fields) {
    const RecordId pipeline = fields.pipeline.empty() ? RecordId{0} : integer_after(context, fields.pipeline);
    STOA_TRY(const std::vector<Stage> stages, load_stages(context.records, type_id, pipeline));
    const std::string code = text_after(context, fields.stage);
    const Stage* stage = find_stage(stages, code);
    return stage ? stage->name : code;
}

/// By whom and when the record says: imports bring their own.
Status note_creation(SaveContext& context, int type_id) {
    const auto either = [&](const char* one, const char* other) {
        return integer_after(context, context.entity.find(one) ? one : other);
    };
    TimelineEntry entry{type_id, context.id, kEntryCreated};
    entry.author = either("CREATED_BY_ID", "CREATED_BY");
    entry.at = either("DATE_CREATE", "CREATED_TIME");
    return add_timeline_entry(context.records, entry);
}

/// What was made of a lead stands in the lead's timeline too.
Status note_conversion(SaveContext& context, int type_id) {
    if (!context.entity.find("LEAD_ID") || !is_changed(context, "LEAD_ID")) return {};
    const RecordId lead = integer_after(context, "LEAD_ID");
    if (lead <= 0) return {};
    return add_timeline_entry(
        context.records,
        {kLead, lead, kEntryConverted, {}, short_type_code(type_id) + "_" + std::to_string(context.id)});
}

Status write_timeline(SaveContext& context, const CrmChange& change, const PipelineFields* stages) {
    if (change.is_new) {
        STOA_CHECK(note_creation(context, change.type_id));
        return note_conversion(context, change.type_id);
    }
    if (change.moved) {
        STOA_CHECK(add_timeline_entry(context.records,
                                      {change.type_id, change.id, kEntryStage, context.before->text(stages->stage),
                                       text_after(context, stages->stage)}));
    }
    if (change.won && change.type_id == kLead) {
        STOA_CHECK(add_timeline_entry(context.records, {change.type_id, change.id, kEntryConverted}));
    }
    if (change.reassigned) {
        const UserId before = context.before->integer(kResponsible);
        STOA_CHECK(add_timeline_entry(
            context.records,
            {change.type_id, change.id, kEntryResponsible, before > 0 ? std::to_string(before) : std::string(),
             change.responsible > 0 ? std::to_string(change.responsible) : std::string()}));
    }
    return note_conversion(context, change.type_id);
}

}  // namespace

Status tell_of_save(SaveContext& context, int type_id, const PipelineFields* stages, CrmListener* listener) {
    CrmChange change{.entity = context.entity, .type_id = type_id, .id = context.id, .title = {}, .stage_name = {}};
    change.responsible = integer_after(context, kResponsible);
    change.is_new = context.operation == Operation::add;
    change.reassigned = !change.is_new && is_changed(context, kResponsible);
    if (stages != nullptr) {
        change.moved = !change.is_new && is_changed(context, stages->stage);
        const bool was_won = context.before && context.before->text(stages->semantics) == kSuccess;
        change.won = (change.is_new || change.moved) && !was_won && text_after(context, stages->semantics) == kSuccess;
    }
    STOA_CHECK(write_timeline(context, change, stages));
    const bool news = change.is_new || change.reassigned || change.moved;
    if (listener == nullptr || !news) return {};
    change.title = title_after(context);
    if (change.moved || change.won) {
        STOA_TRY(change.stage_name, stage_name(context, type_id, *stages));
    }
    return listener->record_saved(context.records, change);
}

Status tell_of_removal(model::RemoveContext& context, int type_id, CrmListener* listener) {
    if (listener == nullptr) return {};
    return listener->record_removed(context.records, type_id, context.before.id());
}

}  // namespace stoa::crm
