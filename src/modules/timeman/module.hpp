#pragma once
// Work time: workdays of employees and the rules they are measured by. Called once at start.

#include "api/method.hpp"
#include "model/registry.hpp"

namespace stoa::timeman {

Status register_entities(model::Registry& registry);
void add_methods(api::MethodTable& table);

}  // namespace stoa::timeman
