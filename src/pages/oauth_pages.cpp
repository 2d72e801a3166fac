#include "pages/oauth_pages.hpp"

#include "json/parse.hpp"
#include "json/url.hpp"
#include "modules/accounts/oauth.hpp"
#include "pages/api_call.hpp"
#include "pages/assets.hpp"
#include "pages/page_receipt.hpp"

namespace stoa::pages {

namespace {

constexpr std::size_t kTokenBodyBytesMax = 16 * 1024;

/// Failures are shown here: the protocol sends no browser back with an error.
net::Response message_page(int status, std::string_view title, std::string_view text) {
    net::Response response;
    response.status = status;
    response.content_type = "text/html; charset=utf-8";
    response.body =
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
        "<title>" +
        std::string(title) + "</title><h1>" + std::string(title) + "</h1><p>" + std::string(text) + "</p></html>";
    response.headers.push_back({"Cache-Control", "no-store"});
    add_page_headers(response);
    return response;
}

net::Response redirect(std::string location) {
    net::Response response;
    response.status = 302;
    response.content_type = "text/plain; charset=utf-8";
    response.headers.push_back({"Location", std::move(location)});
    response.headers.push_back({"Cache-Control", "no-store"});
    response.headers.push_back({"Referrer-Policy", "no-referrer"});
    return response;
}

net::Response json_answer(int status, std::string body) {
    net::Response response;
    response.status = status;
    response.body = std::move(body);
    response.headers.push_back({"Cache-Control", "no-store"});
    response.headers.push_back({"Access-Control-Allow-Origin", "*"});
    return response;
}

std::string text_of(const json::Value& parameters, std::string_view name) {
    const json::Value* value = parameters.find(name);
    return value ? value->as_text().value_or("") : "";
}

}  // namespace

void OAuthPages::handle(net::Request& request, net::Responder responder) const {
    std::string path(request.path());
    if (path.ends_with('/')) path.pop_back();
    const bool is_token = path == "/oauth/token";
    if (!is_token && path != "/oauth/authorize")
        return responder(message_page(404, "Not found", "There is no such page."));
    auto shared = std::make_shared<net::Request>(std::move(request));
    const rest::RequestId id = request_id_of(services_, *shared);
    const auto answer = [responder, id](net::Response response) {
        response.headers.push_back({"X-Request-Id", id.text});
        responder(std::move(response));
    };
    const bool posted = services_.workers.post(
        [this, shared, answer, id, is_token] { answer(is_token ? token(*shared, id) : authorize(*shared, id)); });
    if (posted) return;
    net::Response busy = json_answer(503, R"({"error":"temporarily_unavailable","error_description":"Try again."})");
    busy.headers.push_back({"Retry-After", "1"});
    answer(std::move(busy));
}

net::Response OAuthPages::authorize(const net::Request& request, const rest::RequestId& id) const {
    if (request.method != "GET") return message_page(405, "Not allowed", "Open this page with GET.");
    const auto parameters = json::parse_form(request.query());
    if (!parameters) return message_page(400, "Wrong request", "The address cannot be read.");
    const auto app = accounts::find_app(services_.accounts.database, text_of(*parameters, "client_id"));
    if (!app) return message_page(503, "Try again", "The portal is busy.");
    if (!*app) return message_page(404, "Unknown application", "There is no application with this client_id.");
    if ((*app)->redirect_uri.empty()) {
        return message_page(400, "Incomplete application", "The application has no redirect address.");
    }
    const std::string cookie = session_cookie_of(request);
    const auto identity = services_.authenticator.by_cookie(cookie);
    if (!identity && identity.error().code != Errc::unauthorized)
        return message_page(503, "Try again", "The portal is busy.");
    if (!identity) return redirect("/login?next=" + json::url_encode(request.target));
    const model::Actor& actor = (*identity)->actor;
    if (actor.account != (*app)->account) {
        return message_page(403, "Not allowed", "The application belongs to another company's portal.");
    }
    auto location = accounts::authorize(services_.accounts, **app, actor.user, text_of(*parameters, "state"),
                                        client_of(services_, request), cookie, page_receipt(id, request, *parameters));
    if (!location && location.error().code == Errc::conflict)
        return message_page(422, "Wrong request", "This request id came with another request before.");
    if (!location) return message_page(503, "Try again", "The portal is busy.");
    return redirect(*std::move(location));
}

net::Response OAuthPages::token(const net::Request& request, const rest::RequestId& id) const {
    json::Value parameters = json::Object();
    const bool posted = request.method == "POST";
    if (!posted && request.method != "GET")
        return json_answer(405, R"({"error":"invalid_request","error_description":"Use GET or POST."})");
    if (request.body.size() > kTokenBodyBytesMax)
        return json_answer(413, R"({"error":"invalid_request","error_description":"Too large."})");
    auto query = json::parse_form(request.query());
    auto body = posted
                    ? (request.header("Content-Type").starts_with("application/json") ? json::parse(request.body)
                                                                                      : json::parse_form(request.body))
                    : Result<json::Value>(json::Value(json::Object()));
    if (query && query->is_object()) json::merge(parameters, *std::move(query));
    if (body && body->is_object()) json::merge(parameters, *std::move(body));
    accounts::TokenAnswer answer =
        accounts::exchange_token(services_.accounts, parameters, page_receipt(id, request, parameters));
    return json_answer(answer.status, std::move(answer.body));
}

}  // namespace stoa::pages
