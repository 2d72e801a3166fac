#include "modules/accounts/links.hpp"

#include <array>

#include "modules/accounts/secrets.hpp"

namespace stoa::accounts {

namespace {

LinkKind parse_kind(std::string_view text) {
    if (text == "admin") return LinkKind::admin;
    if (text == "login") return LinkKind::login;
    return LinkKind::invite;
}

std::int64_t lifetime_seconds(LinkKind kind) {
    switch (kind) {
        case LinkKind::admin:
            return kAdminLinkSeconds;
        case LinkKind::invite:
            return kInviteLinkSeconds;
        case LinkKind::login:
            return kLoginLinkSeconds;
    }
    return kLoginLinkSeconds;
}

}  // namespace

std::string_view to_string(LinkKind kind) {
    switch (kind) {
        case LinkKind::admin:
            return "admin";
        case LinkKind::invite:
            return "invite";
        case LinkKind::login:
            return "login";
    }
    return "invite";
}

Status insert_link(db::WriteTx& tx, std::string_view token, UserId user, LinkKind kind, UnixSeconds now) {
    const std::vector<db::Assignment> row = {
        {"token_hash", secret_hash(token)},           {"user_id", user},
        {"kind", std::string(to_string(kind))},       {"created_at", now},
        {"expires_at", now + lifetime_seconds(kind)},
    };
    return tx.insert("one_time_links", row);
}

Result<std::optional<Link>> find_link(db::Database& database, std::string_view token, UnixSeconds now) {
    std::optional<Link> link;
    if (token.size() != kSecretCharacters) return link;
    STOA_CHECK(database.look_up([&](db::Tx& tx, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
        const std::array<db::Value, 2> values{secret_hash(token), now};
        STOA_CHECK(tx.raw().query(
            "SELECT account_id, user_id, kind, expires_at FROM one_time_links WHERE token_hash = ? AND expires_at > ?",
            values, [&](const db::Row& row) {
                if (!lives_here(row.integer(0))) return true;
                link = Link{row.integer(0), row.integer(1), parse_kind(row.text(2)), row.integer(3)};
                return false;
            }));
        return link.has_value();
    }));
    return link;
}

Status use_link(db::WriteTx& tx, std::string_view token, UserId user, UnixSeconds now) {
    STOA_TRY(const std::int64_t used,
             tx.remove("one_time_links",
                       db::Condition::all({db::Condition::equals("token_hash", secret_hash(token)),
                                           db::Condition::compare("expires_at", db::Condition::Op::gt, now)})));
    if (used == 0) return not_found("This link was used already or is too old. Ask for a new one.");
    STOA_TRY(const std::int64_t others, tx.remove("one_time_links", db::Condition::equals("user_id", user)));
    (void)others;
    return {};
}

}  // namespace stoa::accounts
