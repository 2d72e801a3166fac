#pragma once
// The hook classes of the module, made once at start (register_entities). See model/hooks.hpp for when they run.

#include <memory>

#include "model/hooks.hpp"

namespace stoa::crm {

std::unique_ptr<model::EntityHooks> make_activity_hooks();
std::unique_ptr<model::EntityHooks> make_company_hooks();
std::unique_ptr<model::EntityHooks> make_contact_hooks();
std::unique_ptr<model::EntityHooks> make_deal_hooks();
std::unique_ptr<model::EntityHooks> make_dynamic_hooks();
std::unique_ptr<model::EntityHooks> make_lead_hooks();
std::unique_ptr<model::EntityHooks> make_product_row_hooks();

}  // namespace stoa::crm
