#pragma once
// The method groups of the module, each with its table at the end of its .cpp. Called once at start.

#include "api/method.hpp"

namespace stoa::crm {

void add_activity_methods(api::MethodTable& table);
void add_board_methods(api::MethodTable& table);
void add_category_methods(api::MethodTable& table);
void add_currency_methods(api::MethodTable& table);
void add_duplicate_methods(api::MethodTable& table);
void add_enum_methods(api::MethodTable& table);
void add_item_methods(api::MethodTable& table);
void add_link_methods(api::MethodTable& table);
void add_product_row_methods(api::MethodTable& table);
void add_stage_history_methods(api::MethodTable& table);
void add_status_methods(api::MethodTable& table);
void add_timeline_entry_methods(api::MethodTable& table);
void add_timeline_methods(api::MethodTable& table);
void add_type_methods(api::MethodTable& table);
void add_user_field_methods(api::MethodTable& table);

}  // namespace stoa::crm
