#pragma once
// Parameters of the universal list methods: unknown fields are refused with the documented texts, and names in the
// classic spelling (ID, >DATE_CREATE) are understood beside item names. Pure functions, any thread.
// https://github.com/bitrix24/b24restdocs api-reference/crm/universal/crm-item-list.md (error codes)

#include "base/result.hpp"
#include "json/value.hpp"
#include "model/filter.hpp"

namespace stoa::crm {

/// The parameters with filter, order and select in the names the engine expects. Error: INVALID_ARG_VALUE.
Result<json::Value> normalise_list_params(const model::Entity& entity, const model::UserFieldSet* user_fields,
                                          model::Names names, const json::Value& params);

}  // namespace stoa::crm
