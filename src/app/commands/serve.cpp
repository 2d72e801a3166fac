// stoa serve: the portal on its addresses until SIGTERM or SIGINT.

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "app/account_setup.hpp"
#include "app/commands/common.hpp"
#include "app/commands/serve_parts.hpp"
#include "app/demo/demo.hpp"
#include "app/file_cleanup.hpp"
#include "app/file_store.hpp"
#include "app/housekeeping.hpp"
#include "app/router.hpp"
#include "base/crypto.hpp"
#include "base/file_util.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "modules/accounts/logins.hpp"
#include "modules/drive/public_links.hpp"
#include "push/endpoint.hpp"
#include "push/relay.hpp"
#include "rest/events/event_service.hpp"

namespace stoa::app {

namespace {

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

bool has_role(const ServeOptions& options, std::string_view role) {
    return std::find(options.roles.begin(), options.roles.end(), role) != options.roles.end();
}

Status check_roles(const ServeOptions& options, const Config& config) {
    for (const std::string& role : options.roles) {
        if (role != "web" && role != "push") return invalid("There is no role " + role + ": web and push.", "roles");
    }
    if (options.roles.empty()) return invalid("Name a role: web, push or both.", "roles");
    if (has_role(options, "push")) return {};
    STOA_TRY(const EngineUrl bus, bus_address(config));
    if (!bus.scheme.empty()) return {};
    return invalid("Without the role push, what clients should hear goes to other processes: set bus.url.", "bus.url");
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
          hub(std::move(channels), portal.bus(), hub_options(config)),
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
    block_stop_signals();

    STOA_TRY(const Config config, serve_config(options));
    log::configure(config.log.level, config.log.format);
    STOA_CHECK(check_roles(options, config));
    if (!has_role(options, "web")) return serve_push(config, options);
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
    Vitals vitals;
    Router router(vitals, running.rest, has_role(options, "push") ? &running.push : nullptr, site);
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

    wait_for_stop_signal();
    const int left_ms = say_farewell(config, vitals);
    running.hub.drain();
    server.drain(left_ms);
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
