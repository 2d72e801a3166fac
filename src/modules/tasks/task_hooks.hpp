#pragma once
// What is special about writing a task and the rows that belong to it. Used inside write transactions.

#include <memory>

#include "model/hooks.hpp"
#include "modules/tasks/listener.hpp"

namespace stoa::tasks {

/// Status dates, participants that exist, plan dates in order; removal takes the task's rows with it. The listener may
/// be null.
std::unique_ptr<model::EntityHooks> make_task_hooks(TaskListener* listener);
/// Author's name and mail, the task's comment counter.
std::unique_ptr<model::EntityHooks> make_comment_hooks(TaskListener* listener);
/// Who ticked an item, and when.
std::unique_ptr<model::EntityHooks> make_checklist_hooks();
/// Minutes, and the task's sum of spent time.
std::unique_ptr<model::EntityHooks> make_elapsed_hooks();

}  // namespace stoa::tasks
