// stoa lab up|down|status|kill|heal|host: the whole cluster on this machine.

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "app/commands/cluster.hpp"
#include "app/commands/common.hpp"
#include "cluster/lab/disturber.hpp"
#include "cluster/lab/fault_table.hpp"
#include "cluster/lab/lab.hpp"
#include "cluster/plan/topology.hpp"
#include "json/writer.hpp"

namespace stoa::app {
namespace {

using namespace cluster;

void say(const std::string& line) {
    std::printf("  %s\n", line.c_str());
    std::fflush(stdout);
}
void say_aside(const std::string& line) {
    std::fprintf(stderr, "%s\n", line.c_str());
}

std::string own_program() {
    std::error_code none;
    return std::filesystem::read_symlink("/proc/self/exe", none).string();
}

/// Of a checkout: what lies beside build/release/stoa. Of an installation: beside bin/stoa.
std::string beside_program(const std::vector<std::string>& choices) {
    const std::filesystem::path folder = std::filesystem::path(own_program()).parent_path();
    for (const std::string& choice : choices) {
        std::error_code none;
        const auto path = std::filesystem::weakly_canonical(folder / choice, none);
        if (std::filesystem::exists(path, none)) return path.string();
    }
    return {};
}

void print_up(const lab::LabInfo& info) {
    print_line("");
    if (const auto spec = load_spec(info.dir + "/cluster.toml")) print_line(topology_picture(*spec));
    print_line(info.already_up ? "  The lab is up already."
                               : "  The lab is up after " + std::to_string(info.ready_ms / 1000) + "." +
                                     std::to_string(info.ready_ms / 100 % 10) + " s.");
    print_line("  Portal       " + info.url + "   (certificate of the lab: " + info.ca_file + ")");
    if (!info.admin_link.empty() && !info.already_up) print_line("  Log in once  " + info.admin_link);
    if (!info.webhook_url.empty()) print_line("  Webhook      " + info.webhook_url);
    print_line("");
    print_line("  stoa lab status           what runs");
    print_line("  stoa lab kill web1        kill -9 a host; many other faults: --help");
    print_line("  stoa lab heal web1        bring it back");
    print_line("  stoa lab load             traffic whose every answer is checked");
    print_line("  stoa lab down             remove everything");
}

}  // namespace

Result<int> lab_up(const LabUpOptions& options) {
    lab::LabOptions lab_options;
    lab_options.dir = options.dir;
    lab_options.topology = options.topology == "single"   ? Topology::single
                           : options.topology == "galera" ? Topology::galera
                                                          : Topology::classic;
    lab_options.web = options.web;
    lab_options.push = options.push;
    lab_options.app = options.app;
    lab_options.network = options.network;
    lab_options.demo = !options.empty;
    lab_options.clocks = options.clocks;
    lab_options.program = own_program();
    lab_options.ui_dir = options.ui_dir.empty() ? beside_program({"../../ui/dist", "../share/stoa/ui"})
                                                : std::filesystem::absolute(options.ui_dir).string();
    lab_options.php_dir = beside_program({"../../deploy/examples/php-site", "../share/stoa/examples/php-site"});
    lab_options.progress = options.json ? say_aside : say;
    STOA_TRY(const lab::LabInfo info, lab::up(lab_options));
    if (options.json) {
        print_line(lab::to_json(info));
    } else {
        print_up(info);
    }
    return 0;
}

Result<int> lab_down(const LabNodeOptions& options) {
    STOA_CHECK(lab::down(options.dir, options.json ? lab::Progress() : lab::Progress(say)));
    print_line(options.json ? R"({"down":true})" : "  Nothing of the lab is left.");
    return 0;
}

Result<int> lab_status(const LabNodeOptions& options) {
    STOA_TRY(const lab::LabInfo info, lab::load(options.dir));
    STOA_TRY(const auto nodes, lab::status(options.dir));
    bool well = true;
    std::int64_t memory = 0;
    std::string text;
    json::Writer out(text);
    out.begin_object()
        .field("url", info.url)
        .field("state", info.state)
        .field("topology", info.topology)
        .key("nodes")
        .begin_array();
    for (const lab::NodeStatus& node : nodes) {
        memory += node.memory_bytes;
        out.begin_object()
            .field("name", node.node.name)
            .field("role", node.node.role)
            .field("address", node.node.address);
        out.field("namespace", node.node.name_space).field("pid", static_cast<std::int64_t>(node.node.pid));
        out.field("agent_runs", node.agent_runs).field("registered", node.registered);
        out.field("memory_bytes", node.memory_bytes).key("faults").begin_array();
        for (const std::string& fault : node.faults)
            out.text(fault);
        out.end_array().key("services").begin_object();
        std::string services;
        for (const LiveService& service : node.live.services) {
            out.field(service.name, to_string(service.state));
            services += (services.empty() ? "" : ", ") + service.name + " " + std::string(to_string(service.state));
            well = well && service.state == ServiceState::well;
        }
        out.end_object().end_object();
        well = well && node.faults.empty() && (node.registered || node.node.role == "client");
        if (options.json) continue;
        std::string faults;
        for (const std::string& fault : node.faults)
            faults += (faults.empty() ? "  [" : ", ") + fault;
        std::printf("  %-7s %-8s %-13s %5lld MB  %s%s%s\n", node.node.name.c_str(), node.node.role.c_str(),
                    node.node.address.c_str(), static_cast<long long>(node.memory_bytes / 1'000'000),
                    services.empty() && node.node.role != "client" ? "not registered" : services.c_str(),
                    faults.c_str(), faults.empty() ? "" : "]");
    }
    out.end_array().field("memory_bytes", memory).field("well", well).end_object();
    print_line(options.json ? text
                            : "  " + info.url + ", " + std::to_string(memory / 1'000'000) + " MB together. " +
                                  (well ? "All is well." : "Not all is well."));
    return well ? 0 : 1;
}

Result<int> lab_kill(const LabNodeOptions& options) {
    const auto fault = lab::fault_named(options.fault);
    if (!fault) return invalid("There is no fault '" + options.fault + "'.", "fault");
    STOA_CHECK(lab::kill(options.dir, options.name, *fault));
    print_line(options.json ? R"({"done":true})" : "  " + options.name + std::string(lab::row_of(*fault).done));
    return 0;
}

Result<int> lab_disturb(const LabNodeOptions& options) {
    const auto fault = lab::fault_named(options.fault);
    if (!fault) return invalid("There is no fault '" + options.fault + "'.", "fault");
    STOA_CHECK(lab::disturb(options.dir, options.name, *fault));
    return 0;
}

Result<int> lab_heal(const LabNodeOptions& options) {
    STOA_CHECK(lab::heal(options.dir, options.name));
    print_line(options.json ? R"({"done":true})" : "  " + options.name + " is healed.");
    return 0;
}

Result<int> lab_host_add(const LabNodeOptions& options) {
    STOA_TRY(const std::string name, lab::add_web_host(options.dir));
    STOA_TRY(const lab::LabInfo info, lab::load(options.dir));
    std::string text;
    json::Writer out(text);
    out.begin_object().field("name", name).field("address", info.node(name)->address).end_object();
    print_line(text);
    return 0;
}

Result<int> lab_host_remove(const LabNodeOptions& options) {
    STOA_CHECK(lab::remove_host(options.dir, options.name));
    print_line(options.json ? R"({"done":true})" : "  " + options.name + " is gone.");
    return 0;
}

}  // namespace stoa::app
