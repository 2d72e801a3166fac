#pragma once
// Steps that the hooks of several CRM entities share. Each reads and completes SaveContext::changes.
// They ask the database only when the field they look after is named in the changes.

#include <string>
#include <string_view>

#include "model/hooks.hpp"

namespace stoa::crm {

/// What the record will hold after the save.
std::int64_t integer_after(const model::SaveContext& context, std::string_view field);
std::string text_after(const model::SaveContext& context, std::string_view field);
/// The changes name the field with another value than it has (on add: named at all).
bool is_changed(const model::SaveContext& context, std::string_view field);

/// Names of the fields that describe a record's place in its pipeline.
struct PipelineFields {
    int type_id = 0;
    std::string_view stage, semantics, moved_by, moved_at;
    std::string_view pipeline{};  ///< empty: leads have one pipeline
};
PipelineFields deal_pipeline();
PipelineFields lead_pipeline();
PipelineFields dynamic_pipeline(int type_id);

struct StageMove {
    bool moved = false;
    bool is_first = false;  ///< the stage is where records start
    char semantics = 'P';
};

/// Chooses or checks pipeline and stage: the stage must belong to the pipeline, a new pipeline without a stage of it
/// starts over. Sets stage, semantics, moved_by, moved_at. Error: CRM_FIELD_ERROR_VALUE_NOT_VALID.
Result<StageMove> settle_stage(model::SaveContext& context, const PipelineFields& fields);
/// After the save: one row of history when the stage or the pipeline is new.
Status record_stage(model::SaveContext& context, const PipelineFields& fields);

/// Keeps a primary reference (CONTACT_ID) and a list of links (CONTACT_IDS) alike: the primary is the list's first.
Status settle_primary(model::SaveContext& context, std::string_view primary, std::string_view list);
/// OPPORTUNITY and TAX_VALUE come from the product rows, if there are any, unless the amount is entered by hand.
Status settle_amount(model::SaveContext& context, int type_id);
/// The currency must be one of the account's.
Status settle_currency(model::SaveContext& context);
/// "Deal #12" in the account's language when a new record has no title. `word` empty: the entity's own name.
void settle_title(model::SaveContext& context, std::string_view word = {});
void settle_full_name(model::SaveContext& context);
/// LAST_ACTIVITY_TIME and LAST_ACTIVITY_BY of a record something was done with. No event: the record did not change.
Status note_activity(model::Records& records, std::int64_t type_id, RecordId id);
/// HAS_PHONE, HAS_EMAIL; refuses what cannot be a mail address (ERROR_CORE).
Status settle_multifields(model::SaveContext& context);

}  // namespace stoa::crm
