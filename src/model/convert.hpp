#pragma once
// Client values → storage form. Pure functions, any thread. Errors name the field.

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time_format.hpp"
#include "db/value.hpp"
#include "json/value.hpp"
#include "model/field.hpp"
#include "model/user_field.hpp"

namespace stoa::model {

/// A scalar for a stored field. null and "" become NULL (or 0 for boolean). Lenient as REST is: numeric strings,
/// Y/N, dates in several forms; but wrong values are refused, never guessed.
Result<db::Value> to_storage(const Field& field, const json::Value& value, const TimeZone& zone);

/// A user field's value (scalar or, when multiple, a list) in the form kept in the JSON column.
Result<json::Value> to_user_field_storage(const UserField& field, const json::Value& value, const TimeZone& zone);

}  // namespace stoa::model
