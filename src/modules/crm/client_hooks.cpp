// What is special about saving and removing contacts and companies.

#include "modules/crm/cleanup.hpp"
#include "modules/crm/hooks.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/save_news.hpp"
#include "modules/crm/save_steps.hpp"

namespace stoa::crm {

using model::SaveContext;

namespace {

class ContactHooks : public model::EntityHooks {
  public:
    explicit ContactHooks(CrmListener* listener) : listener_(listener) {}

    Status before_save(SaveContext& context) override {
        settle_full_name(context);
        STOA_CHECK(settle_multifields(context));
        return settle_primary(context, "COMPANY_ID", "COMPANY_IDS");
    }
    Status after_save(SaveContext& context) override { return tell_of_save(context, kContact, nullptr, listener_); }
    Status after_remove(model::RemoveContext& context) override {
        STOA_CHECK(unlink_everywhere(context, "crm.contact"));
        STOA_CHECK(remove_dependents(context, kContact));
        return tell_of_removal(context, kContact, listener_);
    }

  private:
    CrmListener* listener_;
};

class CompanyHooks : public model::EntityHooks {
  public:
    explicit CompanyHooks(CrmListener* listener) : listener_(listener) {}

    Status before_save(SaveContext& context) override {
        settle_title(context);
        STOA_CHECK(settle_multifields(context));
        return settle_currency(context);
    }
    Status after_save(SaveContext& context) override { return tell_of_save(context, kCompany, nullptr, listener_); }
    Status after_remove(model::RemoveContext& context) override {
        STOA_CHECK(unlink_everywhere(context, "crm.company"));
        STOA_CHECK(remove_dependents(context, kCompany));
        return tell_of_removal(context, kCompany, listener_);
    }

  private:
    CrmListener* listener_;
};

}  // namespace

std::unique_ptr<model::EntityHooks> make_contact_hooks(CrmListener* listener) {
    return std::make_unique<ContactHooks>(listener);
}
std::unique_ptr<model::EntityHooks> make_company_hooks(CrmListener* listener) {
    return std::make_unique<CompanyHooks>(listener);
}

}  // namespace stoa::crm
