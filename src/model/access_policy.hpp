#pragma once
// The question the write and read paths ask before touching rows; src/access answers it (the only place that decides).

#include "db/condition.hpp"
#include "model/actor.hpp"
#include "model/entity.hpp"

namespace stoa::model {

enum class Operation : std::uint8_t { read, add, update, remove };

class AccessPolicy {
  public:
    virtual ~AccessPolicy() = default;
    /// The rows of the entity that the actor may treat so: always, never, or a condition on the entity's table.
    /// For add: always or never, or a condition that is checked against the new row after it is written.
    virtual db::Condition rows(const Actor& actor, const Entity& entity, Operation operation) const = 0;
};

}  // namespace stoa::model
