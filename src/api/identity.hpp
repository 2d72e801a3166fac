#pragma once
// Identity: a caller that has proved who it is; Authenticator: how rest asks for one without knowing any module.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/actor.hpp"

namespace stoa::api {

enum class Through : std::uint8_t { webhook, application, session };

struct Identity {
    model::Actor actor;
    Through through = Through::session;
    std::vector<std::string> scopes;  ///< granted; a session has all
    bool all_scopes = false;
    std::string client_id;           ///< application only
    std::int64_t credential_id = 0;  ///< webhook or application id: the unit of limits
    std::string access_token;        ///< application only
    UnixSeconds expires_at = 0;

    bool has_scope(std::string_view scope) const;
};

/// Any thread; answers from a cache on the hot path. Errors: unauthorized with the wire's api_code
/// (NO_AUTH_FOUND, INVALID_CREDENTIALS, invalid_token, expired_token).
class Authenticator {
  public:
    virtual ~Authenticator() = default;
    virtual Result<std::shared_ptr<const Identity>> by_webhook(UserId user, std::string_view code) = 0;
    virtual Result<std::shared_ptr<const Identity>> by_token(std::string_view access_token) = 0;
    /// `csrf` is the X-Stoa-CSRF header, needed for every REST call of a session.
    virtual Result<std::shared_ptr<const Identity>> by_session(std::string_view cookie, std::string_view csrf) = 0;
    /// Somebody who shows a link that this program signed for that user. Has all scopes: the method was chosen when the
    /// link was made. Errors: unauthorized.
    virtual Result<std::shared_ptr<const Identity>> by_signed_link(AccountId account, UserId user);
    /// A fresh access token for an event handler of an application, on behalf of a user. Errors: not_found.
    struct EventAuth {
        std::string access_token, application_token, client_id, scope;
        UnixSeconds expires_at = 0;
    };
    virtual Result<EventAuth> issue_event_auth(AccountId account, std::string_view client_id, UserId user) = 0;
};

}  // namespace stoa::api
