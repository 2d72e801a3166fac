#pragma once
// People: users, departments, the company structure. Called once at start.

#include "api/method.hpp"
#include "model/registry.hpp"
#include "modules/people/user_listener.hpp"

namespace stoa::people {

/// `listener` (may be null) lives as long as the registry.
Status register_entities(model::Registry& registry, UserListener* listener = nullptr);
void add_methods(api::MethodTable& table);

}  // namespace stoa::people
