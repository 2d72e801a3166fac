#include "pages/site.hpp"

#include "json/url.hpp"
#include "pages/page_receipt.hpp"

namespace stoa::pages {

Site::Site(const Services& services, Assets assets)
    : services_(services), assets_(std::move(assets)), api_(services), oauth_(services) {}

void Site::handle(net::Request& request, net::Responder responder) const {
    const std::string_view path = request.path();
    if (path.starts_with("/api/")) return api_.handle(request, std::move(responder));
    if (path.starts_with("/oauth/")) return oauth_.handle(request, std::move(responder));
    constexpr std::string_view kLink = "/link/";
    if (path.starts_with(kLink) && request.method == "GET") {
        return open_link(request, std::move(responder), std::string(path.substr(kLink.size())));
    }
    responder(assets_.respond(request, json::url_decode(path)));
}

void Site::open_link(net::Request& request, net::Responder responder, std::string token) const {
    auto shared = std::make_shared<net::Request>(std::move(request));
    const bool posted = services_.workers.post([this, shared, responder, token = std::move(token)] {
        const auto receipt = page_receipt(request_id_of(services_, *shared), *shared, json::Value());
        const auto outcome = services_.logins.log_in_by_link(token, client_of(services_, *shared), receipt);
        if (!outcome) return responder(assets_.index(*shared));  // also for links of the other kinds
        net::Response response;
        response.status = 303;
        response.content_type = "text/plain; charset=utf-8";
        response.headers.push_back({"Location", "/"});
        response.headers.push_back({"Cache-Control", "no-store"});
        response.headers.push_back(set_session_cookie(outcome->cookie, is_secure(services_, *shared)));
        responder(std::move(response));
    });
    if (!posted) responder(assets_.index(*shared));
}

}  // namespace stoa::pages
