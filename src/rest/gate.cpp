#include "rest/gate.hpp"

#include "rest/errors.hpp"

namespace stoa::rest {
namespace {
constexpr std::string_view kSessionCookie = "stoa_session";
constexpr std::size_t kTokenBytesMax = 512;
}  // namespace

Result<std::shared_ptr<const api::Identity>> authenticate(api::Authenticator& authenticator, const Route& route,
                                                          std::string_view auth, const RequestHead& head) {
    if (route.webhook()) return authenticator.by_webhook(route.user, route.code);
    const std::string_view token = auth.empty() ? head.bearer() : auth;
    if (token.size() > kTokenBytesMax) return no_auth_found();
    if (!token.empty()) return authenticator.by_token(token);
    const std::string_view session = head.cookie_value(kSessionCookie);
    if (session.empty() || session.size() > kTokenBytesMax) return no_auth_found();
    return authenticator.by_session(session, head.csrf);
}

Status permit(const api::Identity& identity, const MethodEntry& entry) {
    switch (entry.method->caller) {
        case api::Caller::application:
            if (identity.through != api::Through::application) return wrong_auth_type();
            break;
        case api::Caller::admin:
            if (!identity.actor.is_admin()) return forbidden("Access denied!", "ACCESS_DENIED");
            break;
        case api::Caller::user:
            break;
    }
    if (!scope_granted(identity, entry.scopes)) {
        return insufficient_scope(identity.through == api::Through::application);
    }
    return {};
}

}  // namespace stoa::rest
