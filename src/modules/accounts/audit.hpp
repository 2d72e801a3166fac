#pragma once
// The event log (main.eventlog): who did what to accounts, logins, webhooks and applications.
// Written inside the transaction of what it tells of, so neither exists without the other.

#include <string>
#include <string_view>

#include "model/records.hpp"
#include "modules/accounts/services.hpp"
#include "modules/accounts/sessions.hpp"

namespace stoa::accounts {

struct AuditEntry {
    std::string_view type;  ///< USER_AUTHORIZE, USER_LOGOUT, USER_LOGIN_FAILED, USER_EDIT, WEBHOOK_ADD, …
    std::string item;       ///< id of what it is about
    UserId user = 0;        ///< who did it; 0 = nobody or the program
    std::string description_json{};
    std::string_view severity = "SECURITY";
};

Status write_audit(const Services& services, db::WriteTx& tx, const AuditEntry& entry, const Client& client = {});
/// The same where Records are at hand (hooks).
Status write_audit(model::Records& records, const AuditEntry& entry, const Client& client = {});

}  // namespace stoa::accounts
