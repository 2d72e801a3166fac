#include "modules/crm/module.hpp"

#include "crm_data.hpp"
#include "modules/crm/hooks.hpp"
#include "modules/crm/methods.hpp"

namespace stoa::crm {

Status register_entities(model::Registry& registry, CrmListener* listener) {
    STOA_CHECK(registry.add_all(data::embedded_files()));
    registry.set_hooks("crm.activity", make_activity_hooks(listener));
    registry.set_hooks("crm.company", make_company_hooks(listener));
    registry.set_hooks("crm.contact", make_contact_hooks(listener));
    registry.set_hooks("crm.deal", make_deal_hooks(listener));
    registry.set_hooks("crm.dynamic", make_dynamic_hooks(listener));
    registry.set_hooks("crm.lead", make_lead_hooks(listener));
    registry.set_hooks("crm.productrow", make_product_row_hooks());
    return {};
}

void add_methods(api::MethodTable& table) {
    add_activity_methods(table);
    add_board_methods(table);
    add_category_methods(table);
    add_currency_methods(table);
    add_duplicate_methods(table);
    add_enum_methods(table);
    add_item_methods(table);
    add_link_methods(table);
    add_product_row_methods(table);
    add_stage_history_methods(table);
    add_status_methods(table);
    add_timeline_entry_methods(table);
    add_timeline_methods(table);
    add_type_methods(table);
    add_user_field_methods(table);
}

}  // namespace stoa::crm
