#include "app/vitals.hpp"

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

bool Vitals::handle(const net::Request& request, const net::Responder& responder) const {
    const std::string_view path = request.path();
    if (path == "/health" || path == "/live") {
        responder(text(200, "ok\n"));
    } else if (path == "/ready") {
        responder(readiness());
    } else if (path == "/metrics") {
        net::Response response = text(200, metrics_text());
        response.content_type = "text/plain; version=0.0.4; charset=utf-8";
        responder(std::move(response));
    } else {
        return false;
    }
    return true;
}

/// Answered here and now, on the I/O thread: that it comes at all says that the process works. Engines that are away,
/// and a worker pool full of requests that wait for them, do not belong into it where they are away for all processes
/// alike, and a balancer that sends nobody anywhere would turn waiting into errors.
net::Response Vitals::readiness() const {
    const std::string trouble = trouble_ ? trouble_() : std::string();
    net::Response response = draining_          ? text(503, "draining\n")
                             : !trouble.empty() ? text(503, trouble + "\n")
                                                : text(200, "ready\n");
    response.headers.push_back({"X-Stoa-Version", kVersion});
    return response;
}

}  // namespace stoa::app
