#include "cluster/balancer/decisions.hpp"

#include <algorithm>

#include "cluster/balancer/limits.hpp"
#include "cluster/balancer/render.hpp"

namespace stoa::cluster {
namespace {

constexpr std::string_view kWeb = "web", kPush = "push";
constexpr int kSilentProbes = 2;

bool ready(const ServerStatus& server) {
    return !server.maintenance && !server.draining;
}

bool serves(const ServerStatus& server) {
    return server.up && ready(server);
}

const ServerStatus* find(const std::vector<ServerStatus>& servers, std::string_view backend, std::string_view name) {
    for (const auto& server : servers)
        if (server.backend == backend && server.name == name) return &server;
    return nullptr;
}

const WebServer* find(const BalancerView& view, const ServerStatus& status) {
    for (const auto& server : view.web)
        if (server.backend == status.backend && server.name == status.name) return &server;
    return nullptr;
}

bool has_requests(const ServerStatus& server) {
    return server.backend == kWeb || server.backend == kPush;
}

/// Whether what would go to one of that backend may go to the other instead: web servers do all that push servers do.
bool stands_in(const ServerStatus& other, std::string_view backend) {
    return other.backend == backend || (other.backend == kWeb && backend == kPush);
}

std::string set_state(const ServerStatus& server, std::string_view state) {
    return "set server " + server.backend + '/' + server.name + " state " + std::string(state);
}

void add(const BalancerSpec& spec, const WebServer& wanted, Commands& out) {
    const std::string name = wanted.backend + '/' + wanted.name;
    out.push_back("add server " + name + ' ' + endpoint(wanted.address, wanted.port) + ' ' + web_server_options(spec));
    if (wanted.admission == Admission::refused) return;  // new servers begin in maintenance
    // Up only when its checks have passed: until then it is down, not the other way round.
    out.push_back("enable health " + name + "; enable server " + name + "; set server " + name + " health down");
    if (wanted.admission == Admission::draining) out.push_back("set server " + name + " state drain");
}

void change(const WebServer& wanted, const ServerStatus& server, Commands& out) {
    const std::string name = wanted.backend + '/' + wanted.name;
    if (server.address != wanted.address || server.port != wanted.port)
        out.push_back("set server " + name + " addr " + wanted.address + " port " + std::to_string(wanted.port));
    switch (wanted.admission) {
        case Admission::admitted:
            if (server.maintenance)
                out.push_back("enable health " + name + "; " + set_state(server, "ready") + "; set server " + name +
                              " health down");
            else if (server.draining)
                out.push_back(set_state(server, "ready"));
            break;
        case Admission::draining:
            if (!server.draining || server.maintenance) out.push_back(set_state(server, "drain"));
            break;
        case Admission::refused:
            if (!server.maintenance) out.push_back(set_state(server, "maint"));
            break;
    }
}

}  // namespace

Commands WebServers::decide(const BalancerSpec& spec, const BalancerView& view,
                            const std::vector<ServerStatus>& servers, std::int64_t now_us, std::string& problem) {
    Commands out;
    if (view.web.empty()) return out;
    const auto replaced = [&](std::string_view backend) {
        return std::any_of(servers.begin(), servers.end(), [&](const auto& server) {
            const WebServer* wanted = find(view, server);
            return stands_in(server, backend) && serves(server) && wanted != nullptr &&
                   wanted->admission == Admission::admitted;
        });
    };
    bool kept = false;
    for (const auto& wanted : view.web) {
        const ServerStatus* server = find(servers, wanted.backend, wanted.name);
        if (server == nullptr) {
            add(spec, wanted, out);
        } else if (replaced(wanted.backend) || !ready(*server) || wanted.admission == Admission::admitted) {
            change(wanted, *server, out);
        } else {
            kept = true;
        }
        leaving_since_us_.erase(wanted.name);
    }
    for (const auto& server : servers) {
        if (!has_requests(server) || find(view, server) != nullptr) continue;
        if (!replaced(server.backend) && ready(server)) {
            kept = true;
            continue;
        }
        const Commands leave = remove(server, now_us);
        out.insert(out.end(), leave.begin(), leave.end());
    }
    if (kept) problem = "no web server that is admitted is up: the others go on until one is";
    return out;
}

Commands WebServers::remove(const ServerStatus& server, std::int64_t now_us) {
    const std::string name = server.backend + '/' + server.name;
    const std::int64_t since_us = leaving_since_us_.try_emplace(server.name, now_us).first->second;
    const bool too_long = now_us - since_us >= std::int64_t{limits::balancer_removed_ms} * 1000;
    if (!server.maintenance && server.up && server.sessions > 0 && !too_long)
        return server.draining ? Commands() : Commands{set_state(server, "drain")};
    Commands out;
    if (!server.maintenance) out.push_back(set_state(server, "maint"));
    if (server.sessions > 0 && (too_long || !server.up)) out.push_back("shutdown sessions server " + name);
    out.push_back("del server " + name);  // refused while a connection ends: the next pass tries again
    return out;
}

Commands decide_databases(const BalancerView& view, const std::vector<ServerStatus>& servers) {
    Commands out;
    if (!view.db_primary) return out;
    // Nobody may write to the old primary when the new one begins.
    for (const auto& server : servers) {
        if (server.backend != "db-rw" || server.name == *view.db_primary || server.maintenance) continue;
        out.push_back(set_state(server, "maint"));
        out.push_back("shutdown sessions server db-rw/" + server.name);
    }
    const ServerStatus* primary = find(servers, "db-rw", *view.db_primary);
    if (primary != nullptr && primary->maintenance) out.push_back(set_state(*primary, "ready"));
    bool has_replica = false;
    for (const auto& server : servers) {
        if (server.backend != "db-ro" || server.name == *view.db_primary) continue;
        if (server.maintenance) out.push_back(set_state(server, "ready"));
        has_replica = has_replica || server.up;
    }
    const ServerStatus* reader = find(servers, "db-ro", *view.db_primary);
    if (reader != nullptr && reader->maintenance != has_replica)
        out.push_back(set_state(*reader, has_replica ? "maint" : "ready"));
    return out;
}

Commands FailurePauses::decide(const BalancerSpec& spec, const BalancerView& view,
                               const std::vector<ServerStatus>& servers, std::int64_t now_us) {
    Commands out;
    for (const auto& server : servers) {
        if (!has_requests(server) || server.maintenance) continue;
        const bool other_serves = std::any_of(servers.begin(), servers.end(), [&](const auto& other) {
            return stands_in(other, server.backend) && serves(other);
        });
        const WebServer* wanted = find(view, server);
        const std::string incarnation = wanted == nullptr ? "" : wanted->incarnation;
        const auto seen = passive_downs_.try_emplace(server.name, server.passive_downs).first;
        const bool failed_again = server.passive_downs > seen->second;
        seen->second = server.passive_downs;
        const bool starting = wanted != nullptr && wanted->starting;
        if (failed_again && !server.up && other_serves && !starting && spec.fail_timeout_ms > 0) {
            pauses_[server.name] = {now_us, incarnation};
            if (!server.checks_paused) out.push_back("disable health " + server.backend + '/' + server.name);
            continue;
        }
        const auto pause = pauses_.find(server.name);
        const bool paused = pause != pauses_.end() && !server.up && other_serves && !starting &&
                            pause->second.incarnation == incarnation &&
                            now_us - pause->second.since_us < std::int64_t{spec.fail_timeout_ms} * 1000;
        if (!paused) {
            if (pause != pauses_.end()) pauses_.erase(pause);
            // Also a pause that an earlier controller began: nobody else would end it.
            if (server.checks_paused) out.push_back("enable health " + server.backend + '/' + server.name);
        }
    }
    return out;
}

std::vector<const ServerStatus*> VanishedServers::suspects(const std::vector<ServerStatus>& servers) {
    std::vector<const ServerStatus*> found;
    for (const auto& server : servers) {
        if (!has_requests(server)) continue;
        // One in maintenance is not checked by HAProxy, but may still owe answers.
        if (server.maintenance ? server.sessions > 0 : (!server.up || server.check_failing)) found.push_back(&server);
    }
    return found;
}

bool VanishedServers::vanished(const ServerStatus& server, Reach reach) {
    int& silent = silent_[server.name];
    silent = reach == Reach::no_answer ? silent + 1 : 0;
    return silent >= kSilentProbes && (!server.up || server.maintenance);
}

void VanishedServers::keep_only(const std::vector<const ServerStatus*>& suspects) {
    std::erase_if(silent_, [&](const auto& entry) {
        return std::none_of(suspects.begin(), suspects.end(), [&](const auto* s) { return s->name == entry.first; });
    });
}

}  // namespace stoa::cluster
