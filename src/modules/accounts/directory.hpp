#pragma once
// Directory: the accounts of this store. Functions over a transaction; used on its thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/database.hpp"
#include "modules/accounts/receipt.hpp"

namespace stoa::accounts {

struct NewAccount {
    std::string name;
    std::string url;  ///< "https://host[:port]"
    std::string language = "en";
    std::string currency = "EUR";
    std::string time_zone = "UTC";
    bool demo = false;
};

struct Account {
    AccountId id = 0;
    std::string name, url, member_id, language, currency, time_zone, status;
    bool demo = false;
    bool first_run = false;  ///< the first administrator has not finished setting up
    UnixSeconds created_at = 0;
};

struct AccountChanges {
    std::optional<std::string> name, currency, time_zone, language;
    std::optional<bool> demo, first_run;
};

/// The next account id of the store; gaps are fine. A request that has a receipt gets the id that it got before:
/// account 0 keeps that receipt, as the new account cannot. Blocks.
Result<AccountId> reserve_account_id(db::Database& database, const Receipt& receipt = {});
/// Errors: invalid_argument with the field (name, url, language, currency, timeZone).
Status check_account(const NewAccount& account);
Status insert_account(db::WriteTx& tx, const NewAccount& account, UnixSeconds now);
Status update_account(db::WriteTx& tx, const AccountChanges& changes);
/// The transaction's account; not_found when there is none.
Result<Account> load_account(db::Tx& tx);
/// In a read of its own. Blocks.
Result<Account> load_account(db::Database& database, AccountId account);
/// Whether the store in which accounts are made answers. Blocks.
Status check_directory(db::Database& database);
/// Page of at most `limit` accounts with greater ids, by id.
Result<std::vector<Account>> list_accounts(db::Database& database, AccountId after, std::int64_t limit);

/// "https://Portal.example:8443/x" → "portal.example:8443"; empty when it is no http(s) URL.
std::string host_of_url(std::string_view url);

}  // namespace stoa::accounts
