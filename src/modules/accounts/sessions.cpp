#include "modules/accounts/sessions.hpp"

#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "base/utf8.hpp"
#include "modules/accounts/secrets.hpp"

namespace stoa::accounts {

namespace {

std::string clean_text(std::string_view text, std::size_t characters) {
    if (!is_valid_utf8(text)) return {};
    return std::string(utf8_prefix(text, characters));
}

/// Keeps the newest sessions of the user; a login loop must not fill the table.
Status trim_sessions(db::WriteTx& tx, UserId user) {
    std::vector<db::Value> surplus;
    db::Select select{.table = "sessions",
                      .columns = {{"cookie_hash", ""}},
                      .where = db::Condition::equals("user_id", user),
                      .order = {{{"seen_at", ""}, true}},
                      .limit = 100,
                      .offset = kSessionsPerUserMax - 1};
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        surplus.push_back(row.value(0));
        return true;
    }));
    if (surplus.empty()) return {};
    STOA_TRY(const std::int64_t removed, tx.remove("sessions", db::Condition::in("cookie_hash", std::move(surplus))));
    (void)removed;
    return {};
}

}  // namespace

UnixSeconds Session::expires_at() const {
    return std::min(seen_at + kSessionIdleSeconds, created_at + kSessionLifetimeSeconds);
}

Status insert_session(db::WriteTx& tx, std::string_view cookie, UserId user, const Client& client, UnixSeconds now) {
    STOA_CHECK(trim_sessions(tx, user));
    const std::vector<db::Assignment> row = {
        {"cookie_hash", secret_hash(cookie)},
        {"user_id", user},
        {"created_at", now},
        {"seen_at", now},
        {"remote_address", clean_text(client.remote_address, 64)},
        {"user_agent", clean_text(client.user_agent, 255)},
    };
    return tx.insert("sessions", row);
}

Status remove_session(db::WriteTx& tx, std::string_view cookie) {
    STOA_TRY(const std::int64_t removed,
             tx.remove("sessions", db::Condition::equals("cookie_hash", secret_hash(cookie))));
    (void)removed;
    return {};
}

Status remove_sessions_of(db::WriteTx& tx, UserId user) {
    STOA_TRY(const std::int64_t removed, tx.remove("sessions", db::Condition::equals("user_id", user)));
    (void)removed;
    return {};
}

Result<std::optional<Session>> find_session(db::Database& database, std::string_view cookie, UnixSeconds now) {
    std::optional<Session> session;
    if (cookie.size() != kSecretCharacters) return session;
    STOA_CHECK(database.look_up([&](db::Tx& tx, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
        const std::array<db::Value, 1> values{secret_hash(cookie)};
        STOA_CHECK(tx.raw().query("SELECT account_id, user_id, created_at, seen_at FROM sessions WHERE cookie_hash = ?",
                                  values, [&](const db::Row& row) {
                                      if (!lives_here(row.integer(0))) return true;
                                      session = Session{row.integer(0), row.integer(1), row.integer(2), row.integer(3)};
                                      return false;
                                  }));
        return session.has_value();
    }));
    if (session && session->expires_at() <= now) session.reset();
    return session;
}

std::string csrf_token(std::string_view cookie) {
    return to_hex(hmac_sha256(cookie, "stoa csrf"));
}

}  // namespace stoa::accounts
