#include "pages/portal_api.hpp"

#include "json/parse.hpp"
#include "json/url.hpp"
#include "pages/page_receipt.hpp"

namespace stoa::pages {

namespace {

const ApiRoute* match(const std::vector<ApiRoute>& routes, std::string_view method, std::string_view path,
                      std::string& argument, bool& path_known) {
    for (const ApiRoute& route : routes) {
        const bool takes_argument = route.path.ends_with('/');
        const bool fits =
            takes_argument ? path.starts_with(route.path) && path.size() > route.path.size() : path == route.path;
        if (!fits) continue;
        path_known = true;
        if (route.method != method) continue;
        if (takes_argument) argument = json::url_decode(path.substr(route.path.size()));
        return &route;
    }
    return nullptr;
}

Error login_first() {
    return {Errc::unauthorized, "Log in first.", {}, "NO_AUTH_FOUND"};
}

Status pass_door(ApiCall& call, Door door) {
    if (door == Door::open) return {};
    if (door == Door::site) {
        if (!is_same_site(call.request))
            return forbidden("This must be sent from the portal's own pages.", "FOREIGN_SITE");
        return {};
    }
    if (call.cookie.empty()) return login_first();
    auto identity = door == Door::session
                        ? call.services.authenticator.by_cookie(call.cookie)
                        : call.services.authenticator.by_session(call.cookie, call.request.header("X-Stoa-CSRF"));
    if (!identity) return std::move(identity).error();
    call.identity = *std::move(identity);
    if (door == Door::admin && !call.identity->actor.is_admin()) return forbidden("Only administrators can do this.");
    return {};
}

Status read_body(ApiCall& call) {
    call.body = json::Object();
    if (call.request.method == "GET" || call.request.body.empty()) return {};
    if (call.request.body.size() > kApiBodyBytesMax) return Error{Errc::too_large, "The request is too large."};
    // A form of another site cannot send this type without asking first.
    if (!call.request.header("Content-Type").starts_with("application/json")) {
        return invalid("Send JSON with Content-Type: application/json.");
    }
    STOA_TRY(call.body, json::parse(call.request.body));
    if (!call.body.is_object()) return invalid("Send a JSON object.");
    return {};
}

}  // namespace

void PortalApi::handle(net::Request& request, net::Responder responder) const {
    auto call = std::make_shared<ApiCall>(ApiCall{.services = services_,
                                                  .request = std::move(request),
                                                  .argument = {},
                                                  .body = {},
                                                  .cookie = {},
                                                  .identity = nullptr,
                                                  .client = {},
                                                  .request_id = {},
                                                  .receipt = {}});
    call->request_id = request_id_of(services_, call->request);
    const bool posted = services_.workers.post([this, call, responder] {
        const auto answer = run(*call);
        responder(to_response(services_, call->request, call->request_id.text, answer));
    });
    if (posted) return;
    Error busy{Errc::busy, "The portal is busy. Try again."};
    busy.retry_after_s = 1;
    responder(to_response(services_, call->request, call->request_id.text, Result<ApiAnswer>(busy)));
}

Result<ApiAnswer> PortalApi::run(ApiCall& call) const {
    std::string path(call.request.path());
    bool path_known = false;
    const ApiRoute* route = match(session_routes(), call.request.method, path, call.argument, path_known);
    if (!route) route = match(settings_routes(), call.request.method, path, call.argument, path_known);
    if (!route && path_known) return Error{Errc::unsupported, "This address takes another method.", {}, "WRONG_METHOD"};
    if (!route) return not_found("There is no such address.", "NOT_FOUND");
    call.cookie = session_cookie_of(call.request);
    call.client = client_of(services_, call.request);
    STOA_CHECK(pass_door(call, route->door));
    STOA_CHECK(read_body(call));
    call.receipt = page_receipt(call.request_id, call.request, call.body);
    return route->handler(call);
}

}  // namespace stoa::pages
