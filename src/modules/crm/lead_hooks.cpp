// What is special about saving and removing leads.

#include "modules/crm/cleanup.hpp"
#include "modules/crm/hooks.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/save_news.hpp"
#include "modules/crm/save_steps.hpp"

namespace stoa::crm {

using model::SaveContext;

namespace {

class LeadHooks : public model::EntityHooks {
  public:
    explicit LeadHooks(CrmListener* listener) : listener_(listener) {}

    Status before_save(SaveContext& context) override {
        STOA_TRY(const StageMove move, settle_stage(context, lead_pipeline()));
        if (move.moved) {
            const bool closed = move.semantics != 'P';
            context.changes.set("DATE_CLOSED",
                                closed ? db::Value(context.records.services().clock.now()) : db::Value());
        }
        settle_title(context);
        settle_full_name(context);
        STOA_CHECK(settle_multifields(context));
        STOA_CHECK(settle_primary(context, "CONTACT_ID", "CONTACT_IDS"));
        STOA_CHECK(settle_currency(context));
        return settle_amount(context, kLead);
    }
    Status after_save(SaveContext& context) override {
        const PipelineFields fields = lead_pipeline();
        STOA_CHECK(record_stage(context, fields));
        return tell_of_save(context, kLead, &fields, listener_);
    }
    Status after_remove(model::RemoveContext& context) override {
        STOA_CHECK(unlink_everywhere(context, "crm.lead"));
        STOA_CHECK(remove_dependents(context, kLead));
        return tell_of_removal(context, kLead, listener_);
    }

  private:
    CrmListener* listener_;
};

}  // namespace

std::unique_ptr<model::EntityHooks> make_lead_hooks(CrmListener* listener) {
    return std::make_unique<LeadHooks>(listener);
}

}  // namespace stoa::crm
