#include "cluster/state/service.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "base/crypto.hpp"
#include "cluster/state/reader.hpp"
#include "json/parse.hpp"

namespace stoa::cluster {
namespace {

using Kind = HealthCheck::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, 4> kKinds{
    {{Kind::none, "none"}, {Kind::tcp, "tcp"}, {Kind::http, "http"}, {Kind::command, "command"}}};
constexpr int kSignalMax = 64;
constexpr int kLongestMs = 24 * 3600 * 1000;

void write(json::Writer& out, std::string_view name, const std::vector<std::string>& texts) {
    out.key(name).begin_array();
    for (const std::string& text : texts)
        out.text(text);
    out.end_array();
}

void write(json::Writer& out, const ServiceFile& file) {
    out.begin_object().field("path", file.path).field("content", file.content).field("mode", file.mode);
    out.field("shared", file.shared).end_object();
}

void write(json::Writer& out, const HealthCheck& check) {
    const auto kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& k) { return k.first == check.kind; });
    out.begin_object().field("kind", kind->second).field("address", check.address);
    write(out, "command", check.command);
    out.field("interval_ms", check.interval_ms).field("timeout_ms", check.timeout_ms).field("fall", check.fall);
    out.field("kill_after_ms", check.kill_after_ms).end_object();
}

void write(json::Writer& out, const Service& service) {
    out.begin_object().field("name", service.name);
    write(out, "argv", service.argv);
    out.key("environment").begin_object();
    for (const auto& [name, value] : service.environment)
        out.field(name, value);
    out.end_object().key("files").begin_array();
    for (const ServiceFile& file : service.files)
        write(out, file);
    out.end_array();
    write(out, "folders", service.folders);
    out.key("prepare").begin_array();
    for (const auto& command : service.prepare) {
        out.begin_array();
        for (const std::string& argument : command)
            out.text(argument);
        out.end_array();
    }
    out.end_array().key("health");
    write(out, service.health);
    if (service.reload_signal != 0) out.field("reload_signal", service.reload_signal);
    out.field("stop_signal", service.stop_signal).field("stop_grace_ms", service.stop_grace_ms);
    out.field("restart_first_ms", service.restart_first_ms);
    out.field("restart_longest_ms", service.restart_longest_ms).end_object();
}

/// Below the service's folder and nowhere else.
bool stays_inside(std::string_view path) {
    if (path.empty() || path.front() == '/') return false;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        if (path.substr(0, slash) == "..") return false;
        path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
    }
    return true;
}

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == name.npos;
}

Status read(const json::Value& value, const std::string& where, ServiceFile& file) {
    Reader reader(value, where);
    reader.text("path", file.path).text("content", file.content).integer("mode", file.mode, 0, 07777);
    reader.flag("shared", file.shared);
    return reader.require("path", stays_inside(file.path), "must be a path inside the service's folder").status();
}

Status read(const json::Value& value, const std::string& where, HealthCheck& check) {
    std::string kind = "none";
    Reader reader(value, where);
    reader.text("kind", kind).text("address", check.address).texts("command", check.command);
    reader.integer("interval_ms", check.interval_ms, 10, kLongestMs);
    reader.integer("timeout_ms", check.timeout_ms, 10, kLongestMs).integer("fall", check.fall, 1, 1'000);
    reader.integer("kill_after_ms", check.kill_after_ms, 0, kLongestMs);
    const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& k) { return k.second == kind; });
    reader.require("kind", found != kKinds.end(), "must be none, tcp, http or command");
    if (found == kKinds.end()) return reader.status();
    check.kind = found->first;
    reader.require("command", check.kind != Kind::command || !check.command.empty(), "must name a program");
    const bool has_address = check.kind != Kind::tcp && check.kind != Kind::http;
    return reader.require("address", has_address || !check.address.empty(), "must say where to look").status();
}

Status read_environment(const json::Value& value, const std::string& where, Service& service) {
    if (!value.is_object()) return invalid(where + " must be an object.", where);
    for (const auto& [name, text] : value.object()) {
        if (!text.is_string() || name.empty() || name.find('=') != name.npos) {
            return invalid(where + "." + name + " must be a variable with a string.", where + "." + name);
        }
        service.environment.emplace_back(name, text.string());
    }
    return {};
}

Status read(const json::Value& value, const std::string& where, Service& service) {
    Reader reader(value, where);
    reader.text("name", service.name).texts("argv", service.argv);
    reader.object("environment",
                  [&](const json::Value& item, const std::string& at) { return read_environment(item, at, service); });
    reader.each("files", [&](const json::Value& item, const std::string& at) {
        return read(item, at, service.files.emplace_back());
    });
    reader.texts("folders", service.folders).text_lists("prepare", service.prepare);
    reader.object("health",
                  [&](const json::Value& item, const std::string& at) { return read(item, at, service.health); });
    reader.integer("reload_signal", service.reload_signal, 0, kSignalMax);
    reader.integer("stop_signal", service.stop_signal, 1, kSignalMax);
    reader.integer("stop_grace_ms", service.stop_grace_ms, 0, kLongestMs);
    reader.integer("restart_first_ms", service.restart_first_ms, 1, kLongestMs);
    reader.integer("restart_longest_ms", service.restart_longest_ms, 1, kLongestMs);
    reader.require("name", is_name(service.name), "must be a name of a-z, 0-9 and '-'");
    reader.require("argv", !service.argv.empty() && !service.argv[0].empty(), "must name a program");
    for (const std::string& folder : service.folders) {
        reader.require("folders", stays_inside(folder), "must be paths inside the service's folder");
    }
    for (const auto& command : service.prepare)
        reader.require("prepare", !command.empty() && !command[0].empty(), "must name a program each");
    return reader.status();
}

}  // namespace

std::string config_hash(const Service& service) {
    std::vector<const ServiceFile*> shared;
    for (const ServiceFile& file : service.files) {
        if (file.shared) shared.push_back(&file);
    }
    std::sort(shared.begin(), shared.end(), [](const auto* a, const auto* b) { return a->path < b->path; });
    std::string all;
    for (const ServiceFile* file : shared) {
        // With their lengths, so that no two lists of files look the same.
        all += std::to_string(file->path.size()) + ":" + file->path;
        all += std::to_string(file->content.size()) + ":" + file->content;
    }
    return sha256_hex(all).substr(0, 16);
}

std::string to_json(const HostServices& services) {
    std::string text;
    json::Writer out(text);
    out.begin_object().field("revision", services.revision).key("services").begin_array();
    for (const Service& service : services.services)
        write(out, service);
    out.end_array().end_object();
    return text;
}

Result<HostServices> host_services_from_json(std::string_view text) {
    STOA_TRY(const json::Value value, json::parse(text));
    HostServices services;
    Reader reader(value, "");
    reader.integer("revision", services.revision).each("services", [&](const json::Value& item, const std::string& at) {
        return read(item, at, services.services.emplace_back());
    });
    std::set<std::string_view> names;
    for (const Service& service : services.services) {
        reader.require("services", names.insert(service.name).second, "must have each name once");
    }
    STOA_CHECK(reader.status());
    return services;
}

}  // namespace stoa::cluster
