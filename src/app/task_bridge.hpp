#pragma once
// Tells people of what happens in their tasks: notifications, and entries of the stream for the participants, so that
// the modules need not know each other.

#include "app/access_bridge.hpp"
#include "modules/tasks/listener.hpp"

namespace stoa::app {

class TaskBridge final : public tasks::TaskListener {
  public:
    /// Participants, with the creator, from whom on a new task stands in the stream.
    static constexpr std::size_t kManyPeople = 4;

    explicit TaskBridge(const AccessBridge& access) : access_(access) {}
    /// One notification per person and change: that he got the task before that he takes part in it, before its status,
    /// before its deadline.
    Status task_saved(model::Records& records, const tasks::TaskChange& change) override;
    Status task_removed(model::Records& records, RecordId task) override;
    /// Whoever is mentioned is told when he may see the task.
    Status comment_added(model::Records& records, const model::Record& task, const tasks::TaskPeople& people,
                         const model::Record& comment) override;

  private:
    const AccessBridge& access_;
};

}  // namespace stoa::app
