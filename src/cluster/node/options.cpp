// node.toml.

#include <algorithm>
#include <functional>
#include <string_view>

#include "base/file_util.hpp"
#include "base/toml_tree.hpp"
#include "cluster/node/agent.hpp"

namespace stoa::cluster::node {
namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr std::int64_t kMegabyte = 1024 * 1024;

/// What is wrong with a value, to be read after its key; empty when it is right.
using Fault = std::string;

struct Row {
    std::string_view key;
    bool required;
    std::function<Fault(const TomlValue&, AgentOptions&)> read;
};

auto text(std::string AgentOptions::*member) {
    return [member](const TomlValue& value, AgentOptions& options) -> Fault {
        if (!value.text()) return "must be a string";
        options.*member = *value.text();
        return "";
    };
}

auto name(std::string AgentOptions::*member) {
    return [member](const TomlValue& value, AgentOptions& options) -> Fault {
        const std::string* found = value.text();
        const bool is_name = found && !found->empty() && found->size() <= 64 &&
                             found->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == found->npos;
        if (!is_name) return "must be a name of a-z, 0-9 and '-'";
        options.*member = *found;
        return "";
    };
}

auto flag(bool AgentOptions::*member) {
    return [member](const TomlValue& value, AgentOptions& options) -> Fault {
        if (!value.flag()) return "must be true or false";
        options.*member = *value.flag();
        return "";
    };
}

Fault read_etcd(const TomlValue& value, AgentOptions& options) {
    const Fault expected = "must be a list of addresses, e.g. [\"http://10.0.0.1:2379\"]";
    if (!value.array()) return expected;
    for (const TomlValue& item : *value.array()) {
        const bool is_url =
            item.text() && (item.text()->starts_with("http://") || item.text()->starts_with("https://"));
        if (!is_url) return expected;
        options.etcd.push_back(*item.text());
        while (options.etcd.back().ends_with('/'))
            options.etcd.back().pop_back();
    }
    return options.etcd.empty() ? expected : "";
}

Fault read_log_megabytes(const TomlValue& value, AgentOptions& options) {
    constexpr std::int64_t kMost = 1024 * 1024;
    if (!value.integer() || *value.integer() < 1 || *value.integer() > kMost) return "must be a number from 1 on";
    options.log_bytes_max = *value.integer() * kMegabyte;
    return "";
}

const std::vector<Row>& rows() {
    using O = AgentOptions;
    static const std::vector<Row> all{
        {"cluster", true, name(&O::cluster)},
        {"name", true, name(&O::name)},
        {"role", true, name(&O::role)},
        {"address", true, text(&O::address)},
        {"etcd", true, read_etcd},
        {"work_dir", true, text(&O::work_dir)},
        {"secrets_dir", false, text(&O::secrets_dir)},
        {"metrics", false, text(&O::metrics)},
        {"services_file", false, text(&O::services_file)},
        {"stop_services_at_exit", false, flag(&O::stop_services_at_exit)},
        {"log_megabytes", false, read_log_megabytes},
    };
    return all;
}

}  // namespace

Result<AgentOptions> parse_agent_options(std::string_view toml, std::string_view source) {
    STOA_TRY(const TomlValue tree, parse_toml(toml, source));
    AgentOptions options;
    std::vector<std::string_view> seen;
    for (const auto& [key, value] : *tree.table()) {
        const auto row =
            std::find_if(rows().begin(), rows().end(), [&key = key](const Row& r) { return r.key == key; });
        const Fault fault = row == rows().end() ? "is not a known key" : row->read(value, options);
        if (!fault.empty()) {
            return invalid(std::string(source) + ":" + std::to_string(value.line) + ": " + key + " " + fault + ".",
                           key);
        }
        seen.push_back(row->key);
    }
    for (const Row& row : rows()) {
        if (row.required && std::find(seen.begin(), seen.end(), row.key) == seen.end()) {
            return invalid(std::string(source) + ": " + std::string(row.key) + " is missing.", std::string(row.key));
        }
    }
    return options;
}

Result<AgentOptions> load_agent_options(const std::string& path) {
    STOA_TRY(const std::string toml, read_file(path, kFileBytesMax));
    return parse_agent_options(toml, path);
}

}  // namespace stoa::cluster::node
