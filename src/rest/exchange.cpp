#include "rest/exchange.hpp"

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "json/xml.hpp"
#include "rest/envelope.hpp"
#include "rest/errors.hpp"

namespace stoa::rest {
namespace {

struct Metrics {
    Counter& ok = counter("stoa_rest_requests_total", "REST requests by answer.", {{"status", "2xx"}});
    Counter& client_error = counter("stoa_rest_requests_total", "REST requests by answer.", {{"status", "4xx"}});
    Counter& server_error = counter("stoa_rest_requests_total", "REST requests by answer.", {{"status", "5xx"}});
    Counter& replayed = counter("stoa_rest_replayed_total", "Repeated writes that a receipt answered.");
    Histogram& duration_s = histogram("stoa_rest_duration_seconds", "From the whole request to its answer.");
};

Metrics& metrics() {
    static Metrics all;
    return all;
}

void add_headers(const Exchange& exchange, std::vector<net::Header>& headers) {
    headers.push_back({"X-Request-Id", exchange.request_id});
    if (!exchange.idempotency_key.empty()) headers.push_back({"Idempotency-Key", exchange.idempotency_key});
    if (exchange.cross_origin) headers.push_back({"Access-Control-Allow-Origin", "*"});
}

void send(Exchange& exchange, net::Response response, const Clock& clock) {
    if (exchange.format == Format::xml) {
        response.body = json::to_xml(response.body);
        response.content_type = "application/xml; charset=utf-8";
    }
    const std::int64_t took_us = clock.monotonic_us() - exchange.received_us;
    Metrics& all = metrics();
    (response.status < 400 ? all.ok : response.status < 500 ? all.client_error : all.server_error).add();
    all.duration_s.observe(static_cast<double>(took_us) / 1e6);
    if (log::enabled(log::Level::debug)) {
        const bool named = exchange.entry && exchange.identity;
        log::debug("rest_call", {{"request", exchange.request_id},
                                 {"method", named ? std::string_view(exchange.entry->method->name) : "-"},
                                 {"account", named ? exchange.identity->actor.account : 0},
                                 {"status", response.status},
                                 {"us", took_us}});
    }
    exchange.responder(std::move(response));
}

}  // namespace

void answer(Exchange& exchange, std::string prefix, const Clock& clock, bool replayed) {
    net::Response response;
    response.body = std::move(prefix);
    if (exchange.entry->kind != MethodEntry::Kind::bare) {
        CallTime time;
        time.start_us = exchange.start_us;
        time.finish_us = clock.now_us();
        time.processing_us = exchange.result.processing_us;
        time.operating_us = exchange.result.operating_us;
        response.body.append(",\"time\":");
        append_time(response.body, time, exchange.metadata ? *exchange.metadata->account.time_zone : *utc_time_zone());
        response.body.push_back('}');
    }
    response.headers.reserve(4);
    add_headers(exchange, response.headers);
    if (replayed) {
        response.headers.push_back({"Idempotent-Replayed", "true"});
        metrics().replayed.add();
    }
    send(exchange, std::move(response), clock);
}

void answer_error(Exchange& exchange, const Error& error, const Clock& clock) {
    const WireError wire = to_wire(exchange.wire, error, exchange.request_id);
    net::Response response;
    response.status = wire.status;
    append_error_body(response.body, exchange.wire, wire);
    add_headers(exchange, response.headers);
    if (wire.retry_after_s > 0) response.headers.push_back({"Retry-After", std::to_string(wire.retry_after_s)});
    if (wire.status == 405) response.headers.push_back({"Allow", "GET, POST, OPTIONS"});
    send(exchange, std::move(response), clock);
}

void answer_preflight(Exchange& exchange) {
    net::Response response;
    response.status = 204;
    add_headers(exchange, response.headers);
    response.headers.push_back({"Access-Control-Allow-Methods", "GET, POST, OPTIONS"});
    // Not X-Stoa-CSRF: a session may be used by our own pages only.
    response.headers.push_back(
        {"Access-Control-Allow-Headers",
         "Content-Type, Accept, Authorization, Idempotency-Key, X-Request-Id, X-Requested-With, Content-Range, "
         "Content-Digest, Repr-Digest"});
    response.headers.push_back(
        {"Access-Control-Expose-Headers", "X-Request-Id, Retry-After, Idempotent-Replayed, Range"});
    response.headers.push_back({"Access-Control-Max-Age", "86400"});
    exchange.responder(std::move(response));
}

}  // namespace stoa::rest
