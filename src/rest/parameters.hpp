#pragma once
// The parameters of one call, merged from query string and body as the protocol says. Pure functions, any thread.
// Order of appearance is kept, because positional methods read parameters by order; the body wins over the query.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"
#include "net/server.hpp"

namespace stoa::rest {

struct Parameters {
    json::Value value = json::Object();  ///< an object, or the array of a positional JSON body
    std::string auth;                    ///< the access token, taken out of the parameters
};

/// v2: GET and POST, JSON, form and multipart bodies. Errors: invalid_argument, too_large.
Result<Parameters> read_parameters(const net::Request& request, std::string_view content_type);
/// v3: a JSON body or none; the query string is ignored. Errors carry the v3 code of unreadable JSON.
Result<Parameters> read_parameters_v3(const net::Request& request, std::string_view content_type);

/// Takes out what belongs to the transport: auth (into `auth` when it is text) and the client's own marks
/// bx24_request_id, bx24_sdk_ver, bx24_sdk_type.
void strip_transport(json::Value& parameters, std::string& auth);

}  // namespace stoa::rest
