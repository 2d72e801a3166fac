// What is special about saving and removing contacts and companies.

#include "modules/crm/cleanup.hpp"
#include "modules/crm/hooks.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/save_steps.hpp"

namespace stoa::crm {

using model::SaveContext;

namespace {

class ContactHooks : public model::EntityHooks {
  public:
    Status before_save(SaveContext& context) override {
        settle_full_name(context);
        STOA_CHECK(settle_multifields(context));
        return settle_primary(context, "COMPANY_ID", "COMPANY_IDS");
    }
    Status after_remove(model::RemoveContext& context) override {
        STOA_CHECK(unlink_everywhere(context, "crm.contact"));
        return remove_dependents(context, kContact);
    }
};

class CompanyHooks : public model::EntityHooks {
  public:
    Status before_save(SaveContext& context) override {
        settle_title(context);
        STOA_CHECK(settle_multifields(context));
        return settle_currency(context);
    }
    Status after_remove(model::RemoveContext& context) override {
        STOA_CHECK(unlink_everywhere(context, "crm.company"));
        return remove_dependents(context, kCompany);
    }
};

}  // namespace

std::unique_ptr<model::EntityHooks> make_contact_hooks() {
    return std::make_unique<ContactHooks>();
}
std::unique_ptr<model::EntityHooks> make_company_hooks() {
    return std::make_unique<CompanyHooks>();
}

}  // namespace stoa::crm
