// What is special about saving and removing items of smart processes.

#include "modules/crm/cleanup.hpp"
#include "modules/crm/hooks.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/save_news.hpp"
#include "modules/crm/save_steps.hpp"

namespace stoa::crm {

using model::SaveContext;

namespace {

class DynamicHooks : public model::EntityHooks {
  public:
    explicit DynamicHooks(CrmListener* listener) : listener_(listener) {}

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
        const int type_id = context.entity.type_id;
        const PipelineFields fields = dynamic_pipeline(type_id);
        STOA_CHECK(record_stage(context, fields));
        return tell_of_save(context, type_id, &fields, listener_);
    }
    Status after_remove(model::RemoveContext& context) override {
        const int type_id = context.entity.type_id;
        STOA_CHECK(remove_dependents(context, type_id));
        return tell_of_removal(context, type_id, listener_);
    }

  private:
    CrmListener* listener_;
};

}  // namespace

std::unique_ptr<model::EntityHooks> make_dynamic_hooks(CrmListener* listener) {
    return std::make_unique<DynamicHooks>(listener);
}

}  // namespace stoa::crm
