#include "app/router.hpp"

#include "base/metrics.hpp"
#include "modules/accounts/directory.hpp"

namespace stoa::app {

namespace {

net::Response text(int status, std::string body) {
    net::Response response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.body = std::move(body);
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
}

}  // namespace

void Router::handle(net::Request& request, net::Responder responder) {
    const std::string_view path = request.path();
    if (path.starts_with("/rest/") || path == "/rest") return rest_.handle(request, std::move(responder));
    if (path.starts_with("/~")) return rest_.handle(request, std::move(responder));  // public links to files
    if (path == "/health" || path == "/live") return responder(text(200, "ok\n"));
    if (path == "/ready") return answer_ready(std::move(responder));
    if (path == "/metrics") {
        net::Response response = text(200, metrics_text());
        response.content_type = "text/plain; version=0.0.4; charset=utf-8";
        return responder(std::move(response));
    }
    site_.handle(request, std::move(responder));
}

/// Ready means that the store answers and the worker pool takes work.
void Router::answer_ready(net::Responder responder) {
    if (draining_) return responder(text(503, "draining\n"));
    const bool posted = workers_.post([this, responder] {
        const Status read = accounts::check_directory(portal_.database());
        responder(read ? text(200, "ready\n") : text(503, "the store does not answer\n"));
    });
    if (!posted) responder(text(503, "busy\n"));
}

}  // namespace stoa::app
