#include "cluster/balancer/cluster_view.hpp"

#include <algorithm>
#include <string_view>

#include "cluster/state/live.hpp"
#include "cluster/state/service.hpp"
#include "json/parse.hpp"

namespace stoa::cluster {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

const WebServer* find(const BalancerView& view, std::string_view backend, std::string_view name) {
    const auto found = std::find_if(view.web.begin(), view.web.end(), [&](const auto& server) {
        return server.backend == backend && server.name == name;
    });
    return found == view.web.end() ? nullptr : &*found;
}

/// The servers of one backend, and what they run.
struct Pool {
    std::string backend, service;
    std::uint16_t port;
    /// Whether they must be of the cluster's release. It is that of web servers; what push servers tell each other and
    /// clients is the same in all.
    bool has_release;
};

std::vector<Pool> pools_of(const BalancerSpec& spec) {
    std::vector<Pool> pools{{"web", spec.web_service, spec.web_port, true}};
    if (!spec.push_path.empty()) pools.push_back({"push", spec.push_service, spec.push_port, false});
    return pools;
}

bool runs_well(const LiveService& service) {
    return service.state == ServiceState::well;
}

/// Why the service gets nothing new although its host is there; empty when that is not so.
std::string why_draining(const Values& values, const Keys& keys, const std::string& host, const LiveService& service) {
    if (const auto drain = values.find(keys.drain(host)); drain != values.end()) {
        const auto read = drain_from_json(drain->second);
        return read.ok() && !read->reason.empty() ? read->reason : "is drained";
    }
    if (service.state == ServiceState::stopping || service.state == ServiceState::stopped) return "is stopped";
    return "";
}

/// One host that is registered; nullopt when it is not to be added (yet).
std::optional<WebServer> from_live(const Values& values, const Keys& keys, const Pool& pool, const Release* release,
                                   const LiveHost& host, const WebServer* before) {
    const LiveService* service = host.service(pool.service);
    if (service == nullptr) return std::nullopt;
    if (before == nullptr && !runs_well(*service)) return std::nullopt;
    WebServer server{host.name, host.address, pool.port, Admission::admitted, "", "", false, pool.backend};
    server.incarnation = std::to_string(service->pid) + '/' + std::to_string(service->restarts);
    server.starting = !runs_well(*service);
    if (before != nullptr && !runs_well(*service)) {
        // What it says of itself is not known while it starts: it stays what it was, and HAProxy's checks decide.
        server.admission = before->admission;
        server.reason = before->reason;
    } else if (release != nullptr && pool.has_release) {
        server.reason = release->refuses(service->version, service->config_hash);
        if (!server.reason.empty()) server.admission = Admission::refused;
    }
    if (server.admission == Admission::refused) return server;
    server.reason = why_draining(values, keys, host.name, *service);
    server.admission = server.reason.empty() ? Admission::admitted : Admission::draining;
    return server;
}

bool still_wanted(const Values& values, const Keys& keys, const std::vector<Pool>& pools, const WebServer& server) {
    const auto pool =
        std::find_if(pools.begin(), pools.end(), [&](const Pool& one) { return one.backend == server.backend; });
    if (pool == pools.end()) return false;
    const auto text = values.find(keys.services(server.name));
    if (text == values.end()) return false;
    const auto services = host_services_from_json(text->second);
    if (!services.ok()) return true;  // written by another version: no reason to take a server away
    return std::any_of(services->services.begin(), services->services.end(),
                       [&](const Service& service) { return service.name == pool->service; });
}

/// Who takes writes, by the key of the database's leader. Absent when the cluster keeps no such keys.
std::optional<std::string> primary_of(const Values& values, const Keys& keys) {
    const std::string prefix = keys.root() + "database/";
    const auto first = values.lower_bound(prefix);
    if (first == values.end() || !first->first.starts_with(prefix)) return std::nullopt;
    const auto leader = values.find(prefix + "leader");
    if (leader == values.end()) return "";
    const auto parsed = json::parse(leader->second);
    if (!parsed.ok()) return std::nullopt;
    const json::Value* name = parsed->find("name");
    const json::Value* open = parsed->find("open");
    if (name == nullptr || !name->is_string()) return std::nullopt;
    const bool takes_writes = open != nullptr && open->is_bool() && open->boolean();
    return takes_writes ? name->string() : std::string();
}

}  // namespace

BalancerView view_of_cluster(const Values& values, const Keys& keys, const BalancerSpec& spec,
                             const BalancerView& previous) {
    BalancerView view;
    const std::vector<Pool> pools = pools_of(spec);
    std::optional<Release> release;
    if (const auto text = values.find(keys.release()); text != values.end()) {
        auto read = release_from_json(text->second);
        if (read.ok() && !read->allowed.empty()) release = std::move(*read);
    }
    const std::string prefix = keys.live();
    for (auto entry = values.lower_bound(prefix); entry != values.end() && entry->first.starts_with(prefix); ++entry) {
        const auto host = live_host_from_json(entry->second);
        if (!host.ok()) continue;
        for (const Pool& pool : pools) {
            auto server = from_live(values, keys, pool, release ? &*release : nullptr, *host,
                                    find(previous, pool.backend, host->name));
            if (server) view.web.push_back(std::move(*server));
        }
    }
    for (const auto& server : previous.web) {
        if (find(view, server.backend, server.name) != nullptr || !still_wanted(values, keys, pools, server)) continue;
        WebServer kept = server;
        if (kept.admission == Admission::draining && !values.contains(keys.drain(server.name))) {
            kept.admission = Admission::admitted;
            kept.reason.clear();
        }
        view.web.push_back(std::move(kept));
    }
    std::sort(view.web.begin(), view.web.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    view.db_primary = primary_of(values, keys);
    return view;
}

}  // namespace stoa::cluster
