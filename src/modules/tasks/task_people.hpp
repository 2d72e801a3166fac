#pragma once
// Who takes part in a task. Plain values; read on the transaction's thread.

#include <vector>

#include "model/records.hpp"

namespace stoa::tasks {

struct TaskPeople {
    UserId creator = 0;
    UserId responsible = 0;
    std::vector<UserId> accomplices, auditors;

    /// Each once, creator and responsible first; at most limits::task_people_told_max.
    std::vector<UserId> all() const;
};

/// As they are stored at this moment.
Result<TaskPeople> people_of(model::Records& records, const model::Record& task);

}  // namespace stoa::tasks
