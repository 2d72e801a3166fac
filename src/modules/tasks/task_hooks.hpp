#pragma once
// What is special about writing a task and the rows that belong to it. Used inside write transactions.

#include <memory>

#include "model/hooks.hpp"

namespace stoa::tasks {

/// Status dates, participants that exist, plan dates in order; removal takes the task's rows with it.
std::unique_ptr<model::EntityHooks> make_task_hooks();
/// Author's name and mail, the task's comment counter.
std::unique_ptr<model::EntityHooks> make_comment_hooks();
/// Who ticked an item, and when.
std::unique_ptr<model::EntityHooks> make_checklist_hooks();
/// Minutes, and the task's sum of spent time.
std::unique_ptr<model::EntityHooks> make_elapsed_hooks();

}  // namespace stoa::tasks
