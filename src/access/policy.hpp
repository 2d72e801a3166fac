#pragma once
// RolePolicy: who may do what, from a table of role × section × operation. Deny by default: an entity without a
// section, a role without a rule, an actor without a user all get nothing. Immutable, any thread.

#include <memory>

#include "model/access_policy.hpp"

namespace stoa::access {

/// How far a permission reaches.
enum class Reach : std::uint8_t {
    none,
    own,         ///< rows whose owner_field or member_fields name the actor
    department,  ///< own, or owned by somebody of the actor's departments
    all,
};

class RolePolicy : public model::AccessPolicy {
  public:
    RolePolicy();
    ~RolePolicy() override;
    db::Condition rows(const model::Actor& actor, const model::Entity& entity,
                       model::Operation operation) const override;

  private:
    struct Table;
    std::unique_ptr<Table> table_;
};

}  // namespace stoa::access
