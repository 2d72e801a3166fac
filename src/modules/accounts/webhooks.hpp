#pragma once
// Incoming webhooks: /rest/{user}/{code}/. The code is shown once and kept as a hash.
// Functions over a transaction; used on its thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/database.hpp"

namespace stoa::accounts {

inline constexpr std::int64_t kWebhooksPerUserMax = 200;

struct Webhook {
    AccountId account = 0;
    std::int64_t id = 0;
    UserId user = 0;
    std::string title;
    std::string scopes;  ///< "crm,task" or "*"
    UnixSeconds created_at = 0;
    UnixSeconds used_at = 0;  ///< 0 = never
};

/// The code is made by the caller (new_secret()), because a write may be run again. Returns the webhook's id.
Result<std::int64_t> insert_webhook(db::WriteTx& tx, std::string_view code, UserId user, std::string_view title,
                                    const std::vector<std::string>& scopes, UnixSeconds now);
/// user 0 = of anybody. Errors: not_found.
Status remove_webhook(db::WriteTx& tx, std::int64_t id, UserId user);
Result<std::vector<Webhook>> list_webhooks(db::Tx& tx, UserId user);
Result<std::optional<Webhook>> find_webhook(db::Database& database, std::string_view code);

/// Empty, "all" or "*" → "*". Errors: invalid_argument with field "scopes".
Result<std::string> join_scopes(const std::vector<std::string>& scopes);
std::vector<std::string> split_scopes(std::string_view scopes);
/// The scopes that an administrator can grant, sorted.
const std::vector<std::string>& known_scopes();

}  // namespace stoa::accounts
