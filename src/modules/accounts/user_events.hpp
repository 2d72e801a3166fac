#pragma once
// What a change of a user means for logins, sessions, webhooks and the event log. Called inside the write transaction
// by whoever is told of user changes (wired by app).

#include <string_view>

#include "model/records.hpp"
#include "modules/accounts/revocations.hpp"

namespace stoa::accounts {

struct UserState {
    UserId id = 0;
    bool added = false;
    std::string_view email;
    bool active = true;
    bool login_changed = false;   ///< e-mail or active
    bool rights_changed = false;  ///< role or departments
};

Status on_user_saved(model::Records& records, Revocations& revocations, const UserState& user);
Status on_user_removed(model::Records& records, Revocations& revocations, UserId user);

}  // namespace stoa::accounts
