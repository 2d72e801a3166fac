#include "app/commands/serve_parts.hpp"

#include <pthread.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <thread>

#include "app/commands/common.hpp"
#include "base/file_util.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/thread_numbers.hpp"
#include "json/writer.hpp"
#include "net/tls_certificate.hpp"

namespace stoa::app {

namespace {

/// A balancer asks /ready about once a second and believes the second answer.
constexpr int kFarewellMs = 2'000;
constexpr std::size_t kPemBytesMax = 1024 * 1024;

Result<Config::Listen> parse_address(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0)
        return invalid("Write the address as ADDR:PORT, e.g. 127.0.0.1:8443.", "listen");
    Config::Listen listen;
    listen.address = text.substr(0, colon);
    if (listen.address.starts_with('[') && listen.address.ends_with(']')) {
        listen.address = listen.address.substr(1, listen.address.size() - 2);
    }
    const std::string port = text.substr(colon + 1);
    const auto parsed = std::from_chars(port.data(), port.data() + port.size(), listen.port);
    if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size()) {
        return invalid("The port in " + text + " is no number from 0 to 65535.", "listen");
    }
    return listen;
}

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

}  // namespace

Result<Config> serve_config(const ServeOptions& options) {
    STOA_TRY(Config config, config_of(options));
    if (!options.ui_dir.empty()) config.ui_dir = options.ui_dir;
    if (options.http) config.http = true;
    if (options.io_threads) config.io_threads = *options.io_threads;
    if (options.workers) config.workers = *options.workers;
    if (!options.listen.empty()) {
        config.listen.clear();
        for (const std::string& text : options.listen) {
            STOA_TRY(Config::Listen listen, parse_address(text));
            config.listen.push_back(std::move(listen));
        }
    }
    choose_threads(config);
    return config;
}

Result<net::ServerOptions> server_options(const Config& config, const ServeOptions& options) {
    net::ServerOptions server;
    for (const Config::Listen& listen : config.listen)
        server.listen.push_back({listen.address, listen.port, !config.http});
    for (const std::string& text : options.listen_http) {
        STOA_TRY(const Config::Listen listen, parse_address(text));
        server.listen.push_back({listen.address, listen.port, false});
    }
    server.io_threads = config.io_threads;
    server.connections_max = config.connections_max;
    // What waits on an I/O thread holds a session with the database.
    const auto threads = static_cast<std::size_t>(config.io_threads);
    server.fibers_running_max =
        std::clamp<std::size_t>(database_sessions(config) / threads, 1, limits::fibers_running_max);
    if (config.http) return server;
    if (!config.tls.certificate.empty()) {
        STOA_TRY(server.certificate_pem, read_file(config.tls.certificate, kPemBytesMax));
        STOA_TRY(server.private_key_pem, read_file(config.tls.private_key, kPemBytesMax));
        return server;
    }
    std::vector<std::string> names{"localhost", "127.0.0.1"};
    for (const Config::Listen& listen : config.listen) {
        const bool any = listen.address == "0.0.0.0" || listen.address == "::";
        if (!any && listen.address != "127.0.0.1") names.push_back(listen.address);
    }
    const std::string folder = config.data_dir + "/tls";
    STOA_CHECK(make_dir(folder, 0700));
    STOA_TRY(net::CertificatePem made, net::load_or_make_certificate(folder, names));
    server.certificate_pem = std::move(made.certificate);
    server.private_key_pem = std::move(made.private_key);
    return server;
}

void announce(const Config& config, const net::Server& server, const net::ServerOptions& options, bool json) {
    const std::vector<std::uint16_t> ports = server.ports();
    std::vector<std::string> urls;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const net::Listen& listen = options.listen[i];
        const bool v6 = listen.address.find(':') != std::string::npos;
        urls.push_back((listen.tls ? "https://" : "http://") + (v6 ? "[" + listen.address + "]" : listen.address) +
                       ":" + std::to_string(ports[i]));
    }
    std::string text;
    if (json) {
        json::Writer out(text);
        out.begin_object().field("ready", true).key("urls").begin_array();
        for (const std::string& url : urls)
            out.text(url);
        out.end_array().field("data", config.data_dir).field("version", kVersion).end_object();
    } else {
        text = "Stoa " + std::string(kVersion) + " is ready:";
        for (const std::string& url : urls)
            text += " " + url;
    }
    print_line(text);
}

push::HubOptions hub_options(const Config& config) {
    push::HubOptions options;
    options.publish.sender_per_s = config.push.sender_messages_per_s;
    options.publish.account_per_s = config.push.account_messages_per_s;
    return options;
}

void block_stop_signals() {
    const sigset_t signals = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void wait_for_stop_signal() {
    const sigset_t signals = stop_signals();
    int signal = 0;
    sigwait(&signals, &signal);
    log::info("stopping", {{"signal", signal}});
}

int say_farewell(const Config& config, Vitals& vitals) {
    vitals.drain();
    const int farewell_ms = config.trusted_proxies.empty() ? 0 : std::min(kFarewellMs, config.drain_ms / 4);
    std::this_thread::sleep_for(std::chrono::milliseconds(farewell_ms));
    return config.drain_ms - farewell_ms;
}

}  // namespace stoa::app
