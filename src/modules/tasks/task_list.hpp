#pragma once
// tasks.task.list: the filter names of tasks that are no fields (REAL_STATUS, ACCOMPLICE, TAG, overdue, …) become
// ordinary conditions. Pure functions over one call's parameters.

#include "api/call.hpp"

namespace stoa::tasks {

Status list_tasks(api::Call& call);

}  // namespace stoa::tasks
