// stoa cluster status|drain|resume|doctor: what a cluster does, and taking hosts out of it.

#include <cstdio>

#include "app/commands/cluster_common.hpp"
#include "app/commands/common.hpp"
#include "base/file_util.hpp"
#include "cluster/lab/lab.hpp"
#include "cluster/plan/apply.hpp"
#include "cluster/plan/doctor.hpp"
#include "cluster/plan/drain.hpp"
#include "cluster/plan/engines/engines.hpp"
#include "json/writer.hpp"

namespace stoa::app {
namespace {

using namespace cluster;

constexpr std::size_t kSecretBytesMax = 4096;

struct HostView {
    std::string name, role, address;
    const LiveHost* live = nullptr;
    std::string drained;      ///< why, when it is
    std::string quarantined;  ///< why, when it may not serve
    bool well = false;
};

std::vector<HostView> views(const ClusterSpec& spec, const ClusterState& state) {
    std::vector<HostView> out;
    for (const HostSpec& host : spec.hosts) {
        HostView view;
        view.name = host.name;
        view.role = host.role;
        view.address = host.address;
        if (const auto drained = state.drains.find(host.name); drained != state.drains.end())
            view.drained = drained->second.reason.empty() ? "drained" : drained->second.reason;
        if (const auto live = state.live.find(host.name); live != state.live.end()) {
            view.live = &live->second;
            const auto wanted = state.hosts.find(host.name);
            view.well = wanted != state.hosts.end();
            for (const Service& service : view.well ? wanted->second.services : std::vector<Service>{}) {
                const LiveService* its = view.live->service(service.name);
                view.well = view.well && its && its->state == ServiceState::well;
            }
            if (const LiveService* web = view.live->service("web"))
                view.quarantined = state.release.refuses(web->version, web->config_hash);
        }
        out.push_back(std::move(view));
    }
    return out;
}

void write(json::Writer& out, const HostView& view) {
    out.begin_object().field("name", view.name).field("role", view.role).field("address", view.address);
    out.field("registered", view.live != nullptr).field("well", view.well);
    if (!view.drained.empty()) out.field("drained", view.drained);
    if (!view.quarantined.empty()) out.field("quarantined", view.quarantined);
    if (view.live) {
        out.field("agent_version", view.live->agent_version).field("agent_pid", view.live->agent_pid);
        out.field("revision", view.live->revision).field("cpu", view.live->load.cpu);
        out.field("memory_bytes", view.live->load.memory_bytes).key("services").begin_array();
        for (const LiveService& service : view.live->services) {
            out.begin_object()
                .field("name", service.name)
                .field("state", to_string(service.state))
                .field("pid", service.pid);
            out.field("restarts", service.restarts).field("version", service.version);
            out.field("config_hash", service.config_hash).field("problem", service.problem).end_object();
        }
        out.end_array();
    }
    out.end_object();
}

void print(const HostView& view) {
    std::string text = "  " + padded(view.name, 8) + padded(view.role, 8) + padded(view.address, 16);
    if (!view.live) {
        print_line(text + "not registered");
        return;
    }
    for (const LiveService& service : view.live->services) {
        text += service.name + " " + std::string(to_string(service.state));
        if (!service.version.empty()) text += " " + service.version;
        if (service.restarts > 0) text += " (" + std::to_string(service.restarts) + " restarts)";
        if (service.state != ServiceState::well && !service.problem.empty()) text += ": " + service.problem;
        if (&service != &view.live->services.back()) text += ", ";
    }
    if (!view.drained.empty()) text += "  [drained: " + view.drained + "]";
    if (!view.quarantined.empty()) text += "  [quarantined: " + view.quarantined + "]";
    print_line(text);
}

}  // namespace

Result<int> cluster_status(const ClusterOptions& options) {
    STOA_TRY(Reached reached, reach(options));
    STOA_TRY(const ClusterSpec spec, applied_spec(reached));
    STOA_TRY(const ClusterState state, read_state(*reached.etcd, reached.name));
    const auto hosts = views(spec, state);
    bool all_well = true;
    for (const HostView& host : hosts)
        all_well = all_well && host.well && host.quarantined.empty();
    if (options.json) {
        std::string text;
        json::Writer out(text);
        out.begin_object()
            .field("cluster", reached.name)
            .field("well", all_well)
            .field("rollout", state.release.rollout);
        out.key("release").begin_array();
        for (const auto& allowed : state.release.allowed)
            out.begin_object().field("version", allowed.version).field("config_hash", allowed.config_hash).end_object();
        out.end_array().key("hosts").begin_array();
        for (const HostView& host : hosts)
            write(out, host);
        out.end_array().end_object();
        print_line(text);
        return all_well ? 0 : 1;
    }
    for (const HostView& host : hosts)
        print(host);
    for (const auto& allowed : state.release.allowed)
        print_line("  release " + allowed.version + ", configuration " + allowed.config_hash +
                   (state.release.rollout ? " (rollout)" : ""));
    print_line(all_well ? "All is well." : "Not all is well.");
    return all_well ? 0 : 1;
}

Result<int> cluster_drain(const ClusterDrainOptions& options) {
    STOA_TRY(Reached reached, reach(options));
    STOA_TRY(const ClusterSpec spec, applied_spec(reached));
    DrainOptions drain_options;
    drain_options.reason = options.reason;
    drain_options.timeout_ms = options.timeout_s * 1000;
    if (!options.json) {
        drain_options.progress = [](int sessions) {
            if (sessions > 0) print_line("  " + std::to_string(sessions) + " requests are left");
        };
    }
    STOA_TRY(const bool empty, drain(*reached.etcd, spec, options.host, drain_options));
    if (options.json) {
        std::string text;
        json::Writer out(text);
        out.begin_object().field("host", options.host).field("drained", true).field("empty", empty).end_object();
        print_line(text);
    } else {
        print_line(empty ? options.host + " is empty. Give it requests again: stoa cluster resume " + options.host
                         : options.host + " still has requests; it gets no new ones.");
    }
    return empty ? 0 : 1;
}

Result<int> cluster_resume(const ClusterDrainOptions& options) {
    STOA_TRY(Reached reached, reach(options));
    STOA_TRY(const ClusterSpec spec, applied_spec(reached));
    STOA_CHECK(resume(*reached.etcd, spec, options.host));
    print_line(options.json ? R"({"host":")" + options.host + R"(","drained":false})"
                            : options.host + " gets requests again.");
    return 0;
}

Result<int> cluster_doctor(const ClusterDoctorOptions& options) {
    STOA_TRY(const ClusterSpec spec, spec_of(options));
    std::string secrets = options.secrets_dir;
    if (secrets.empty() && !options.cluster_dir.empty()) secrets = options.cluster_dir + "/secrets";
    const std::string password =
        secrets.empty() ? "" : read_file(secrets + "/" + engines::kRedisPassword, kSecretBytesMax).value_or("");
    const auto findings = ask_engines(spec, password);
    bool good = true;
    std::string text;
    json::Writer out(text);
    out.begin_object().key("engines").begin_array();
    for (const EngineFinding& finding : findings) {
        good = good && finding.good;
        out.begin_object()
            .field("host", finding.host)
            .field("engine", finding.engine)
            .field("answers", finding.answers);
        out.field("found", finding.found).field("required", finding.required).field("good", finding.good);
        out.field("advice", finding.advice).end_object();
        if (options.json) continue;
        print_line("  " + padded(finding.host, 8) + padded(finding.engine, 13) +
                   padded(finding.good ? "ok" : "BAD", 5) +
                   padded(finding.found.empty() ? (finding.answers ? "answers" : "silent") : finding.found, 30) +
                   (finding.required.empty() ? "" : ">= " + finding.required));
        if (!finding.advice.empty()) print_line("          -> " + finding.advice);
    }
    out.end_array().field("good", good).end_object();
    if (options.json) print_line(text);
    return good ? 0 : 2;
}

/// In a lab from each host to each; elsewhere from here.
Result<int> cluster_doctor_net(const ClusterDoctorOptions& options) {
    STOA_TRY(const ClusterSpec spec, spec_of(options));
    std::vector<std::pair<std::string, std::vector<RoundTrip>>> rows;
    if (options.cluster_dir.empty()) {
        rows.emplace_back("here", round_trips(spec));
    } else {
        STOA_TRY(const lab::LabInfo info, lab::load(options.cluster_dir));
        for (const lab::LabNode& node : info.nodes) {
            if (node.role == "client") continue;
            lab::inside(node.name_space, [&] { rows.emplace_back(node.name, round_trips(spec)); });
        }
    }
    bool good = true;
    double slowest = 0;
    std::string text, table = "  ms      ";
    json::Writer out(text);
    out.begin_object().key("rows").begin_array();
    for (const HostSpec& host : spec.hosts)
        table += padded(host.name, 7);
    for (const auto& [from, trips] : rows) {
        table += "\n  " + padded(from, 8);
        out.begin_object().field("from", from).key("ms").begin_object();
        for (const RoundTrip& trip : trips) {
            char number[32];
            std::snprintf(number, sizeof number, "%.2f", trip.ms);
            table += padded(trip.ms < 0 ? "-" : number + std::string(trip.ms > kRoundTripWarnMs ? "!" : ""), 7);
            out.field(trip.to, trip.ms);
            good = good && trip.ms >= 0 && trip.ms <= kRoundTripWarnMs;
            slowest = std::max(slowest, trip.ms);
        }
        out.end_object().end_object();
    }
    out.end_array().field("slowest_ms", slowest).field("good", good).end_object();
    print_line(options.json ? text : table);
    if (!options.json && !good)
        print_line(
            "Above 1 ms, or silent (-): each commit waits for such a round trip. Keep the hosts of a cluster in one "
            "place.");
    return good ? 0 : 1;
}

}  // namespace stoa::app
