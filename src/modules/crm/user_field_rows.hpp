#pragma once
// Definitions of user fields as rows of the entity "user_field": names, labels, choices, settings, and how REST shows
// them. https://github.com/bitrix24/b24restdocs api-reference/crm/deals/user-defined-fields/

#include <string>

#include "api/call.hpp"
#include "model/record.hpp"

namespace stoa::crm {

/// "MANAGER_NOTE" or "UF_MANAGER_NOTE" → "UF_CRM_MANAGER_NOTE". Errors: ERROR_CORE with the documented texts.
Result<std::string> full_field_name(std::string_view given);

/// Completes `changes` from the client's fields. On update `before` holds what stays as it is.
/// Takes ids for new list items, so it needs a write. Errors: ERROR_CORE.
Status read_definition(api::Call& call, const json::Value& fields, const model::Record* before,
                       model::Changes& changes);

/// One definition. `language` empty: labels as maps; "-" : no labels (a list without LANG); else texts in it.
void write_definition(json::Writer& out, const model::Record& row, std::string_view language);

inline constexpr std::string_view kNoLabels = "-";

}  // namespace stoa::crm
