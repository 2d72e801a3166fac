#pragma once
// The hook classes of the module, made once at start (register_entities). See model/hooks.hpp for when they run.
// The listener may be null.

#include <memory>

#include "model/hooks.hpp"
#include "modules/crm/listener.hpp"

namespace stoa::crm {

std::unique_ptr<model::EntityHooks> make_activity_hooks(CrmListener* listener);
std::unique_ptr<model::EntityHooks> make_company_hooks(CrmListener* listener);
std::unique_ptr<model::EntityHooks> make_contact_hooks(CrmListener* listener);
std::unique_ptr<model::EntityHooks> make_deal_hooks(CrmListener* listener);
std::unique_ptr<model::EntityHooks> make_dynamic_hooks(CrmListener* listener);
std::unique_ptr<model::EntityHooks> make_lead_hooks(CrmListener* listener);
std::unique_ptr<model::EntityHooks> make_product_row_hooks();

}  // namespace stoa::crm
