#include "cluster/plan/drain.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/clock.hpp"
#include "cluster/state/keys.hpp"
#include "cluster/state/live.hpp"
#include "net/http_client.hpp"

namespace stoa::cluster {
namespace {

constexpr int kStatusPort = 8404;
constexpr int kAskMs = 1'500;
constexpr int kLookMs = 200;
constexpr std::size_t kMetricsBytesMax = 8 << 20;

Status known(const ClusterSpec& spec, const std::string& host) {
    if (spec.host(host)) return {};
    std::string names;
    for (const HostSpec& one : spec.hosts)
        names += (names.empty() ? "" : ", ") + one.name;
    return not_found("There is no host " + host + " in this cluster. There are " + names + ".");
}

}  // namespace

std::optional<double> sample(std::string_view metrics, std::string_view name, const std::vector<std::string>& labels) {
    for (std::size_t begin = 0; begin < metrics.size();) {
        const std::size_t end = std::min(metrics.find('\n', begin), metrics.size());
        const std::string_view line = metrics.substr(begin, end - begin);
        begin = end + 1;
        if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != '{') continue;
        const auto close = line.rfind("} ");
        if (close == std::string_view::npos) continue;
        const std::string_view inside = line.substr(name.size(), close - name.size() + 1);
        const bool all = std::all_of(labels.begin(), labels.end(), [inside](const std::string& label) {
            return inside.find("{" + label) != std::string_view::npos ||
                   inside.find("," + label) != std::string_view::npos;
        });
        if (all) return std::strtod(std::string(line.substr(close + 2)).c_str(), nullptr);
    }
    return std::nullopt;
}

std::vector<BalancerSessions> sessions_of(const ClusterSpec& spec, const std::string& host) {
    std::vector<BalancerSessions> out;
    for (const HostSpec* balancer : spec.of_role("lb")) {
        BalancerSessions one;
        one.balancer = balancer->name;
        net::ClientRequest request;
        request.url = "http://" + balancer->address + ":" + std::to_string(kStatusPort) + "/metrics";
        request.timeout_ms = kAskMs;
        request.allow_private_targets = true;
        request.answer_bytes_max = kMetricsBytesMax;
        if (const auto answer = net::fetch(request); answer && answer->status == 200) {
            one.answers = true;
            const bool is_push = spec.host(host) != nullptr && spec.host(host)->role == "push";
            const std::string server = "server=\"" + host + "\"", proxy = is_push ? "proxy=\"push\"" : "proxy=\"web\"";
            for (const char* what : {"haproxy_server_current_sessions", "haproxy_server_current_queue"})
                one.sessions += static_cast<int>(sample(answer->body, what, {proxy, server}).value_or(0));
            one.admits = sample(answer->body, "haproxy_server_status", {proxy, server, "state=\"UP\""}).value_or(0) > 0;
        }
        out.push_back(std::move(one));
    }
    return out;
}

Result<bool> drain(etcd::Client& etcd, const ClusterSpec& spec, const std::string& host, const DrainOptions& options) {
    STOA_CHECK(known(spec, host));
    const Keys keys(spec.name);
    STOA_TRY(const auto before, etcd.get(keys.drain(host)));
    if (!before) STOA_CHECK(etcd.put(keys.drain(host), to_json(Drain{options.reason, system_clock().now()})));
    const std::string& role = spec.host(host)->role;
    if (role != "web" && role != "push") return true;  // balancers give no requests to others
    const std::int64_t deadline = system_clock().monotonic_us() + std::int64_t{options.timeout_ms} * 1000;
    for (int told = -1;;) {
        int sessions = 0;
        bool answers = false, admits = false;
        for (const BalancerSessions& one : sessions_of(spec, host)) {
            answers = answers || one.answers;
            admits = admits || one.admits;
            sessions += one.sessions;
        }
        if (answers && !admits && (sessions == 0 || role == "push")) return true;
        if (options.progress && sessions != told) options.progress(sessions);
        told = sessions;
        if (system_clock().monotonic_us() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(kLookMs));
    }
}

Status resume(etcd::Client& etcd, const ClusterSpec& spec, const std::string& host) {
    STOA_CHECK(known(spec, host));
    STOA_CHECK(etcd.remove(Keys(spec.name).drain(host)));
    return {};
}

}  // namespace stoa::cluster
