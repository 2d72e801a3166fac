// What the wire adds to a call, piece by piece.

#include <benchmark/benchmark.h>

#include "rest/envelope.hpp"
#include "rest/leaky_buckets.hpp"
#include "rest/method_index.hpp"
#include "rest/operating_meter.hpp"
#include "rest/parameters.hpp"
#include "rest/request_head.hpp"
#include "rest/request_key.hpp"
#include "rest/route.hpp"

namespace stoa::rest {
namespace {

net::Request usual_request() {
    net::Request request;
    request.method = "POST";
    request.target = "/rest/1/abcdefghijklmnop/crm.deal.get?bx24_request_id=1&bx24_sdk_ver=2&bx24_sdk_type=b24-js";
    request.headers = {{"Host", "portal.test"},        {"User-Agent", "node"},
                       {"Accept", "application/json"}, {"Connection", "close"},
                       {"Accept-Encoding", "gzip"},    {"Content-Length", "10"},
                       {"X-Sdk-Name", "b24-js"},       {"Content-Type", "application/json"}};
    request.body = R"({"id":410})";
    return request;
}

void address_and_head(benchmark::State& state) {
    const net::Request request = usual_request();
    for (auto _ : state) {
        benchmark::DoNotOptimize(parse_route(request.path()));
        benchmark::DoNotOptimize(RequestHead::pick(request.headers));
    }
}
BENCHMARK(address_and_head);

void parameters(benchmark::State& state) {
    const net::Request request = usual_request();
    for (auto _ : state)
        benchmark::DoNotOptimize(read_parameters(request, "application/json"));
}
BENCHMARK(parameters);

void time_block(benchmark::State& state) {
    const auto zone = find_time_zone("Europe/Berlin").value_or(utc_time_zone());
    std::string out;
    std::int64_t now_us = 1'780'000'000'000'000;
    for (auto _ : state) {
        out.clear();
        now_us += 50;
        append_time(out, {now_us, now_us + 40, 20, 0}, *zone);
        benchmark::DoNotOptimize(out);
    }
}
BENCHMARK(time_block);

void limits_and_id(benchmark::State& state) {
    LeakyBuckets buckets(1e12, 500);
    OperatingMeter meter(0);
    std::int64_t now_us = 0;
    for (auto _ : state) {
        ++now_us;
        benchmark::DoNotOptimize(buckets.enter(1, "192.168.100.200", now_us));
        benchmark::DoNotOptimize(meter.add({1, 5, 7}, 20, now_us));
        benchmark::DoNotOptimize(make_request_id());
    }
}
BENCHMARK(limits_and_id);

void find_method(benchmark::State& state) {
    api::MethodTable table;
    for (int i = 0; i < 500; ++i)
        table.add(api::Method{.name = "crm.entity" + std::to_string(i) + ".get"});
    table.add(api::Method{.name = "crm.deal.get", .scope = "crm"});
    const MethodIndex index(table);
    for (auto _ : state)
        benchmark::DoNotOptimize(index.find(api::Wire::v2, "crm.deal.get"));
}
BENCHMARK(find_method);

}  // namespace
}  // namespace stoa::rest
