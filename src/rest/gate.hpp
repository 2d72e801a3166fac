#pragma once
// Who calls, and whether the credential as such may call the method: the questions before any module is asked.
// Row and object rights are not decided here but in src/access. Any thread.

#include <memory>
#include <string_view>

#include "api/identity.hpp"
#include "rest/method_index.hpp"
#include "rest/request_head.hpp"
#include "rest/route.hpp"

namespace stoa::rest {

/// Webhook code of the path, else the `auth` token, else Authorization: Bearer, else the session cookie with its CSRF
/// header. Errors: unauthorized (INVALID_CREDENTIALS, NO_AUTH_FOUND, invalid_token, expired_token).
Result<std::shared_ptr<const api::Identity>> authenticate(api::Authenticator& authenticator, const Route& route,
                                                          std::string_view auth, const RequestHead& head);

/// Caller class and scope. Errors: forbidden (WRONG_AUTH_TYPE, ACCESS_DENIED, insufficient_scope).
Status permit(const api::Identity& identity, const MethodEntry& entry);

}  // namespace stoa::rest
