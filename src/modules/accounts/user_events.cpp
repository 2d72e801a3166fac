#include "modules/accounts/user_events.hpp"

#include "modules/accounts/audit.hpp"
#include "modules/accounts/logins.hpp"

namespace stoa::accounts {

Status on_user_saved(model::Records& records, Revocations& revocations, const UserState& user) {
    db::WriteTx& tx = records.write_tx();
    if (user.login_changed) {
        STOA_CHECK(put_login(tx, user.id, user.email, user.active, records.services().clock.now()));
        if (!user.active) STOA_CHECK(revoke_access(tx, user.id));
    }
    if (!user.added && (user.login_changed || user.rights_changed)) revocations.revoke_on_commit(tx);
    if (!user.added && !user.login_changed && !user.rights_changed) return {};
    const AuditEntry entry{.type = user.added ? "USER_ADD" : "USER_EDIT",
                           .item = std::to_string(user.id),
                           .user = records.actor().user,
                           .description_json = user.active ? R"({"active":true})" : R"({"active":false})"};
    return write_audit(records, entry);
}

Status on_user_removed(model::Records& records, Revocations& revocations, UserId user) {
    STOA_CHECK(remove_credentials(records.write_tx(), user));
    revocations.revoke_on_commit(records.write_tx());
    const AuditEntry entry{.type = "USER_DELETE", .item = std::to_string(user), .user = records.actor().user};
    return write_audit(records, entry);
}

}  // namespace stoa::accounts
