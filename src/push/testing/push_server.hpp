#pragma once
// Tests only: a push server on a port of its own, alone or on a bus.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "push/endpoint.hpp"
#include "push/testing/push_client.hpp"

namespace stoa::push::testing {

using Kind = api::PushChannel::Kind;

struct PushServer {
    explicit PushServer(bus::Bus* bus = nullptr, const HubOptions& options = {})
        : hub(api::PushChannels("a key of some length"), bus, options) {
        net::ServerOptions listen;
        listen.io_threads = 2;
        server = net::testing::serve(
            [this](net::Request& request, net::Responder respond) { endpoint.handle(request, respond); },
            std::move(listen));
        if (server) server->every(20, [this] { hub.tick(); });
    }
    std::uint16_t port() const { return server->ports()[0]; }

    std::string name(Kind kind, UserId user, AccountId account = 1, const std::string& app = {}) const {
        return hub.channels().sign({kind, account, user, system_clock().now() + 600, app});
    }
    std::string channels_of(UserId user) const { return name(Kind::user, user) + "/" + name(Kind::account, 0); }
    PushClient connect(UserId user, const std::string& mid = {}) const { return {port(), channels_of(user), mid}; }
    void publish(const std::string& route, int number, AccountId account = 1) {
        const std::string params = "{\"n\":" + std::to_string(number) + "}";
        EXPECT_TRUE(hub.publish(account, {{route}, body_of("test", "number", params, 0), {}}).ok());
    }

    Hub hub;
    Endpoint endpoint{hub};
    std::unique_ptr<net::Server> server;
};

/// How a PushClient shows what publish() sent.
inline std::string number(int n) {
    return "test.number {\"n\":" + std::to_string(n) + "}";
}

}  // namespace stoa::push::testing
