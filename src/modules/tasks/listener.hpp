#pragma once
// How whoever tells people of things learns what happens in tasks, without the tasks knowing him: wired by app.
// Called inside the write transaction, on its thread; an error refuses the write.

#include "model/records.hpp"
#include "modules/tasks/task_people.hpp"

namespace stoa::tasks {

struct TaskChange {
    const model::Record& task;    ///< as it is after the change
    const model::Record* before;  ///< nullptr: it is new
    TaskPeople people, people_before;
};

class TaskListener {
  public:
    virtual ~TaskListener() = default;
    virtual Status task_saved(model::Records& records, const TaskChange& change) = 0;
    /// It and everything about it is gone.
    virtual Status task_removed(model::Records& records, RecordId task) = 0;
    virtual Status comment_added(model::Records& records, const model::Record& task, const TaskPeople& people,
                                 const model::Record& comment) = 0;
};

}  // namespace stoa::tasks
