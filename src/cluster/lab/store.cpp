#include "cluster/lab/store.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/clock.hpp"
#include "base/file_util.hpp"
#include "cluster/lab/layout.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::cluster::lab {
namespace {

constexpr std::size_t kFileBytesMax = 1024 * 1024;

std::string text_of(const json::Value& object, std::string_view key) {
    const json::Value* value = object.find(key);
    return value ? value->as_text().value_or("") : "";
}
std::int64_t number_of(const json::Value& object, std::string_view key) {
    const json::Value* value = object.find(key);
    return value ? value->as_integer().value_or(0) : 0;
}

}  // namespace

const LabNode* LabInfo::node(std::string_view name) const {
    for (const LabNode& one : nodes) {
        if (one.name == name) return &one;
    }
    return nullptr;
}

std::string to_json(const LabInfo& info) {
    std::string text;
    json::Writer out(text);
    out.begin_object();
    out.field("state", info.state).field("url", info.url).field("webhook_url", info.webhook_url);
    out.field("admin_link", info.admin_link)
        .field("login_link", info.login_link)
        .field("ca_file", info.ca_file)
        .field("topology", info.topology);
    out.field("app", info.app).field("dir", info.dir).field("id", info.id).field("network", info.network);
    out.field("switch", info.switch_space).field("program", info.program).field("ready_ms", info.ready_ms);
    if (info.clocks) out.field("clocks", true);
    if (info.already_up) out.field("already_up", true);
    out.key("nodes").begin_array();
    for (const LabNode& node : info.nodes) {
        out.begin_object().field("name", node.name).field("role", node.role).field("namespace", node.name_space);
        out.field("pid", static_cast<std::int64_t>(node.pid)).field("address", node.address).end_object();
    }
    out.end_array().end_object();
    return text;
}

Status save(const LabInfo& info) {
    return write_file_atomic(info.dir + "/lab.json", to_json(info) + "\n", 0600);
}

Result<LabInfo> load(const std::string& dir) {
    const std::string folder = absolute_dir(dir);
    const auto text = read_file(folder + "/lab.json", kFileBytesMax);
    if (!text) {
        if (text.error().code == Errc::not_found)
            return not_found("No lab is up in " + dir + ". Start one: stoa lab up");
        return text.error();
    }
    STOA_TRY(const json::Value value, json::parse(*text));
    LabInfo info;
    info.dir = folder;
    info.state = text_of(value, "state");
    info.url = text_of(value, "url");
    info.webhook_url = text_of(value, "webhook_url");
    info.admin_link = text_of(value, "admin_link");
    info.login_link = text_of(value, "login_link");
    info.ca_file = text_of(value, "ca_file");
    info.topology = text_of(value, "topology");
    info.app = text_of(value, "app");
    info.id = text_of(value, "id");
    info.network = static_cast<int>(number_of(value, "network"));
    info.switch_space = text_of(value, "switch");
    info.program = text_of(value, "program");
    info.ready_ms = number_of(value, "ready_ms");
    const json::Value* clocks = value.find("clocks");
    info.clocks = clocks != nullptr && clocks->as_bool().value_or(false);
    if (const json::Value* nodes = value.find("nodes")) {
        for (const json::Value* node : nodes->items())
            info.nodes.push_back({text_of(*node, "name"), text_of(*node, "role"), text_of(*node, "namespace"),
                                  static_cast<pid_t>(number_of(*node, "pid")), text_of(*node, "address")});
    }
    if (info.id != id_of(folder))
        return invalid(folder + "/lab.json is of another folder. Remove it, or move it back.", "dir");
    return info;
}

std::string absolute_dir(const std::string& dir) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(dir)).string();
}

Result<Fd> lock_lab(const std::string& absolute_dir, int timeout_ms) {
    // Beside the namespaces: the folder itself comes and goes.
    STOA_CHECK(make_dir("/run/stoa-lab", 0700));
    Fd file(::open(("/run/stoa-lab/" + id_of(absolute_dir)).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return internal_error("Cannot write to /run/stoa-lab.");
    const std::int64_t deadline = system_clock().monotonic_us() + std::int64_t{timeout_ms} * 1000;
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (system_clock().monotonic_us() > deadline)
            return Error{Errc::conflict, "Another command works on the lab in " + absolute_dir + "."};
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return file;
}

std::string host_dir(const LabInfo& info, const std::string& host) {
    return info.dir + "/" + host;
}
std::string secrets_dir(const LabInfo& info) {
    return info.dir + "/secrets";
}
std::string spec_file(const LabInfo& info) {
    return info.dir + "/cluster.toml";
}

}  // namespace stoa::cluster::lab
