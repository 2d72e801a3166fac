#pragma once
// What task answers hold besides the task's own fields: short cards of people, the checklist, allowed actions.
// Used on the thread of one call.

#include <map>
#include <set>

#include "api/call.hpp"
#include "api/shape.hpp"

namespace stoa::tasks {

/// Cards of users by id: {"id","name","link","icon","workPosition"}, loaded with one query.
class PeopleCards {
  public:
    Status load(model::Records& records, const std::set<UserId>& users);
    void write(json::Writer& out, UserId user) const;  ///< [] for nobody, as PHP clients expect

  private:
    std::map<UserId, std::string> cards_;
};

/// Whether the answer shows the field: no select, "*", or named in either spelling.
bool shows(const api::Call& call, const model::Field& field);

/// tasks.task.get / add / update answers: {"task": {…}}.
Status write_task(api::Call& call, RecordId id);

}  // namespace stoa::tasks
