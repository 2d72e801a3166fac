// Connections that do nothing, and connections that all come back at once.

#include <algorithm>
#include <memory>

#include "report.hpp"
#include "tests.hpp"
#include "web_load.hpp"

namespace stoa::bench {
namespace {

constexpr int kWarmUpMs = 500, kBeforeMs = 3'000, kBetweenStormsMs = 200;

double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double one : values)
        sum += one;
    return sum / static_cast<double>(values.size());
}

}  // namespace

void idle_connections(Load& load) {
    const std::int64_t begun_ns = now_ns();
    const double kib = load.connect_all(false);
    const double connected_s = static_cast<double>(now_ns() - begun_ns) / 1e9;
    const double cpu_s = load.cost().cpu_s;
    load.run_for(load.options().idle_s * 1'000);
    const double idle_percent =
        load.options().idle_s == 0 ? 0 : (load.cost().cpu_s - cpu_s) * 100 / load.options().idle_s;

    Sender sender(load.epoll(), load.target().publish_port(), 0, [](Sender&) {});
    const std::int64_t sent_ns = now_ns();
    for (const std::string& request : load.target().broadcast_requests(load.options().clients, message_text(0)))
        sender.send(request);
    load.wait([&] { return load.deliveries().count() >= load.options().clients; });
    const double all_ms = static_cast<double>(now_ns() - sent_ns) / 1e6;
    load.settle();

    const auto heard = static_cast<double>(load.deliveries().count());
    Report out(load.options());
    out.add("connected_s", connected_s, text_of("up in %.1f s", connected_s));
    out.add("kib_per_client", kib, text_of("%6.2f KiB each", kib));
    out.add("idle_cpu_percent", idle_percent, text_of("idle %.1f %% CPU", idle_percent));
    out.add("broadcast_heard", heard, text_of("a broadcast reaches %.0f", heard));
    out.add("broadcast_ms", all_ms, text_of("in %.0f ms", all_ms));
    out.add("doubled", static_cast<double>(load.deliveries().doubled()));
    out.print();
}

void reconnect_storm(Load& load) {
    const Options& options = load.options();
    load.connect_all(false);
    std::unique_ptr<WebLoad> web;
    if (options.web_port != 0) {
        web = std::make_unique<WebLoad>(options.web_port, options.web_path, options.web_rate);
        load.run_for(kWarmUpMs);
        web->set_phase(WebLoad::Phase::before);
        load.run_for(kBeforeMs);
        web->set_phase(WebLoad::Phase::unmeasured);
    }
    std::vector<double> rates, costs;
    for (int i = 0; i < options.storms; ++i) {
        if (i > 0) load.run_for(kBetweenStormsMs);
        const double cpu_before_s = load.cost().cpu_s;
        if (web) web->set_phase(WebLoad::Phase::during);
        rates.push_back(options.clients / load.storm());
        if (web) web->set_phase(WebLoad::Phase::unmeasured);
        costs.push_back((load.cost().cpu_s - cpu_before_s) * 1e6 / options.clients);
    }
    Report out(options);
    out.add("connections_per_s", mean(rates), text_of("%8.0f/s", mean(rates)));
    out.add("cpu_us_per_connection", mean(costs), text_of("%7.2f us CPU each", mean(costs)));
    if (web) web->report_to(out);
    out.print();
}

}  // namespace stoa::bench
