#pragma once
// RolePolicy: who may do what, from a table of role × section × operation. Deny by default: an entity without a
// section, a role without a rule, an actor without a user all get nothing. Immutable, any thread.

#include "model/access_policy.hpp"
#include "model/registry.hpp"

namespace stoa::access {

/// How far a permission reaches.
enum class Reach : std::uint8_t {
    none,
    own,         ///< rows whose owner_field or member_fields name the actor
    department,  ///< own, or owned by somebody of the actor's departments
    shared,      ///< own, or without an owner: the company's
    all,
};

class RolePolicy : public model::AccessPolicy {
  public:
    /// The registry resolves parents: rows of an entity with a parent are those whose parent may be read.
    explicit RolePolicy(const model::Registry& registry);
    db::Condition rows(const model::Actor& actor, const model::Entity& entity,
                       model::Operation operation) const override;

  private:
    db::Condition by_rule(const model::Actor& actor, const model::Entity& entity, model::Operation operation) const;

    const model::Registry& registry_;
};

}  // namespace stoa::access
