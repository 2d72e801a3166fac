#include "cluster/state/live.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cluster/state/reader.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::cluster {
namespace {

constexpr std::array<std::string_view, 7> kStates{"stopped", "preparing",  "starting", "well",
                                                  "sick",    "restarting", "stopping"};

Status read(const json::Value& value, const std::string& where, LiveService& service) {
    std::string state = "stopped";
    Reader reader(value, where);
    reader.text("name", service.name).text("state", state).integer("pid", service.pid);
    reader.integer("restarts", service.restarts).text("version", service.version);
    reader.text("config_hash", service.config_hash).text("problem", service.problem);
    const auto found = std::find(kStates.begin(), kStates.end(), state);
    reader.require("state", found != kStates.end(), "is not a known state");
    if (found != kStates.end()) service.state = static_cast<ServiceState>(found - kStates.begin());
    return reader.status();
}

std::string allowed_text(const std::vector<Release::Allowed>& allowed, std::string Release::Allowed::*member) {
    std::vector<std::string> seen;
    std::string out;
    for (const Release::Allowed& pair : allowed) {
        if (std::find(seen.begin(), seen.end(), pair.*member) != seen.end()) continue;
        seen.push_back(pair.*member);
        out += (out.empty() ? "" : " or ") + pair.*member;
    }
    return out;
}

}  // namespace

std::string_view to_string(ServiceState state) {
    return kStates.at(static_cast<std::size_t>(state));
}

const LiveService* LiveHost::service(std::string_view wanted) const {
    const auto found = std::find_if(services.begin(), services.end(), [&](const auto& s) { return s.name == wanted; });
    return found == services.end() ? nullptr : &*found;
}

std::string to_json(const LiveHost& host) {
    std::string text;
    json::Writer out(text);
    out.begin_object().field("name", host.name).field("role", host.role).field("address", host.address);
    out.field("agent_version", host.agent_version).field("agent_pid", host.agent_pid);
    out.field("metrics_url", host.metrics_url).field("revision", host.revision);
    out.key("load").begin_object().field("cpu", host.load.cpu).field("memory_bytes", host.load.memory_bytes);
    out.field("disk_free_bytes", host.load.disk_free_bytes).end_object();
    out.key("services").begin_array();
    for (const LiveService& service : host.services) {
        out.begin_object().field("name", service.name).field("state", to_string(service.state));
        out.field("pid", service.pid).field("restarts", service.restarts).field("version", service.version);
        out.field("config_hash", service.config_hash).field("problem", service.problem).end_object();
    }
    out.end_array().end_object();
    return text;
}

Result<LiveHost> live_host_from_json(std::string_view text) {
    STOA_TRY(const json::Value value, json::parse(text));
    LiveHost host;
    Reader reader(value, "");
    reader.text("name", host.name).text("role", host.role).text("address", host.address);
    reader.text("agent_version", host.agent_version).integer("agent_pid", host.agent_pid);
    reader.text("metrics_url", host.metrics_url).integer("revision", host.revision);
    reader.object("load", [&](const json::Value& load, const std::string& at) {
        Reader inner(load, at);
        inner.real("cpu", host.load.cpu).integer("memory_bytes", host.load.memory_bytes);
        return inner.integer("disk_free_bytes", host.load.disk_free_bytes).status();
    });
    reader.each("services", [&](const json::Value& item, const std::string& at) {
        return read(item, at, host.services.emplace_back());
    });
    STOA_CHECK(reader.require("name", !host.name.empty(), "is missing").status());
    return host;
}

std::string Release::refuses(std::string_view version, std::string_view config_hash) const {
    if (std::find(allowed.begin(), allowed.end(), Allowed{std::string(version), std::string(config_hash)}) !=
        allowed.end()) {
        return "";
    }
    if (allowed.empty()) return "the cluster has no release yet";
    if (version.empty()) return "does not say its version";
    std::vector<Allowed> same;
    std::copy_if(allowed.begin(), allowed.end(), std::back_inserter(same),
                 [&](const Allowed& pair) { return pair.version == version; });
    if (same.empty()) {
        return "has version " + std::string(version) + ", the cluster " + allowed_text(allowed, &Allowed::version);
    }
    if (config_hash.empty()) return "does not say its configuration";
    return "has configuration " + std::string(config_hash) + ", the cluster " +
           allowed_text(same, &Allowed::config_hash);
}

std::string to_json(const Release& release) {
    std::string text;
    json::Writer out(text);
    out.begin_object().key("allowed").begin_array();
    for (const Release::Allowed& pair : release.allowed) {
        out.begin_object().field("version", pair.version).field("config_hash", pair.config_hash).end_object();
    }
    out.end_array().field("rollout", release.rollout).end_object();
    return text;
}

Result<Release> release_from_json(std::string_view text) {
    STOA_TRY(const json::Value value, json::parse(text));
    Release release;
    Reader reader(value, "");
    reader.each("allowed", [&](const json::Value& item, const std::string& at) {
        Release::Allowed& pair = release.allowed.emplace_back();
        Reader inner(item, at);
        return inner.text("version", pair.version).text("config_hash", pair.config_hash).status();
    });
    STOA_CHECK(reader.flag("rollout", release.rollout).status());
    return release;
}

std::string to_json(const Drain& drain) {
    std::string text;
    json::Writer(text).begin_object().field("reason", drain.reason).field("since_s", drain.since_s).end_object();
    return text;
}

Result<Drain> drain_from_json(std::string_view text) {
    STOA_TRY(const json::Value value, json::parse(text));
    Drain drain;
    Reader reader(value, "");
    STOA_CHECK(reader.text("reason", drain.reason).integer("since_s", drain.since_s).status());
    return drain;
}

}  // namespace stoa::cluster
