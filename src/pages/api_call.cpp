#include "pages/api_call.hpp"

#include "base/log.hpp"
#include "base/utf8.hpp"
#include "modules/accounts/directory.hpp"
#include "rest/errors.hpp"

namespace stoa::pages {

Result<std::string> ApiCall::text(std::string_view name, std::size_t characters) const {
    const json::Value* value = body.find(name);
    if (!value || value->is_null()) return std::string();
    auto text = value->as_text();
    if (!text) return invalid("This must be text.", std::string(name));
    if (utf8_length(*text) > characters) return invalid("This is too long.", std::string(name));
    return *std::move(text);
}

std::string ApiCall::base_url() const {
    if (!services.public_url.empty()) return services.public_url;
    const std::string url =
        (is_secure(services, request) ? "https://" : "http://") + std::string(request.header("Host"));
    const std::string host = accounts::host_of_url(url);
    return host.empty() ? std::string() : url.substr(0, url.find("//") + 2) + host;
}

bool is_secure(const Services& services, const net::Request& request) {
    if (request.tls) return true;
    return services.proxies.contains(request.remote_address) && request.header("X-Forwarded-Proto") == "https";
}

bool is_same_site(const net::Request& request) {
    const std::string_view site = request.header("Sec-Fetch-Site");
    if (!site.empty() && site != "same-origin" && site != "none") return false;
    const std::string_view origin = request.header("Origin");
    if (origin.empty()) return true;
    return accounts::host_of_url(origin) == to_lower_ascii(request.header("Host"));
}

std::string_view path_to_note(const net::Request& request) {
    const std::string_view path = request.path();
    for (const std::string_view links : {"/link/", "/api/link/"}) {
        if (path.starts_with(links)) return links;
    }
    return path;
}

accounts::Client client_of(const Services& services, const net::Request& request) {
    accounts::Client client;
    client.remote_address = services.proxies.client_of(request.remote_address, request.header("X-Forwarded-For"));
    client.user_agent = request.header("User-Agent");
    client.request_uri = path_to_note(request);
    return client;
}

std::string session_cookie_of(const net::Request& request) {
    return std::string(rest::RequestHead::pick(request.headers).cookie_value(accounts::kSessionCookie));
}

net::Header set_session_cookie(std::string_view cookie, bool secure) {
    std::string value =
        std::string(accounts::kSessionCookie) + "=" + std::string(cookie) + "; Path=/; HttpOnly; SameSite=Lax";
    value += cookie.empty() ? "; Max-Age=0" : "; Max-Age=" + std::to_string(accounts::kSessionLifetimeSeconds);
    if (secure) value += "; Secure";
    return {"Set-Cookie", std::move(value)};
}

namespace {

/// The REST protocol answers 400 where there is nothing; browsers and caches know 404.
int status_of(const Error& error, int wire_status) {
    if (error.code == Errc::unsupported) return 405;
    if (error.code == Errc::conflict) return 422;  // the id of another request, as REST answers it
    return error.code == Errc::not_found ? 404 : wire_status;
}

/// The answer from which the login page learns that nobody is logged in.
bool is_guest_session(const net::Request& request, int status) {
    return status == 401 && request.path() == kSessionPath;
}

}  // namespace

net::Response to_response(const Services& services, const net::Request& request, std::string_view request_id,
                          const Result<ApiAnswer>& answer) {
    net::Response response;
    response.headers.push_back({"X-Request-Id", std::string(request_id)});
    response.headers.push_back({"Cache-Control", "no-store"});
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    if (answer) {
        response.status = answer->status;
        response.body = answer->body;
        if (answer->clear_cookie || !answer->cookie.empty()) {
            response.headers.push_back(set_session_cookie(answer->cookie, is_secure(services, request)));
        }
        return response;
    }
    const rest::WireError wire = rest::to_wire(api::Wire::v2, answer.error(), request_id);
    if (wire.status >= 500) {
        log::error("page_request_failed",
                   {{"request_id", request_id}, {"path", path_to_note(request)}, {"why", answer.error().message}});
    }
    response.status = status_of(answer.error(), wire.status);
    if (wire.retry_after_s > 0) response.headers.push_back({"Retry-After", std::to_string(wire.retry_after_s)});
    json::Writer out(response.body);
    out.begin_object().key("error").begin_object();
    out.field("code", wire.code).field("message", wire.message);
    if (!wire.field.empty()) out.field("field", wire.field);
    out.end_object();
    if (is_guest_session(request, response.status)) out.field("selfSignup", services.sign_up_open);
    out.end_object();
    return response;
}

}  // namespace stoa::pages
