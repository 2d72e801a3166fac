#pragma once
// The kinds of CRM records: entityTypeId, symbolic code ("DEAL"), short code ("D"). Pure functions, any thread.
// https://github.com/bitrix24/b24restdocs api-reference/crm/data-types.md#object_type

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/records.hpp"

namespace stoa::crm {

inline constexpr int kLead = 1;
inline constexpr int kDeal = 2;
inline constexpr int kContact = 3;
inline constexpr int kCompany = 4;
inline constexpr int kDynamicFirst = 128;

bool is_dynamic(int type_id);

std::string type_code(int type_id);        ///< "DEAL", "DYNAMIC_130"; empty for unknown kinds
std::string short_type_code(int type_id);  ///< "D", "T82" (hexadecimal); empty for unknown kinds
/// Either code in any case, or the number itself; 0 for unknown ones.
int parse_type_code(std::string_view code);

/// Built-in or dynamic entity with a CRM type id. Error: NOT_FOUND, as the universal methods answer.
Result<const model::Entity*> entity_of_type(const model::Records& records, std::int64_t type_id);

}  // namespace stoa::crm
