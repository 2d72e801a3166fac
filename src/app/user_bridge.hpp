#pragma once
// Tells accounts what happens to users, so that the two modules need not know each other.

#include "modules/accounts/revocations.hpp"
#include "modules/people/user_listener.hpp"

namespace stoa::app {

class UserBridge final : public people::UserListener {
  public:
    explicit UserBridge(accounts::Revocations& revocations) : revocations_(revocations) {}
    Status user_saved(model::Records& records, const people::UserChange& change) override;
    Status user_removed(model::Records& records, UserId user) override;

  private:
    accounts::Revocations& revocations_;
};

}  // namespace stoa::app
