#include "app/router.hpp"

#include "app/portal.hpp"
#include "base/metrics.hpp"

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
    if (push::Endpoint::owns(path)) return push_.handle(request, responder);
    if (path == "/health" || path == "/live") return responder(text(200, "ok\n"));
    if (path == "/ready") return responder(readiness());
    if (path == "/metrics") {
        net::Response response = text(200, metrics_text());
        response.content_type = "text/plain; version=0.0.4; charset=utf-8";
        return responder(std::move(response));
    }
    site_.handle(request, std::move(responder));
}

/// Answered here and now, on the I/O thread: that it comes at all says that the process works. Engines that are away,
/// and a worker pool full of requests that wait for them, do not belong into it: they are away for all processes alike,
/// and a balancer that sends nobody anywhere would turn waiting into errors.
net::Response Router::readiness() const {
    net::Response response = draining_ ? text(503, "draining\n") : text(200, "ready\n");
    response.headers.push_back({"X-Stoa-Version", kVersion});
    return response;
}

}  // namespace stoa::app
