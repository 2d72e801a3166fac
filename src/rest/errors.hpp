#pragma once
// The one table that turns an Error into an HTTP status and a wire code. Pure functions, any thread.
// Codes and statuses: https://github.com/bitrix24/b24restdocs error-codes.md and rest-v3.md; where the official clients
// expect something else than the documentation says, the clients win (see README).

#include <string>
#include <string_view>

#include "api/method.hpp"
#include "base/result.hpp"

namespace stoa::rest {

inline constexpr std::string_view v3_code_prefix = "BITRIX_REST_V3_EXCEPTION_";

struct WireError {
    int status = 500;
    std::string code;
    std::string message;
    std::string field;      ///< the parameter at fault; empty = none
    int retry_after_s = 0;  ///< > 0: goes into the Retry-After header
};

/// What a client is told. For Errc::internal the message is replaced by one that names only the request.
WireError to_wire(api::Wire wire, const Error& error, std::string_view request_id);

/// Whether the store itself failed, so that nothing else of the request can succeed either.
bool is_outage(Errc code);

/// v2: {"error","error_description"}; v3: {"error":{"code","message","validation"}}.
void append_error_body(std::string& out, api::Wire wire, const WireError& error);

// Errors of the wire itself.
Error method_not_found(api::Wire wire, std::string_view method);
Error no_auth_found();
Error insufficient_scope(bool through_application);
Error wrong_auth_type();
Error too_many_requests(int retry_after_s);
Error operating_limit(int retry_after_s);
Error overloaded();
Error key_reused();
Error invalid_key();

}  // namespace stoa::rest
