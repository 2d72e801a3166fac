#pragma once
// Making an account: the row, dictionaries, the top department, the first administrator, and the credentials that let
// them in. One transaction. Blocks.

#include <string>
#include <vector>

#include "app/portal.hpp"
#include "modules/accounts/directory.hpp"

namespace stoa::app {

struct AccountRequest {
    accounts::NewAccount account;
    std::string email, first_name, last_name;
    std::string redirect_uri;      ///< of the first OAuth application; empty = the portal itself
    std::string password_hash;     ///< empty = the administrator chooses a password through the link
    bool with_credentials = true;  ///< a webhook and an OAuth application for the administrator
    accounts::Receipt receipt{};   ///< the same request makes one account only; not for secrets of the two above
};

struct CreatedAccount {
    AccountId id = 0;
    UserId admin = 0;
    std::string url;
    std::string admin_link;   ///< empty when a password was given
    std::string webhook_url;  ///< these three: empty without credentials
    std::string client_id, client_secret;
};

/// Two writes, each of which a repetition finds done: the id is reserved under a receipt of account 0, and so names the
/// account whose own receipt tells that it was made. Errors carry the field: name, url, language, currency, timeZone,
/// EMAIL.
Result<CreatedAccount> create_account(Portal& portal, const AccountRequest& request);

}  // namespace stoa::app
