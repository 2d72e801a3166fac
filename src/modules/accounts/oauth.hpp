#pragma once
// OAuth 2.0 for local applications: authorisation codes (30 s, one use), access tokens (1 h), refresh tokens (180 days,
// replaced at each use). All are kept as hashes. Worker threads: the functions that take a Database block.
// https://github.com/bitrix24/b24restdocs settings/oauth

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "modules/accounts/services.hpp"
#include "modules/accounts/sessions.hpp"

namespace stoa::accounts {

inline constexpr std::int64_t kCodeSeconds = 30;
inline constexpr std::int64_t kAccessTokenSeconds = 3600;
inline constexpr std::int64_t kRefreshTokenSeconds = 180 * 24 * 3600;

struct App {
    AccountId account = 0;
    std::int64_t id = 0;
    std::string client_id, title, secret_hash, redirect_uri, scopes, application_token;
};

struct NewApp {
    std::string title, redirect_uri;
    std::vector<std::string> scopes;
};

struct AccessToken {
    AccountId account = 0;
    std::string client_id;
    std::int64_t app_id = 0;
    UserId user = 0;
    std::string scopes;
    UnixSeconds expires_at = 0;
};

enum class TokenKind : std::uint8_t { access, refresh };

/// client_id and secret are made by the caller, because a write may be run again.
std::string new_client_id();
Status insert_app(db::WriteTx& tx, std::string_view client_id, std::string_view secret, const NewApp& app,
                  UnixSeconds now);
Result<std::optional<App>> find_app(db::Database& database, std::string_view client_id);

Status insert_token(db::WriteTx& tx, std::string_view token, TokenKind kind, std::string_view client_id, UserId user,
                    UnixSeconds expires_at);
/// Expired ones too: the caller tells expired from unknown. nullopt when there is none.
Result<std::optional<AccessToken>> find_access_token(db::Database& database, std::string_view token);

/// GET /oauth/authorize/: a code for the user, and where to send the browser. `cookie`: of the user's session, from
/// which a repetition gets the same code. Errors: not_found (client).
Result<std::string> authorize(const Services& services, const App& app, UserId user, std::string_view state,
                              const Client& client, std::string_view cookie = {}, const Receipt& receipt = {});

/// What the token endpoint answers; a refusal is an answer too.
struct TokenAnswer {
    int status = 200;
    std::string body;
};
/// `parameters`: query and form together. A repetition gets the same tokens.
TokenAnswer exchange_token(const Services& services, const json::Value& parameters, const Receipt& receipt = {});

}  // namespace stoa::accounts
