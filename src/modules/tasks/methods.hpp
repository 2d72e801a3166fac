#pragma once
// The method tables of this module, one per file.

#include "api/method.hpp"

namespace stoa::tasks {

std::vector<api::Method> task_methods();
std::vector<api::Method> checklist_methods();
std::vector<api::Method> comment_methods();
std::vector<api::Method> elapsed_methods();

}  // namespace stoa::tasks
