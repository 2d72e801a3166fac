#pragma once
// Entity data (JSON, format in README.md) → Entity. Pure function; errors name the entity and the key at fault.

#include <string_view>

#include "base/result.hpp"
#include "model/entity.hpp"

namespace stoa::model {

Result<Entity> parse_entity(std::string_view json);

}  // namespace stoa::model
