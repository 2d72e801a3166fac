// The spec as text: what is not a default, in the order of docs/cluster/spec.md.

#include <csignal>

#include "base/toml_tree.hpp"
#include "cluster/plan/services.hpp"

namespace stoa::cluster {
namespace {

std::string list_of(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const std::string& text : texts)
        out += (out.size() > 1 ? ", " : "") + toml_quoted(text);
    return out + "]";
}

class Text {
  public:
    void section(const std::string& header) { out_ += "\n" + header + "\n"; }
    void text(const char* key, const std::string& value, const std::string& usual = {}) {
        if (value != usual) out_ += std::string(key) + " = " + toml_quoted(value) + "\n";
    }
    void number(const char* key, int value, int usual) {
        if (value != usual) out_ += std::string(key) + " = " + std::to_string(value) + "\n";
    }
    void texts(const char* key, const std::vector<std::string>& values) {
        if (!values.empty()) out_ += std::string(key) + " = " + list_of(values) + "\n";
    }
    void flag(const char* key, bool value, bool usual) {
        if (value != usual) out_ += std::string(key) + (value ? " = true\n" : " = false\n");
    }
    void program(const AppSpec::Program& program, const std::string& path, const char* usual_health) {
        texts("command", program.command);
        text("health", program.health, usual_health);
        if (program.stop_signal != SIGTERM) text("stop_signal", program.stop_signal == SIGQUIT ? "SIGQUIT" : "SIGINT");
        for (const ServiceFile& file : program.files) {
            section("[[" + path + ".file]]");
            text("path", file.path);
            text("content", file.content);
            flag("shared", file.shared, true);
        }
    }
    std::string take() { return std::move(out_); }

  private:
    std::string out_;
};

}  // namespace

std::string to_toml(const ClusterSpec& spec) {
    const ClusterSpec usual;
    Text out;
    out.text("name", spec.name);
    out.text("topology", std::string(to_string(spec.topology)));
    out.text("public_url", spec.public_url);
    out.text("program", spec.program, usual.program);
    out.section("[network]");
    out.text("front_address", spec.network.front_address);
    out.text("back_address", spec.network.back_address);
    out.text("front_interface", spec.network.front_interface, usual.network.front_interface);
    out.text("back_interface", spec.network.back_interface, usual.network.back_interface);
    for (const HostSpec& host : spec.hosts) {
        out.section("[[host]]");
        out.text("name", host.name);
        out.text("role", host.role);
        out.text("address", host.address);
        if (host.role == "lb") out.text("front_address", host.front_address, host.address);
    }
    if (spec.database != usual.database) {
        out.section("[database]");
        out.number("memory_mb", spec.database.memory_mb, usual.database.memory_mb);
        out.text("schema", spec.database.schema, usual.database.schema);
        out.text("without_standby", spec.database.without_standby, usual.database.without_standby);
    }
    if (spec.redis != usual.redis) {
        out.section("[redis]");
        out.number("memory_mb", spec.redis.memory_mb, usual.redis.memory_mb);
    }
    if (!spec.admin_allow.empty()) {
        out.section("[admin]");
        out.texts("allow", spec.admin_allow);
    }
    const WebSpec& web = spec.web;
    out.section("[web]");
    out.number("min", web.min, usual.web.min);
    out.number("max", web.max, usual.web.max);
    out.number("port", web.port, usual.web.port);
    out.number("workers", web.workers, usual.web.workers);
    out.texts("provider", web.provider);
    out.text("ui_dir", web.ui_dir);
    if (!spec.portal()) {
        out.section("[web.app]");
        out.text("version", web.app.version);
        out.flag("retry_writes", web.app.retry_writes, false);
        out.program(web.app.main, "web.app", "/ready");
        for (const AppSpec::Program& helper : web.app.helpers) {
            out.section("[[web.app.helper]]");
            out.text("name", helper.name);
            out.program(helper, "web.app.helper", "");
        }
    }
    return out.take();
}

}  // namespace stoa::cluster
