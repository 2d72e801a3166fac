#pragma once
// Filters of user.get and user.search → condition. Pure functions over a call.
// Both take FILTER (or filter) and top-level keys; unknown keys are ignored, as the documentation shows.

#include "api/call.hpp"

namespace stoa::people {

Result<db::Condition> user_get_filter(api::Call& call, const model::Entity& users);
/// Adds FIND and UF_DEPARTMENT_NAME; names match by their beginning.
Result<db::Condition> user_search_filter(api::Call& call, const model::Entity& users);

/// Whoever did something within this time is online.
inline constexpr std::int64_t kOnlineSeconds = 15 * 60;

}  // namespace stoa::people
