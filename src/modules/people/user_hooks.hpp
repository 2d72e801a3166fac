#pragma once
// What is special about writing users: a valid e-mail, existing departments, never without an administrator.

#include "model/hooks.hpp"
#include "modules/people/user_listener.hpp"

namespace stoa::people {

class UserHooks final : public model::EntityHooks {
  public:
    explicit UserHooks(UserListener* listener) : listener_(listener) {}
    Status before_save(model::SaveContext& context) override;
    Status after_save(model::SaveContext& context) override;
    Status before_remove(model::RemoveContext& context) override;
    Status after_remove(model::RemoveContext& context) override;

  private:
    UserListener* listener_;
};

/// Something before and after one @, a dot-free host is fine (intranets), no blanks or control characters.
bool is_email(std::string_view text);

}  // namespace stoa::people
