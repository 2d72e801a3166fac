// net_hello [port] [threads]: answers every request with "hello"; for measuring and for looking at the server alone.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "net/server.hpp"

int main(int argc, char** argv) {
    stoa::net::ServerOptions options;
    options.listen = {{"127.0.0.1", static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0), false}};
    options.io_threads = argc > 2 ? std::atoi(argv[2]) : 1;
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
    std::printf("http://127.0.0.1:%d/\n", server.ports()[0]);
    std::fflush(stdout);
    ::pause();
}
