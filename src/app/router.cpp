#include "app/router.hpp"

namespace stoa::app {

namespace {

net::Response not_here(std::string_view why) {
    net::Response response;
    response.status = 404;
    response.content_type = "text/plain; charset=utf-8";
    response.body = why;
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
}

}  // namespace

void Router::handle(net::Request& request, net::Responder responder) {
    const std::string_view path = request.path();
    if (path.starts_with("/rest/") || path == "/rest") return rest_.handle(request, std::move(responder));
    if (path.starts_with("/~")) return rest_.handle(request, std::move(responder));  // public links to files
    if (push::Endpoint::owns(path)) {
        if (push_ != nullptr) return push_->handle(request, responder);
        return responder(not_here("This process is not of the role push.\n"));
    }
    if (vitals_.handle(request, responder)) return;
    site_.handle(request, std::move(responder));
}

void PushRouter::handle(net::Request& request, const net::Responder& responder) {
    if (push::Endpoint::owns(request.path())) return push_.handle(request, responder);
    if (vitals_.handle(request, responder)) return;
    responder(not_here("This process is the push server only.\n"));
}

}  // namespace stoa::app
