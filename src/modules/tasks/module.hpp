#pragma once
// Tasks: tasks, checklists, comments, time entries. Called once at start.

#include "api/method.hpp"
#include "model/registry.hpp"
#include "modules/tasks/listener.hpp"

namespace stoa::tasks {

/// The listener, if any, lives as long as the program.
Status register_entities(model::Registry& registry, TaskListener* listener = nullptr);
void add_methods(api::MethodTable& table);

}  // namespace stoa::tasks
