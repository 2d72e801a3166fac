// stoa serve --roles push: the push server alone.

#include "app/commands/serve_parts.hpp"
#include "app/portal.hpp"
#include "app/push_key.hpp"
#include "app/router.hpp"
#include "app/store.hpp"
#include "base/log.hpp"
#include "bus/bus.hpp"

namespace stoa::app {

Status serve_push(const Config& config, const ServeOptions& options) {
    STOA_TRY(const EngineUrl address, bus_address(config));
    if (address.scheme.empty()) {
        return invalid("A push server of its own hears the others on a bus: set bus.url.", "bus.url");
    }
    if (config.push.key_file.empty()) {
        return invalid(
            "A push server of its own needs the key with which the web processes sign channels: set push.key_file, the "
            "same file for all.",
            "push.key_file");
    }
    STOA_TRY(std::string key, push_key(config));
    STOA_TRY(const auto bus, bus::open(address));
    STOA_TRY(const net::ServerOptions listen, server_options(config, options));

    push::Hub hub(api::PushChannels(std::move(key)), bus.get(), hub_options(config));
    push::Endpoint endpoint(hub);
    // Whoever came here would wait for a stream that does not arrive; at another process it may.
    Vitals vitals([&bus] { return bus->connected() ? std::string() : std::string("the bus is away"); });
    PushRouter router(vitals, endpoint);
    net::Server server(listen, [&router](net::Request& request, const net::Responder& responder) {
        router.handle(request, responder);
    });
    STOA_CHECK(server.start());
    server.every(1'000, [&hub] { hub.tick(); });
    announce(config, server, listen, options.json);
    log::info("serving", {{"version", kVersion}, {"roles", "push"}, {"io_threads", config.io_threads}});

    wait_for_stop_signal();
    const int left_ms = say_farewell(config, vitals);
    hub.drain();
    server.drain(left_ms);
    server.stop();
    log::info("stopped");
    return {};
}

}  // namespace stoa::app
