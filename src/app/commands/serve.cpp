// stoa serve: the portal on its addresses until SIGTERM or SIGINT.

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "app/account_setup.hpp"
#include "app/commands/common.hpp"
#include "app/demo/demo.hpp"
#include "app/file_cleanup.hpp"
#include "app/file_store.hpp"
#include "app/housekeeping.hpp"
#include "app/router.hpp"
#include "base/crypto.hpp"
#include "base/file_util.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/thread_numbers.hpp"
#include "json/writer.hpp"
#include "modules/accounts/logins.hpp"
#include "modules/drive/public_links.hpp"
#include "net/tls_certificate.hpp"
#include "push/endpoint.hpp"
#include "push/relay.hpp"
#include "rest/events/event_service.hpp"

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

/// The configuration file, with the command line on top.
Result<Config> read_config(const ServeOptions& options) {
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

rest::RestOptions rest_options(const Config& config, files::Store& store) {
    rest::RestOptions options;
    options.trusted_proxies = config.trusted_proxies;
    options.bucket_size = config.rest.bucket_size;
    options.bucket_drain_per_s = config.rest.bucket_drain_per_s;
    options.operating_limit_s = config.rest.operating_limit_s;
    options.hold_ms = config.database.hold_ms;
    options.files.store = &store;
    options.files.folder = config.data_dir + "/uploads";
    options.files.presigned_downloads = config.files.presigned_downloads;
    options.files.find_public = drive::open_public_link;
    return options;
}

Result<accounts::LoginOutcome> sign_up(Portal& portal, accounts::LoginService& logins, const pages::SignUp& form,
                                       const accounts::Client& client, const accounts::Receipt& receipt) {
    STOA_CHECK(accounts::check_password(form.password));
    AccountRequest request;
    request.account.name = form.company;
    request.account.url = form.url;
    if (!form.language.empty()) request.account.language = form.language;
    if (!form.currency.empty()) request.account.currency = form.currency;
    if (!form.time_zone.empty()) request.account.time_zone = form.time_zone;
    request.email = form.email;
    request.first_name = form.name;
    request.last_name = form.last_name;
    request.with_credentials = false;
    request.password_hash = hash_password(form.password);
    request.receipt = receipt;
    STOA_TRY(const CreatedAccount created, create_account(portal, request));
    accounts::LoginRequest login;
    login.email = form.email;
    login.password = form.password;
    login.account = created.id;
    login.session_seed = form.session_seed;
    return logins.log_in(login, client, receipt.step("login"));
}

/// The same after a restart, another one for each process: what this one had claimed when it died is then its own
/// again. Empty where the system chooses the port.
std::string node_name(const Config& config) {
    std::string who = read_file("/etc/machine-id", 64).value_or("");
    char host[256] = "";
    ::gethostname(host, sizeof(host) - 1);
    std::error_code ignored;
    who += std::string("\n") + host + "\n" + std::filesystem::absolute(config.data_dir, ignored).string();
    for (const Config::Listen& listen : config.listen) {
        if (listen.port == 0) return {};
        who += "\n" + listen.address + ":" + std::to_string(listen.port);
    }
    return sha256_hex(who).substr(0, 16);
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

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

/// Everything that runs, in the order in which it is made; it goes in the reverse order.
struct Running {
    Running(Portal& portal, files::Store& store, const Config& config, rest::TrustedProxies proxies,
            api::PushChannels channels)
        : workers("worker", config.workers, limits::worker_queue_max),
          authenticator(portal.accounts(), notes, portal.identities()),
          logins(portal.accounts()),
          sign_ups(portal.model().clock),
          events(portal.api(), portal.database(), authenticator, event_options(config)),
          rest(portal.api(), portal.database(), authenticator, workers, rest_options(config, store)),
          hub(std::move(channels), portal.bus()),
          push(hub),
          relay(hub, portal.database(), portal.model().pushes),
          pages{portal.accounts(),
                authenticator,
                logins,
                workers,
                kVersion,
                config.public_url,
                config.signup.enabled,
                std::move(proxies),
                [&portal](AccountId account, const accounts::Receipt& receipt) -> Status {
                    auto removed = demo::purge(portal, account, receipt);
                    if (!removed) return std::move(removed).error();
                    return {};
                },
                [this, &portal](const pages::SignUp& form, const accounts::Client& client,
                                const accounts::Receipt& receipt) -> Result<accounts::LoginOutcome> {
                    STOA_CHECK(sign_ups.check("", client.remote_address));
                    sign_ups.failed("", client.remote_address);
                    return sign_up(portal, logins, form, client, receipt);
                }},
          housekeeping(portal, notes, workers),
          file_cleanup(portal, store) {}

    static rest::EventOptions event_options(const Config& config) {
        rest::EventOptions options;
        options.node = node_name(config);
        options.allow_private_targets = config.events.allow_private_targets;
        return options;
    }

    ThreadPool workers;
    accounts::UsageNotes notes;
    accounts::AccountAuthenticator authenticator;
    accounts::LoginService logins;
    accounts::LoginThrottle sign_ups;  ///< counts every attempt: a few per address and quarter of an hour
    rest::EventService events;
    rest::Endpoint rest;
    push::Hub hub;
    push::Endpoint push;
    push::Relay relay;
    pages::Services pages;
    Housekeeping housekeeping;
    FileCleanup file_cleanup;
};

}  // namespace

Status serve(const ServeOptions& options) {
    // Before any thread is made, so that all of them leave these signals to sigwait() below.
    const sigset_t signals = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    STOA_TRY(const Config config, read_config(options));
    log::configure(config.log.level, config.log.format);
    STOA_TRY(const auto portal, Portal::open(config, true));
    STOA_TRY(const auto files, open_file_store(config));
    if (const db::HomeAddress home = portal->homes().moved_to(); !home.address.empty() && !options.json) {
        print_line("Everything lives at " + home.address + ". " + promoted_hint(home));
    }
    STOA_TRY(pages::Assets assets, pages::Assets::load(config.ui_dir));
    STOA_TRY(rest::TrustedProxies proxies, rest::TrustedProxies::parse(config.trusted_proxies));
    STOA_TRY(const net::ServerOptions listen, server_options(config, options));

    STOA_TRY(api::PushChannels channels, portal->open_push(config));

    Running running(*portal, *files, config, std::move(proxies), std::move(channels));
    const pages::Site site(running.pages, std::move(assets));
    Router router(running.rest, running.push, site);
    net::Server server(listen, [&router](net::Request& request, net::Responder responder) {
        router.handle(request, std::move(responder));
    });
    STOA_CHECK(server.start());
    server.every(1'000, [&running] {
        running.housekeeping.tick();
        running.file_cleanup.tick(running.workers);
        running.hub.tick();
    });
    running.events.start();
    running.relay.start();
    announce(config, server, listen, options.json);
    log::info("serving", {{"version", kVersion}, {"io_threads", config.io_threads}, {"workers", config.workers}});

    int signal = 0;
    sigwait(&signals, &signal);
    log::info("stopping", {{"signal", signal}});
    router.drain();
    // Behind a balancer new requests are still taken until it has seen that nobody should come here any more.
    const int farewell_ms = config.trusted_proxies.empty() ? 0 : std::min(kFarewellMs, config.drain_ms / 4);
    std::this_thread::sleep_for(std::chrono::milliseconds(farewell_ms));
    running.hub.drain();
    server.drain(config.drain_ms - farewell_ms);
    server.stop();
    running.events.stop();
    running.relay.stop();
    running.workers.stop();
    files->close();
    running.housekeeping.finish();
    portal->database().close();
    log::info("stopped");
    return {};
}

}  // namespace stoa::app
