// net_hello [port] [threads] [tls]: answers every request with "hello"; for measuring the server alone.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "net/server.hpp"
#include "net/tls_certificate.hpp"

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
    const bool tls = argc > 3 && std::string(argv[3]) == "tls";
    stoa::net::ServerOptions options;
    options.listen = {{"127.0.0.1", port, tls}};
    options.io_threads = argc > 2 ? std::atoi(argv[2]) : 1;
    if (const auto pem = stoa::net::make_self_signed({"localhost"}, 1); tls && pem.ok()) {
        options.certificate_pem = pem->certificate;
        options.private_key_pem = pem->private_key;
    }
    stoa::net::Server server(std::move(options), [](stoa::net::Request&, stoa::net::Responder respond) {
        stoa::net::Response response;
        response.content_type = "text/plain";
        response.body = "hello\n";
        respond(std::move(response));
    });
    if (const auto started = server.start(); !started.ok()) {
        std::fprintf(stderr, "%s\n", started.error().message.c_str());
        return 1;
    }
    std::printf("%s://127.0.0.1:%d/\n", tls ? "https" : "http", server.ports()[0]);
    std::fflush(stdout);
    ::pause();
}
