#include "app/user_bridge.hpp"

#include "modules/accounts/user_events.hpp"

namespace stoa::app {

Status UserBridge::user_saved(model::Records& records, const people::UserChange& change) {
    accounts::UserState state;
    state.id = change.id;
    state.added = change.added;
    state.email = change.email;
    state.active = change.active;
    state.login_changed = change.email_changed || change.active_changed;
    state.rights_changed = change.rights_changed;
    return accounts::on_user_saved(records, revocations_, state);
}

Status UserBridge::user_removed(model::Records& records, UserId user) {
    return accounts::on_user_removed(records, revocations_, user);
}

}  // namespace stoa::app
