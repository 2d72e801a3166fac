#pragma once
// Facts about field types that more than one file of model and api needs. Pure functions, any thread.

#include <optional>
#include <string_view>

#include "model/field.hpp"

namespace stoa::model {

std::optional<FieldType> parse_field_type(std::string_view name);

/// Kept as a 64-bit integer in its column (the others but real are text).
bool is_integer_stored(FieldType type);

}  // namespace stoa::model
