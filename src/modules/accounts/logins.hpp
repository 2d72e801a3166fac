#pragma once
// Logins: e-mail and password of each user. Functions over a transaction; used on its thread.
// A login is the e-mail in lower case: unique within an account, not across accounts.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/database.hpp"

namespace stoa::accounts {

inline constexpr std::size_t kPasswordCharactersMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 1024;

struct Login {
    AccountId account = 0;
    UserId user = 0;
    std::string password_hash;  ///< empty: no password yet
    bool active = true;
};

/// Keeps the login in step with the user's e-mail and state. Errors: already_exists when somebody else has it.
Status put_login(db::WriteTx& tx, UserId user, std::string_view email, bool active, UnixSeconds now);
/// The hash comes from stoa::hash_password on a worker thread.
Status set_password_hash(db::WriteTx& tx, UserId user, std::string hash, UnixSeconds now);
/// Removes the login and everything that lets the user in: sessions, webhooks, tokens, links.
Status remove_credentials(db::WriteTx& tx, UserId user);
/// The same without the login itself, for a dismissed user.
Status revoke_access(db::WriteTx& tx, UserId user);

Result<std::optional<Login>> load_login(db::Tx& tx, UserId user);
/// Active logins of that e-mail in any account, at most 20.
Result<std::vector<Login>> find_logins(db::Database& database, std::string_view email);

/// Errors: invalid_argument with field "password".
Status check_password(std::string_view password);

}  // namespace stoa::accounts
