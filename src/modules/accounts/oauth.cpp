#include "modules/accounts/oauth.hpp"

#include <array>

#include "base/random.hpp"
#include "base/utf8.hpp"
#include "json/writer.hpp"
#include "modules/accounts/audit.hpp"
#include "modules/accounts/directory.hpp"
#include "modules/accounts/secrets.hpp"
#include "modules/accounts/webhooks.hpp"

namespace stoa::accounts {

namespace {

std::string_view to_string(TokenKind kind) {
    return kind == TokenKind::access ? "access" : "refresh";
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '_' || c == '.' || c == '~';
        if (plain) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
    }
    return out;
}

/// "*" reads as every scope on the wire.
std::string wire_scopes(const std::string& stored) {
    if (stored != kAllScopes) return stored;
    std::string all;
    for (const std::string& scope : known_scopes())
        all += (all.empty() ? "" : ",") + scope;
    return all;
}

TokenAnswer refuse(int status, std::string_view code, std::string_view description) {
    TokenAnswer answer;
    answer.status = status;
    json::Writer out(answer.body);
    out.begin_object().field("error", code).field("error_description", description).end_object();
    return answer;
}

std::string text_of(const json::Value& parameters, std::string_view name) {
    const json::Value* value = parameters.find(name);
    return value ? value->as_text().value_or("") : "";
}

struct Grant {
    UserId user = 0;
};

/// Takes the code or refresh token away and says whose it was; nullopt when it is unknown, another client's or old.
Result<std::optional<Grant>> take_grant(db::WriteTx& tx, bool is_code, std::string_view secret,
                                        const std::string& client_id, UnixSeconds now) {
    const char* table = is_code ? "oauth_codes" : "oauth_tokens";
    const char* key = is_code ? "code_hash" : "token_hash";
    std::vector<db::Condition> where = {db::Condition::equals(key, secret_hash(secret)),
                                        db::Condition::equals("client_id", client_id)};
    if (!is_code) where.push_back(db::Condition::equals("kind", std::string(to_string(TokenKind::refresh))));
    std::optional<Grant> grant;
    UnixSeconds expires_at = 0;
    const db::Select select{.table = table,
                            .columns = {{"user_id", ""}, {"expires_at", ""}},
                            .where = db::Condition::all(where),
                            .order = {},
                            .limit = 1};
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        grant = Grant{row.integer(0)};
        expires_at = row.integer(1);
        return false;
    }));
    if (!grant) return grant;
    STOA_TRY(const std::int64_t removed, tx.remove(table, db::Condition::all(where)));
    (void)removed;
    if (expires_at <= now) grant.reset();
    return grant;
}

struct Tokens {
    std::string access, refresh;
    UserId user = 0;
    UnixSeconds expires_at = 0;
    Account account;
};

/// What the receipt of an exchange keeps: "user expires_at"; empty when nothing was granted.
std::string remember(const Tokens& tokens) {
    return std::to_string(tokens.user) + " " + std::to_string(tokens.expires_at);
}
bool recall(const std::string& answer, Tokens& tokens) {
    const std::size_t space = answer.find(' ');
    if (space == std::string::npos) return false;
    tokens.user = std::stoll(answer);
    tokens.expires_at = std::stoll(answer.substr(space + 1));
    return true;
}

std::string token_body(const App& app, const Tokens& tokens) {
    const std::string host = host_of_url(tokens.account.url);
    std::string body;
    json::Writer out(body);
    out.begin_object();
    out.field("access_token", tokens.access);
    out.field("expires", tokens.expires_at);
    out.field("expires_in", kAccessTokenSeconds);
    out.field("scope", wire_scopes(app.scopes));
    out.field("domain", host);
    out.field("server_endpoint", tokens.account.url + "/rest/");
    out.field("status", "L");
    out.field("client_endpoint", tokens.account.url + "/rest/");
    out.field("member_id", tokens.account.member_id);
    out.field("user_id", tokens.user);
    out.field("refresh_token", tokens.refresh);
    out.end_object();
    return body;
}

}  // namespace

std::string new_client_id() {
    return "local." + to_lower_ascii(random_alnum(24));
}

Status insert_app(db::WriteTx& tx, std::string_view client_id, std::string_view secret, const NewApp& app,
                  UnixSeconds now) {
    if (!app.redirect_uri.empty() && host_of_url(app.redirect_uri).empty()) {
        return invalid("Give the redirect address as an http or https URL.", "redirectUri");
    }
    STOA_TRY(std::string scopes, join_scopes(app.scopes));
    STOA_TRY(const std::int64_t id, tx.next_id("oauth_apps"));
    const std::vector<db::Assignment> row = {
        {"client_id", std::string(client_id)},
        {"id", id},
        {"title", app.title},
        {"secret_hash", secret_hash(secret)},
        {"redirect_uri", app.redirect_uri},
        {"scopes", std::move(scopes)},
        {"application_token", to_lower_ascii(random_alnum(32))},
        {"created_at", now},
    };
    return tx.insert("oauth_apps", row);
}

Result<std::optional<App>> find_app(db::Database& database, std::string_view client_id) {
    std::optional<App> app;
    STOA_CHECK(database.look_up([&](db::Tx& tx, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
        const std::array<db::Value, 1> values{std::string(client_id)};
        STOA_CHECK(tx.raw().query(
            "SELECT account_id, id, client_id, title, secret_hash, redirect_uri, scopes, application_token "
            "FROM oauth_apps WHERE client_id = ?",
            values, [&](const db::Row& row) {
                if (!lives_here(row.integer(0))) return true;
                app = App{row.integer(0),           row.integer(1),           std::string(row.text(2)),
                          std::string(row.text(3)), std::string(row.text(4)), std::string(row.text(5)),
                          std::string(row.text(6)), std::string(row.text(7))};
                return false;
            }));
        return app.has_value();
    }));
    return app;
}

Status insert_token(db::WriteTx& tx, std::string_view token, TokenKind kind, std::string_view client_id, UserId user,
                    UnixSeconds expires_at) {
    const std::vector<db::Assignment> row = {
        {"token_hash", secret_hash(token)},
        {"client_id", std::string(client_id)},
        {"user_id", user},
        {"kind", std::string(to_string(kind))},
        {"expires_at", expires_at},
    };
    return tx.insert("oauth_tokens", row);
}

Result<std::optional<AccessToken>> find_access_token(db::Database& database, std::string_view token) {
    std::optional<AccessToken> found;
    STOA_CHECK(database.look_up([&](db::Tx& tx, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
        const std::array<db::Value, 1> values{secret_hash(token)};
        STOA_CHECK(tx.raw().query(
            "SELECT t.account_id, t.client_id, a.id, t.user_id, a.scopes, t.expires_at FROM oauth_tokens t "
            "JOIN oauth_apps a ON a.client_id = t.client_id WHERE t.token_hash = ? AND t.kind = 'access'",
            values, [&](const db::Row& row) {
                if (!lives_here(row.integer(0))) return true;
                found = AccessToken{row.integer(0), std::string(row.text(1)), row.integer(2),
                                    row.integer(3), std::string(row.text(4)), row.integer(5)};
                return false;
            }));
        return found.has_value();
    }));
    return found;
}

Result<std::string> authorize(const Services& services, const App& app, UserId user, std::string_view state,
                              const Client& client, std::string_view cookie, const Receipt& receipt) {
    const std::string code = receipt.secret("code", cookie);
    STOA_TRY(const Account account, load_account(services.database, app.account));
    const auto written = services.write(app.account, receipt, [&](db::WriteTx& tx) -> Result<std::string> {
        const std::vector<db::Assignment> row = {
            {"code_hash", secret_hash(code)},
            {"client_id", app.client_id},
            {"user_id", user},
            {"expires_at", services.now() + kCodeSeconds},
        };
        STOA_CHECK(tx.insert("oauth_codes", row));
        const AuditEntry entry{.type = "APP_AUTHORIZE", .item = app.client_id, .user = user};
        STOA_CHECK(write_audit(services, tx, entry, client));
        return std::string();
    });
    if (!written) return written.error();
    const std::string host = host_of_url(account.url);
    std::string url = app.redirect_uri;
    url += url.find('?') == std::string::npos ? '?' : '&';
    url += "code=" + code;
    if (!state.empty()) url += "&state=" + percent_encode(state);
    url += "&domain=" + percent_encode(host);
    url += "&member_id=" + account.member_id;
    url += "&scope=" + percent_encode(wire_scopes(app.scopes));
    url += "&server_domain=" + percent_encode(host);
    return url;
}

TokenAnswer exchange_token(const Services& services, const json::Value& parameters, const Receipt& receipt) {
    const std::string grant_type = text_of(parameters, "grant_type");
    const bool is_code = grant_type == "authorization_code";
    if (!is_code && grant_type != "refresh_token") {
        return refuse(400, "invalid_request", "grant_type must be authorization_code or refresh_token.");
    }
    const std::string secret = text_of(parameters, is_code ? "code" : "refresh_token");
    if (secret.empty()) return refuse(400, "invalid_request", "The code or refresh_token is missing.");
    auto app = find_app(services.database, text_of(parameters, "client_id"));
    if (!app) return refuse(503, "temporarily_unavailable", "Try again.");
    if (!*app) return refuse(401, "invalid_client", "There is no such application.");
    const App& known = **app;
    const std::string client_secret = text_of(parameters, "client_secret");
    if (!equal_constant_time(known.secret_hash, secret_hash(client_secret))) {
        return refuse(401, "invalid_client", "The client secret is wrong.");
    }

    auto account = load_account(services.database, known.account);
    if (!account) return refuse(503, "temporarily_unavailable", "Try again.");
    const std::string held = secret + "\n" + client_secret;
    Tokens tokens{.access = receipt.secret("access", held),
                  .refresh = receipt.secret("refresh", held),
                  .account = *std::move(account)};
    const auto written = services.write(known.account, receipt, [&](db::WriteTx& tx) -> Result<std::string> {
        const UnixSeconds now = services.now();
        STOA_TRY(const auto grant, take_grant(tx, is_code, secret, known.client_id, now));
        if (!grant) return std::string();  // what was taken stays taken
        tokens.user = grant->user;
        tokens.expires_at = now + kAccessTokenSeconds;
        STOA_CHECK(insert_token(tx, tokens.access, TokenKind::access, known.client_id, grant->user, tokens.expires_at));
        STOA_CHECK(insert_token(tx, tokens.refresh, TokenKind::refresh, known.client_id, grant->user,
                                now + kRefreshTokenSeconds));
        return remember(tokens);
    });
    if (!written && written.error().code == Errc::conflict) {
        return refuse(400, "invalid_request", "This request id came with another request before.");
    }
    if (!written) return refuse(503, "temporarily_unavailable", "Try again.");
    if (!recall(written->answer, tokens)) {
        return refuse(400, "invalid_grant", "The code or refresh token is unknown, used or too old.");
    }
    return {200, token_body(known, tokens)};
}

}  // namespace stoa::accounts
