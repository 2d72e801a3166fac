#include "cluster/balancer/controller.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/file_util.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "cluster/balancer/limits.hpp"
#include "cluster/balancer/probe.hpp"
#include "cluster/balancer/render.hpp"
#include "cluster/balancer/socket_reset.hpp"

namespace stoa::cluster {
namespace {

constexpr std::int64_t kReloadPauseUs = 30'000'000;
constexpr std::int64_t kReloadAskUs = 2'000'000;

const WebServer* find(const BalancerView& view, std::string_view name) {
    for (const auto& server : view.web)
        if (server.name == name) return &server;
    return nullptr;
}

BalancerStatus::Server describe(const ServerStatus& server, const WebServer* wanted) {
    BalancerStatus::Server out{server.name, endpoint(server.address, server.port), "up", "", server.sessions};
    if (wanted == nullptr) {
        out.state = "leaving";
    } else if (server.maintenance) {
        out.state = "refused";
        out.reason = wanted->reason;
    } else if (!server.up) {
        out.state = server.checks_paused ? "paused" : "down";
        out.reason = server.check;
    } else if (server.draining) {
        out.state = "draining";
        out.reason = wanted->reason;
    }
    return out;
}

}  // namespace

std::vector<WebServer> web_servers_of(const std::vector<ServerStatus>& servers) {
    std::vector<WebServer> web;
    for (const auto& server : servers) {
        if (server.backend != "web" && server.backend != "push") continue;
        const Admission admission = server.maintenance ? Admission::refused
                                    : server.draining  ? Admission::draining
                                                       : Admission::admitted;
        web.push_back({server.name, server.address, server.port, admission, "", "", false, server.backend});
    }
    return web;
}

namespace {

bool serves_web(const ServerStatus& server) {
    return server.backend == "web" && server.up && !server.maintenance && !server.draining;
}

std::string primary_of(const std::vector<ServerStatus>& servers) {
    for (const auto& server : servers)
        if (server.backend == "db-rw" && !server.maintenance) return server.name;
    return "";
}

/// The tables' keys are IPv6 addresses.
std::string table_key(const std::string& address) {
    return address.find(':') == address.npos ? "::ffff:" + address : address;
}

}  // namespace

Controller::Controller(BalancerSpec spec, ControllerOptions options)
    : spec_(std::move(spec)),
      options_(std::move(options)),
      api_(options_.haproxy_dir + "/haproxy.sock"),
      guard_(spec_, options_.keepalived_dir.empty() ? "" : options_.keepalived_dir + "/fault"),
      waiting_room_({spec_.waiting_port, spec_.waiting_ms, spec_.buffer_bytes}),
      wanted_{spec_.web, std::nullopt} {}

Controller::~Controller() {
    stop();
}

void Controller::start() {
    guard_.start();
    if (has_waiting_room(spec_)) {
        if (const Status started = waiting_room_.start(); !started) {
            log::error("balancer_waiting_room", {{"problem", started.error().message},
                                                 {"do",
                                                  "set waiting_port to a free one; until then requests get 503 "
                                                  "while no web server is up"}});
        }
    }
    thread_ = std::thread([this] { run(); });
}

void Controller::stop() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    waiting_room_.stop();
    guard_.stop();
}

void Controller::want(BalancerView view) {
    {
        const MutexLock lock(mutex_);
        wanted_ = std::move(view);
        changed_ = true;
    }
    wake_.notify_all();
}

void Controller::run() {
    std::string last_problem;
    for (;;) {
        BalancerView view;
        {
            MutexLock lock(mutex_);
            if (!stopping_ && !changed_) wake_.wait_us(mutex_, limits::balancer_tick_ms * 1000);
            if (stopping_) return;
            changed_ = false;
            view = wanted_;
        }
        const Status done = reconcile(view);
        const std::string problem = done.ok() ? status().problem : done.error().message;
        if (problem != last_problem && !problem.empty()) log::warn("balancer_problem", {{"problem", problem}});
        last_problem = problem;
    }
}

Status Controller::reconcile(const BalancerView& view) {
    const MutexLock pass(pass_mutex_);
    std::vector<ProbeTarget> web;
    for (const auto& server : view.web)
        web.push_back({server.address, server.port});
    guard_.know(std::move(web));
    const auto servers = read_servers(api_);
    const Status written = write_backends(view, servers.ok() ? *servers : std::vector<ServerStatus>());
    if (!servers.ok()) {
        publish(view, {}, servers.error().message);
        return servers.error();
    }
    if (std::any_of(servers->begin(), servers->end(), serves_web)) waiting_room_.admit();
    const std::int64_t now_us = system_clock().monotonic_us();
    if (lacks_databases(*servers) && now_us - reloaded_us_ > kReloadPauseUs) {
        reloaded_us_ = now_us;
        log::info("balancer_reloads", {{"reason", "the list of databases has changed"}});
        return reload_locked();
    }
    std::string problem;
    Status done = run_all(web_servers_.decide(spec_, view, *servers, now_us, problem));
    const Status databases = run_all(decide_databases(view, *servers));
    const Status pauses = run_all(pauses_.decide(spec_, view, *servers, now_us));
    end_dead_connections(*servers);
    for (const auto* status : {&written, &databases, &pauses})
        if (done.ok() && !status->ok()) done = *status;
    if (!done.ok() && problem.empty()) problem = done.error().message;
    publish(view, *servers, problem);
    return done;
}

Status Controller::write_backends(const BalancerView& view, const std::vector<ServerStatus>& servers) {
    // What the view does not know stays as it is. A view that admits nobody is not carried out (see WebServers), so
    // HAProxy must not begin with it either.
    BalancerView written = view;
    if (written.web.empty()) written.web = web_servers_of(servers);
    const bool admits = std::any_of(written.web.begin(), written.web.end(), [](const auto& server) {
        return server.backend == "web" && server.admission == Admission::admitted;
    });
    if (!admits) return {};
    if (!written.db_primary && !spec_.databases.empty()) {
        if (servers.empty()) return {};
        written.db_primary = primary_of(servers);
    }
    std::string text = render_backends(spec_, written);
    const std::string path = options_.haproxy_dir + "/backends.cfg";
    if (text == backends_ && ::access(path.c_str(), F_OK) == 0) return {};
    STOA_CHECK(write_file_atomic(path, text, 0600));
    backends_ = std::move(text);
    return {};
}

bool Controller::lacks_databases(const std::vector<ServerStatus>& servers) const {
    return std::any_of(spec_.databases.begin(), spec_.databases.end(), [&](const DatabaseServer& db) {
        return std::none_of(servers.begin(), servers.end(), [&](const ServerStatus& server) {
            return server.backend == "db-rw" && server.name == db.name && server.address == db.address &&
                   server.port == db.port;
        });
    });
}

Status Controller::run_all(const Commands& commands) const {
    Status first;
    for (const auto& command : commands) {
        const Status done = api_.run(command);
        // A server that still ends a connection cannot be deleted yet: that is no failure.
        if (done.ok() || command.starts_with("del server ")) continue;
        if (first.ok()) first = done;
    }
    return first;
}

void Controller::end_dead_connections(const std::vector<ServerStatus>& servers) {
    const auto suspects = VanishedServers::suspects(servers);
    vanished_.keep_only(suspects);
    if (suspects.empty()) return;
    std::vector<ProbeTarget> targets;
    for (const auto* server : suspects)
        targets.push_back({server->address, server->port});
    const auto reach = probe_all(targets, limits::balancer_probe_ms);
    for (std::size_t i = 0; i < suspects.size(); ++i) {
        const ServerStatus& server = *suspects[i];
        if (!vanished_.vanished(server, reach[i])) continue;
        const auto ended = reset_connections(server.address, server.port);
        if (!ended.ok()) {
            log::error("balancer_reset_failed", {{"server", server.name}, {"problem", ended.error().message}});
        } else if (*ended > 0) {
            resets_ += *ended;
            counter("stoa_balancer_resets_total", "Connections to vanished web servers that were ended")
                .add(static_cast<std::uint64_t>(*ended));
            log::warn("balancer_connections_reset", {{"server", server.name}, {"connections", *ended}});
        }
    }
}

Status Controller::block(const std::string& address) {
    return api_.run("set table blocked key " + table_key(address) + " data.gpc0 1");
}

Status Controller::unblock(const std::string& address) {
    return api_.run("set table blocked key " + table_key(address) + " data.gpc0 0");
}

Status Controller::reload() {
    const MutexLock pass(pass_mutex_);
    return reload_locked();
}

Status Controller::reload_locked() {
    const std::string state_file = options_.haproxy_dir + "/servers.state";
    const auto worker = [&]() -> std::string {
        const auto info = api_.call("show info");
        if (!info.ok()) return {};
        const auto at = info->find("\nPid: ");
        return at == info->npos ? std::string() : info->substr(at, info->find('\n', at + 1) - at);
    };
    const std::string before = worker();
    STOA_TRY(std::string state, api_.call("show servers state"));
    STOA_CHECK(write_file_atomic(state_file, state + '\n', 0600));
    const RuntimeApi master(options_.haproxy_dir + "/master.sock");
    const std::int64_t begin_us = system_clock().monotonic_us();
    std::int64_t asked_us = 0;
    Status done;
    for (std::string now; (now = worker()).empty() || now == before; ::usleep(20'000)) {
        const std::int64_t now_us = system_clock().monotonic_us();
        if (now_us - begin_us > std::int64_t{limits::balancer_reload_ms} * 1000) {
            done =
                Error{Errc::timeout, "HAProxy did not reload; look at its output for a mistake in its configuration"};
            break;
        }
        // Asked again after a while: a master that is just starting itself anew forgets what it was asked.
        if (asked_us != 0 && now_us - asked_us < kReloadAskUs) continue;
        asked_us = now_us;
        (void)master.call("reload");  // it closes the connection, whatever becomes of it
    }
    ::unlink(state_file.c_str());  // it is true for this moment only
    return done;
}

BalancerStatus Controller::status() const {
    const MutexLock lock(mutex_);
    return status_;
}

void Controller::publish(const BalancerView& view, const std::vector<ServerStatus>& servers, std::string problem) {
    BalancerStatus status;
    for (const auto& server : servers) {
        if (server.backend == "web" || server.backend == "push")
            status.web.push_back(describe(server, find(view, server.name)));
    }
    status.db_primary = primary_of(servers);
    status.fault = guard_.fault();
    status.problem = std::move(problem);
    status.resets = resets_;
    const MutexLock lock(mutex_);
    status_ = std::move(status);
}

}  // namespace stoa::cluster
