#include "base/config.hpp"

#include <arpa/inet.h>
#include <toml++/toml.h>

#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/file_util.hpp"

namespace stoa {
namespace {

constexpr std::size_t kConfigBytesMax = 1024 * 1024;

/// Writes a value into the Config; otherwise says what was expected.
using Setter = std::function<std::optional<std::string>(const toml::node&)>;
using Setters = std::map<std::string, Setter, std::less<>>;

Setter text_to(std::string& out) {
    return [&out](const toml::node& node) -> std::optional<std::string> {
        const auto* value = node.as_string();
        if (!value) return "a string";
        out = value->get();
        return std::nullopt;
    };
}

Setter flag_to(bool& out) {
    return [&out](const toml::node& node) -> std::optional<std::string> {
        const auto* value = node.as_boolean();
        if (!value) return "true or false";
        out = value->get();
        return std::nullopt;
    };
}

Setter number_to(int& out, int min, int max) {
    return [&out, min, max](const toml::node& node) -> std::optional<std::string> {
        const auto* value = node.as_integer();
        if (!value || value->get() < min || value->get() > max) {
            return "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
        }
        out = static_cast<int>(value->get());
        return std::nullopt;
    };
}

Setter rate_to(double& out) {
    return [&out](const toml::node& node) -> std::optional<std::string> {
        const auto value = node.is_number() ? node.value<double>() : std::nullopt;
        if (!value || !(*value > 0 && *value <= 1e6)) return "a number above 0, at most 1000000";
        out = *value;
        return std::nullopt;
    };
}

template <class T>
Setter choice_to(T& out, std::vector<std::pair<std::string, T>> choices) {
    return [&out, choices = std::move(choices)](const toml::node& node) -> std::optional<std::string> {
        const auto* value = node.as_string();
        std::string expected = "one of";
        for (const auto& [name, choice] : choices) {
            if (value && value->get() == name) {
                out = choice;
                return std::nullopt;
            }
            expected += " \"" + name + "\"";
        }
        return expected;
    };
}

bool is_ip_literal(const std::string& text, int family) {
    in6_addr parsed;  // large enough for both
    return ::inet_pton(family, text.c_str(), &parsed) == 1;
}

/// "10.0.0.1:80" or "[::1]:80".
std::optional<Config::Listen> read_listen(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view port = text.substr(colon + 1);
    Config::Listen out;
    out.address = text.substr(0, colon);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc{} || end != port.data() + port.size()) return std::nullopt;
    const bool v6 = out.address.size() > 2 && out.address.front() == '[' && out.address.back() == ']';
    if (v6) out.address = out.address.substr(1, out.address.size() - 2);
    return is_ip_literal(out.address, v6 ? AF_INET6 : AF_INET) ? std::optional(out) : std::nullopt;
}

Setter listen_to(std::vector<Config::Listen>& out) {
    return [&out](const toml::node& node) -> std::optional<std::string> {
        const std::string expected = "a list of \"address:port\" with at least one";
        const auto* list = node.as_array();
        if (!list || list->empty()) return expected;
        out.clear();
        for (const auto& item : *list) {
            const auto* text = item.as_string();
            const auto listen = text ? read_listen(text->get()) : std::nullopt;
            if (!listen) return expected;
            out.push_back(*listen);
        }
        return std::nullopt;
    };
}

Setter texts_to(std::vector<std::string>& out) {
    return [&out](const toml::node& node) -> std::optional<std::string> {
        const auto* list = node.as_array();
        if (!list) return "a list of strings";
        out.clear();
        for (const auto& item : *list) {
            const auto* text = item.as_string();
            if (!text) return "a list of strings";
            out.push_back(text->get());
        }
        return std::nullopt;
    };
}

/// Every key there is.
Setters setters_of(Config& c) {
    using log::Format;
    using log::Level;
    return {
        {"data_dir", text_to(c.data_dir)},
        {"public_url", text_to(c.public_url)},
        {"ui_dir", text_to(c.ui_dir)},
        {"listen", listen_to(c.listen)},
        {"http", flag_to(c.http)},
        {"workers", number_to(c.workers, 0, 1024)},
        {"io_threads", number_to(c.io_threads, 0, 256)},
        {"trusted_proxies", texts_to(c.trusted_proxies)},
        {"tls.certificate", text_to(c.tls.certificate)},
        {"tls.private_key", text_to(c.tls.private_key)},
        {"log.level", choice_to<Level>(c.log.level, {{"debug", Level::debug},
                                                     {"info", Level::info},
                                                     {"warn", Level::warn},
                                                     {"error", Level::error},
                                                     {"off", Level::off}})},
        {"log.format", choice_to<Format>(c.log.format, {{"logfmt", Format::logfmt}, {"json", Format::json}})},
        {"rest.bucket_size", number_to(c.rest.bucket_size, 0, 1'000'000)},
        {"rest.bucket_drain_per_s", rate_to(c.rest.bucket_drain_per_s)},
        {"rest.operating_limit_s", number_to(c.rest.operating_limit_s, 0, 1'000'000)},
        {"signup.enabled", flag_to(c.signup.enabled)},
        {"events.allow_private_targets", flag_to(c.events.allow_private_targets)},
    };
}

class Loader {
  public:
    Loader(Config& config, std::string_view source) : setters_(setters_of(config)), source_(source) {}

    Status apply(const toml::table& table, const std::string& prefix) const {
        for (const auto& [name, node] : table) {
            const std::string key = prefix + std::string(name.str());
            if (const auto setter = setters_.find(key); setter != setters_.end()) {
                if (const auto expected = setter->second(node))
                    return fault(node.source(), key, "must be " + *expected);
                continue;
            }
            if (!is_section(key)) return fault(name.source(), key, "is not a known key");
            const auto* section = node.as_table();
            if (!section) return fault(node.source(), key, "must be a section: [" + key + "]");
            STOA_CHECK(apply(*section, key + "."));
        }
        return {};
    }

    Error fault(const toml::source_region& where, const std::string& key, const std::string& what) const {
        std::string message = std::string(source_) + ":" + std::to_string(where.begin.line) + ": ";
        if (!key.empty()) message += key + " ";
        return invalid(message + what + ".", key);
    }

  private:
    bool is_section(const std::string& key) const {
        const auto at = setters_.lower_bound(key + ".");
        return at != setters_.end() && at->first.compare(0, key.size() + 1, key + ".") == 0;
    }

    Setters setters_;
    std::string_view source_;
};

}  // namespace

Result<Config> parse_config(std::string_view text, std::string_view source) {
    Config config;
    const Loader loader(config, source);
    try {
        const toml::table table = toml::parse(text, source);
        STOA_CHECK(loader.apply(table, ""));
    } catch (const toml::parse_error& e) {
        return loader.fault(e.source(), "", std::string(e.description()));
    }
    if (config.tls.certificate.empty() != config.tls.private_key.empty()) {
        return invalid(
            std::string(source) + ": tls.certificate and tls.private_key belong together: give both or none.",
            "tls.certificate");
    }
    while (!config.public_url.empty() && config.public_url.back() == '/')
        config.public_url.pop_back();
    return config;
}

Result<Config> load_config(const std::string& path) {
    STOA_TRY(const std::string text, read_file(path, kConfigBytesMax));
    return parse_config(text, path);
}

}  // namespace stoa
