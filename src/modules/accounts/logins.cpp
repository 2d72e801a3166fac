#include "modules/accounts/logins.hpp"

#include <algorithm>
#include <array>

#include "base/utf8.hpp"

namespace stoa::accounts {

namespace {

constexpr std::int64_t kLoginsMax = 20;

db::Condition of_user(UserId user) {
    return db::Condition::equals("user_id", user);
}

}  // namespace

Status put_login(db::WriteTx& tx, UserId user, std::string_view email, bool active, UnixSeconds now) {
    const std::vector<std::string> key = {"account_id", "user_id"};
    const std::string login = to_lower_ascii(email);
    bool taken = false;
    const db::Select select{.table = "logins",
                            .columns = {{"user_id", ""}},
                            .where = db::Condition::equals("login", login),
                            .order = {},
                            .limit = 1};
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        taken = row.integer(0) != user;
        return false;
    }));
    if (taken) return Error{Errc::already_exists, "A user with this email already exists", "EMAIL", "ERROR_ARGUMENT"};
    STOA_TRY(const auto known, load_login(tx, user));
    const std::vector<db::Assignment> changes = {
        {"login", login}, {"active", std::int64_t{active}}, {"changed_at", now}};
    if (known) {
        STOA_TRY(const std::int64_t changed, tx.update("logins", changes, of_user(user)));
        (void)changed;
        return {};
    }
    std::vector<db::Assignment> row = changes;
    row.push_back({"user_id", user});
    return tx.insert("logins", row);
}

Status set_password_hash(db::WriteTx& tx, UserId user, std::string hash, UnixSeconds now) {
    const std::vector<db::Assignment> changes = {{"password_hash", std::move(hash)}, {"changed_at", now}};
    STOA_TRY(const std::int64_t changed, tx.update("logins", changes, of_user(user)));
    if (changed == 0) return not_found("The user has no e-mail to log in with.");
    return {};
}

Status revoke_access(db::WriteTx& tx, UserId user) {
    for (const char* table : {"sessions", "webhooks", "oauth_tokens", "oauth_codes", "one_time_links"}) {
        STOA_TRY(const std::int64_t removed, tx.remove(table, of_user(user)));
        (void)removed;
    }
    return {};
}

Status remove_credentials(db::WriteTx& tx, UserId user) {
    STOA_CHECK(revoke_access(tx, user));
    STOA_TRY(const std::int64_t removed, tx.remove("logins", of_user(user)));
    (void)removed;
    return {};
}

Result<std::optional<Login>> load_login(db::Tx& tx, UserId user) {
    std::optional<Login> login;
    const db::Select select{.table = "logins",
                            .columns = {{"password_hash", ""}, {"active", ""}},
                            .where = of_user(user),
                            .order = {},
                            .limit = 1};
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        login = Login{tx.account(), user, std::string(row.text(0)), row.integer(1) != 0};
        return false;
    }));
    return login;
}

Result<std::vector<Login>> find_logins(db::Database& database, std::string_view email) {
    std::vector<Login> found;
    STOA_CHECK(database.look_up([&](db::Tx& tx, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
        const std::array<db::Value, 2> values{to_lower_ascii(email), kLoginsMax};
        STOA_CHECK(
            tx.raw().query("SELECT account_id, user_id, password_hash FROM logins WHERE login = ? AND active = 1 "
                           "ORDER BY account_id LIMIT ?",
                           values, [&](const db::Row& row) {
                               if (!lives_here(row.integer(0))) return true;
                               found.push_back({row.integer(0), row.integer(1), std::string(row.text(2)), true});
                               return true;
                           }));
        return false;  // the same person may have a login in every store
    }));
    std::sort(found.begin(), found.end(), [](const Login& a, const Login& b) { return a.account < b.account; });
    if (found.size() > static_cast<std::size_t>(kLoginsMax)) found.resize(kLoginsMax);
    return found;
}

Status check_password(std::string_view password) {
    if (!is_valid_utf8(password) || has_nul(password)) return invalid("The password must be text.", "password");
    if (utf8_length(password) < kPasswordCharactersMin) {
        return invalid("The password needs at least 8 characters.", "password");
    }
    if (password.size() > kPasswordBytesMax) return invalid("The password is too long.", "password");
    return {};
}

}  // namespace stoa::accounts
