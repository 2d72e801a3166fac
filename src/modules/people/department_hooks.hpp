#pragma once
// What is special about writing departments: one root, no circles, no orphans.

#include "model/hooks.hpp"

namespace stoa::people {

class DepartmentHooks final : public model::EntityHooks {
  public:
    Status before_save(model::SaveContext& context) override;
    /// Children and users move up to the parent. The root cannot be removed while it has children.
    Status before_remove(model::RemoveContext& context) override;
};

}  // namespace stoa::people
