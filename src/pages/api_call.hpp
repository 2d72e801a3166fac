#pragma once
// One request to /api/: what the browser sent, who it is, and how an answer or an error is written.
// Lives on the worker thread that runs the handler.

#include <memory>
#include <string>
#include <string_view>

#include "api/identity.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"
#include "modules/accounts/sessions.hpp"
#include "net/server.hpp"
#include "pages/services.hpp"
#include "rest/request_key.hpp"

namespace stoa::pages {

inline constexpr std::size_t kApiBodyBytesMax = 64 * 1024;
inline constexpr std::string_view kSessionPath = "/api/session";

struct ApiAnswer {
    int status = 200;
    std::string body = "{}";
    std::string cookie{};  ///< set or clear the session cookie; empty = leave it
    bool clear_cookie = false;
};

struct ApiCall {
    const Services& services;
    net::Request request;
    std::string argument;                           ///< the path behind the route, e.g. the token or id
    json::Value body;                               ///< an object
    std::string cookie;                             ///< the session cookie as sent
    std::shared_ptr<const api::Identity> identity;  ///< null on routes that need none
    accounts::Client client;
    rest::RequestId request_id;
    accounts::Receipt receipt;  ///< for what the route writes

    /// A text member of the body; empty when absent. Longer than `characters` or not text: an error with the field.
    Result<std::string> text(std::string_view name, std::size_t characters = 255) const;
    /// What the browser sees as the portal: configuration, else scheme and Host of this request.
    std::string base_url() const;
};

/// Whether the browser spoke TLS, to us or to a trusted balancer.
bool is_secure(const Services& services, const net::Request& request);
/// Browsers say where a request comes from; what comes from another site is refused. Absent headers are fine.
bool is_same_site(const net::Request& request);
/// Without the token of a one-time link, which must not be noted anywhere.
std::string_view path_to_note(const net::Request& request);
accounts::Client client_of(const Services& services, const net::Request& request);
std::string session_cookie_of(const net::Request& request);

/// Errors as {"error":{code,message,field}}. The 401 of kSessionPath also says whether guests may sign up:
/// "selfSignup".
net::Response to_response(const Services& services, const net::Request& request, std::string_view request_id,
                          const Result<ApiAnswer>& answer);
/// Set-Cookie for the session; an empty cookie clears it.
net::Header set_session_cookie(std::string_view cookie, bool secure);

}  // namespace stoa::pages
