// What is special about saving and removing items of smart processes.

#include "modules/crm/cleanup.hpp"
#include "modules/crm/hooks.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/save_steps.hpp"

namespace stoa::crm {

using model::SaveContext;

namespace {

class DynamicHooks : public model::EntityHooks {
  public:
    Status before_save(SaveContext& context) override {
        const int type_id = context.entity.type_id;
        const std::string old_stage = context.before ? context.before->text("STAGE_ID") : std::string();
        STOA_TRY(const StageMove move, settle_stage(context, dynamic_pipeline(type_id)));
        if (move.moved && context.before) context.changes.set("PREVIOUS_STAGE_ID", old_stage);
        settle_title(context);
        STOA_CHECK(settle_primary(context, "CONTACT_ID", "CONTACT_IDS"));
        STOA_CHECK(settle_currency(context));
        return settle_amount(context, type_id);
    }
    Status after_save(SaveContext& context) override {
        return record_stage(context, dynamic_pipeline(context.entity.type_id));
    }
    Status after_remove(model::RemoveContext& context) override {
        return remove_dependents(context, context.entity.type_id);
    }
};

}  // namespace

std::unique_ptr<model::EntityHooks> make_dynamic_hooks() {
    return std::make_unique<DynamicHooks>();
}

}  // namespace stoa::crm
