#include "cluster/plan/spec.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <set>

#include "base/file_util.hpp"
#include "cluster/limits.hpp"
#include "cluster/plan/table_reader.hpp"

namespace stoa::cluster {
namespace {

constexpr std::size_t kSpecBytesMax = 1024 * 1024;
constexpr std::size_t kFileBytesMax = 256 * 1024;
constexpr std::size_t kHostNameMax = 40;
const std::vector<std::string_view> kRoles{"lb", "web", "push", "db", "redis", "etcd", "files"};

bool is_name(std::string_view text) {
    if (text.empty() || text.size() > kHostNameMax || text.front() == '-') return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool is_ipv4(const std::string& text) {
    in_addr address{};
    return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_ipv4_prefix(const std::string& text) {
    const auto slash = text.find('/');
    if (slash == std::string::npos || !is_ipv4(text.substr(0, slash))) return false;
    const std::string length = text.substr(slash + 1);
    if (length.empty() || length.size() > 2 || length.find_first_not_of("0123456789") != std::string::npos)
        return false;
    return std::stoi(length) <= 32;
}

class Reader {
  public:
    Reader(TableReader::Shared& shared, ClusterSpec& spec, const std::string& folder)
        : shared_(shared), spec_(spec), folder_(folder) {}

    void read(TableReader& top) {
        top.text("name", spec_.name);
        if (!is_name(spec_.name)) top.complain("name", "must be made of a-z, 0-9 and '-'");
        std::string topology{to_string(spec_.topology)};
        top.choice("topology", topology, {"single", "classic", "galera"});
        spec_.topology = topology == "single"   ? Topology::single
                         : topology == "galera" ? Topology::galera
                                                : Topology::classic;
        top.text("public_url", spec_.public_url);
        top.text("program", spec_.program);
        top.table("network", [this](TableReader& t) { network(t); });
        if (spec_.network.front_address.empty())
            top.complain("network.front_address",
                         "is missing: the floating address that browsers reach, as \"10.0.1.10/24\"");
        top.tables("host", [this](TableReader& t) { host(t); });
        top.table("web", [this](TableReader& t) { web(t); });
        top.table("database", [this](TableReader& t) {
            t.number("memory_mb", spec_.database.memory_mb, 16, 1'000'000);
            t.text("schema", spec_.database.schema);
            t.choice("without_standby", spec_.database.without_standby, {"block", "alarm"});
            if (spec_.database.schema.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos ||
                spec_.database.schema.empty())
                t.complain("schema", "must be made of a-z, 0-9 and '_'");
        });
        top.table("redis", [this](TableReader& t) { t.number("memory_mb", spec_.redis.memory_mb, 16, 1'000'000); });
        top.table("admin", [this](TableReader& t) {
            t.texts("allow", spec_.admin_allow);
            for (const std::string& net : spec_.admin_allow) {
                if (!is_ipv4(net) && !is_ipv4_prefix(net))
                    t.complain("allow", "must list addresses or networks like \"10.0.0.0/8\", not \"" + net + "\"");
            }
        });
        top.finish();
        if (!shared_.error) together(top);
    }

  private:
    void network(TableReader& t) {
        NetworkSpec& n = spec_.network;
        t.text("front_address", n.front_address);
        t.text("back_address", n.back_address);
        t.text("front_interface", n.front_interface);
        t.text("back_interface", n.back_interface);
        if (!n.front_address.empty() && !is_ipv4_prefix(n.front_address))
            t.complain("front_address", "must be an IPv4 address with its prefix length, as \"10.0.1.10/24\"");
        if (!n.back_address.empty() && !is_ipv4_prefix(n.back_address))
            t.complain("back_address", "must be an IPv4 address with its prefix length, as \"10.0.0.10/24\"");
    }

    void host(TableReader& t) {
        HostSpec host;
        t.text("name", host.name);
        t.text("address", host.address);
        t.text("front_address", host.front_address);
        t.choice("role", host.role, kRoles);
        if (host.name.empty()) t.complain("name", "is missing");
        if (!host.name.empty() && !is_name(host.name))
            t.complain("name", "must be made of a-z, 0-9 and '-', at most 40");
        if (host.role.empty())
            t.complain("role", "is missing for \"" + host.name + "\": lb, web, push, db, redis, etcd or files");
        if (host.address.empty()) t.complain("address", "is missing for \"" + host.name + "\"");
        if (!host.address.empty() && !is_ipv4(host.address))
            t.complain("address", "must be an IPv4 address, not \"" + host.address + "\"");
        if (host.role == "lb" && host.front_address.empty()) host.front_address = host.address;
        if (host.role != "lb" && !host.front_address.empty())
            t.complain("front_address", "belongs to hosts of the role lb only");
        if (!host.front_address.empty() && !is_ipv4(host.front_address))
            t.complain("front_address", "must be an IPv4 address, not \"" + host.front_address + "\"");
        for (const HostSpec& other : spec_.hosts) {
            if (!host.name.empty() && other.name == host.name)
                t.complain("name", "\"" + host.name + "\" is there twice");
            if (!host.address.empty() && other.address == host.address)
                t.complain("address", host.address + " belongs to \"" + other.name + "\" already");
        }
        spec_.hosts.push_back(std::move(host));
        if (spec_.hosts.size() > static_cast<std::size_t>(limits::cluster_hosts_max))
            t.complain("", "is one too many: at most " + std::to_string(limits::cluster_hosts_max));
    }

    void web(TableReader& t) {
        WebSpec& w = spec_.web;
        t.number("min", w.min, 1, limits::cluster_hosts_max);
        t.number("max", w.max, 1, limits::cluster_hosts_max);
        if (w.max < w.min) t.has("max") ? t.complain("max", "must not be less than min") : void(w.max = w.min);
        t.number("port", w.port, 1, 65'535);
        t.number("workers", w.workers, 0, 1024);
        t.texts("provider", w.provider);
        t.text("ui_dir", w.ui_dir);
        t.table("app", [this](TableReader& app) {
            AppSpec& a = spec_.web.app;
            a.main.name = "web";
            a.main.health = "/ready";
            program(app, a.main);
            app.text("version", a.version);
            app.flag("retry_writes", a.retry_writes);
            app.tables("helper", [&a, this](TableReader& helper) {
                AppSpec::Program one;
                helper.text("name", one.name);
                if (!is_name(one.name) || one.name == "web")
                    helper.complain("name", "must be a name other than web, made of a-z, 0-9 and '-'");
                for (const auto& other : a.helpers) {
                    if (other.name == one.name) helper.complain("name", "\"" + one.name + "\" is there twice");
                }
                program(helper, one);
                a.helpers.push_back(std::move(one));
            });
            if (!a.main.health.starts_with('/')) app.complain("health", "must be a path like /ready");
        });
    }

    void program(TableReader& t, AppSpec::Program& program) {
        t.texts("command", program.command);
        if (program.command.empty())
            t.complain("command", "is missing: the program and its arguments, [\"nginx\", \"-g\", …]");
        t.text("health", program.health);
        std::string signal = "SIGTERM";
        t.choice("stop_signal", signal, {"SIGTERM", "SIGQUIT", "SIGINT"});
        program.stop_signal = signal == "SIGQUIT" ? SIGQUIT : signal == "SIGINT" ? SIGINT : SIGTERM;
        t.tables("file", [&](TableReader& file) {
            ServiceFile one;
            one.shared = true;
            one.mode = 0644;
            std::string from;
            file.text("path", one.path);
            file.text("content", one.content);
            file.text("from", from);
            file.flag("shared", one.shared);
            if (one.path.empty() || one.path.front() == '/' || one.path.find("..") != std::string::npos)
                file.complain("path", "must be a path below the service's folder");
            if (from.empty() == one.content.empty()) file.complain("content", "or from must be given, one of them");
            if (!from.empty()) {
                if (folder_.empty() && from.front() != '/') return file.complain("from", "needs a folder");
                auto content = read_file(from.front() == '/' ? from : folder_ + "/" + from, kFileBytesMax);
                if (!content) return file.complain("from", "cannot be read: " + content.error().message);
                one.content = std::move(*content);
            }
            if (one.content.find("{{secret:") != std::string::npos) one.mode = 0600;
            program.files.push_back(std::move(one));
        });
    }

    /// What makes sense only together.
    void together(TableReader& top) {
        const auto count = [this](std::string_view role) { return spec_.of_role(role).size(); };
        if (spec_.hosts.empty()) return top.complain("host", "is missing: describe each host in a section [[host]]");
        for (const char* role : {"lb", "web", "etcd"}) {
            if (count(role) == 0) return top.complain("host", "of the role " + std::string(role) + " is missing");
        }
        if (count("lb") > 2) return top.complain("host", "of the role lb: two at most");
        if (count("etcd") != 1 && count("etcd") != 3 && count("etcd") != 5 && count("etcd") != 2)
            return top.complain("host", "of the role etcd: 1, 3 or 5");
        if (spec_.topology == Topology::single) {
            if (spec_.portal() && count("web") != 1)
                return top.complain("topology",
                                    "single has one web host, because it keeps the data; use classic for more");
        } else if (count("db") == 0) {
            return top.complain("host", "of the role db is missing; or use topology = \"single\"");
        }
        if (count("push") > 0 && (!spec_.portal() || count("redis") == 0 || spec_.topology == Topology::single))
            return top.complain("host", "of the role push belongs to a portal whose processes share a Redis");
        if (spec_.topology == Topology::galera && count("db") < 3)
            return top.complain("host", "of the role db: galera needs three");
        if (spec_.network.back_address.empty() && count("lb") > 0 && spec_.topology != Topology::single)
            return top.complain("network.back_address", "is missing: the floating address inside, as \"10.0.0.10/24\"");
        for (const HostSpec& host : spec_.hosts) {
            for (const std::string* floating : {&spec_.network.front_address, &spec_.network.back_address}) {
                const std::string address = without_prefix(*floating);
                if (!address.empty() && (address == host.address || address == host.front_address))
                    return top.complain("network",
                                        "has the floating address " + address + ", which is " + host.name + "'s own");
            }
        }
        if (spec_.public_url.empty()) spec_.public_url = "https://" + without_prefix(spec_.network.front_address);
    }

    TableReader::Shared& shared_;
    ClusterSpec& spec_;
    const std::string& folder_;
};

}  // namespace

std::string_view to_string(Topology topology) {
    switch (topology) {
        case Topology::single:
            return "single";
        case Topology::galera:
            return "galera";
        default:
            return "classic";
    }
}

std::vector<const HostSpec*> ClusterSpec::of_role(std::string_view role) const {
    std::vector<const HostSpec*> found;
    for (const HostSpec& host : hosts) {
        if (host.role == role) found.push_back(&host);
    }
    return found;
}

const HostSpec* ClusterSpec::host(std::string_view host_name) const {
    for (const HostSpec& one : hosts) {
        if (one.name == host_name) return &one;
    }
    return nullptr;
}

Result<ClusterSpec> parse_spec(std::string_view text, std::string_view source, const std::string& folder) {
    STOA_TRY(const TomlValue tree, parse_toml(text, source));
    ClusterSpec spec;
    TableReader::Shared shared{std::string(source)};
    TableReader top(shared, tree, "");
    Reader(shared, spec, folder).read(top);
    if (shared.error) return *shared.error;
    return spec;
}

Result<ClusterSpec> load_spec(const std::string& path) {
    STOA_TRY(const std::string text, read_file(path, kSpecBytesMax));
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
    return parse_spec(text, path, folder);
}

std::string without_prefix(const std::string& address) {
    return address.substr(0, address.find('/'));
}

}  // namespace stoa::cluster
