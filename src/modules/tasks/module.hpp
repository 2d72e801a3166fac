#pragma once
// Tasks: tasks, checklists, comments, time entries. Called once at start.

#include "api/method.hpp"
#include "model/registry.hpp"

namespace stoa::tasks {

Status register_entities(model::Registry& registry);
void add_methods(api::MethodTable& table);

}  // namespace stoa::tasks
