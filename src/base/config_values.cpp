#include "base/config_values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace stoa::config_values {
namespace {

template <class T, class Read>
Fault read_list(const toml::node& node, std::vector<T>& out, const char* expected, const Read& read) {
    const auto* list = node.as_array();
    if (!list) return expected;
    out.clear();
    for (const auto& item : *list) {
        const auto* text = item.as_string();
        auto value = text ? read(text->get()) : std::nullopt;
        if (!value) return expected;
        out.push_back(std::move(*value));
    }
    return std::nullopt;
}

bool is_ip_literal(const std::string& text, int family) {
    in6_addr parsed;  // large enough for both
    return ::inet_pton(family, text.c_str(), &parsed) == 1;
}

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

}  // namespace

std::string quoted(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            out += "\\u00";
            out += digits[byte / 16];
            out += digits[byte % 16];
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

Fault Text::read(const toml::node& node, std::string& out) {
    const auto* value = node.as_string();
    if (!value) return "must be a string";
    out = value->get();
    return std::nullopt;
}

Fault Flag::read(const toml::node& node, bool& out) {
    const auto* value = node.as_boolean();
    if (!value) return "must be true or false";
    out = value->get();
    return std::nullopt;
}

Fault Number::read(const toml::node& node, int& out) const {
    const auto* value = node.as_integer();
    if (!value || value->get() < min || value->get() > max)
        return "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max);
    out = static_cast<int>(value->get());
    return std::nullopt;
}

Fault Rate::read(const toml::node& node, double& out) {
    const auto value = node.is_number() ? node.value<double>() : std::nullopt;
    if (!value || !(*value > 0 && *value <= 1e6)) return "must be a number above 0, at most 1000000";
    out = *value;
    return std::nullopt;
}

std::string Rate::print(double value) {
    char text[32];
    const auto end = std::to_chars(std::begin(text), std::end(text), value).ptr;
    return {text, end};
}

Fault Engine::read(const toml::node& node, EngineUrl& out) const {
    const auto* value = node.as_string();
    if (!value) return "must be a string";
    if (value->get().empty()) {
        out = {};
        return std::nullopt;
    }
    auto url = parse_engine_url(value->get());
    if (!url) {
        const std::string& why = url.error().message;
        return "is refused. " + why.substr(0, why.find_last_not_of('.') + 1);
    }
    if (std::find(schemes.begin(), schemes.end(), url->scheme) == schemes.end()) {
        std::string expected = "must begin with one of";
        for (const std::string_view scheme : schemes)
            expected += " " + std::string(scheme) + ":";
        return expected;
    }
    out = std::move(*url);
    return std::nullopt;
}

std::string Engine::print(const EngineUrl& value) {
    return value.scheme.empty() ? "\"\"" : quoted(value.printable());
}

Fault Texts::read(const toml::node& node, std::vector<std::string>& out) {
    return read_list(node, out, "must be a list of strings", [](const std::string& s) { return std::optional(s); });
}

std::string Texts::print(const std::vector<std::string>& values) {
    std::string out;
    for (const std::string& value : values)
        out += (out.empty() ? "" : ", ") + quoted(value);
    return "[" + out + "]";
}

Fault Addresses::read(const toml::node& node, std::vector<Config::Listen>& out) {
    const char* expected = "must be a list of \"address:port\" with at least one";
    if (const auto* list = node.as_array(); list && list->empty()) return expected;
    return read_list(node, out, expected, read_listen);
}

std::string Addresses::print(const std::vector<Config::Listen>& values) {
    std::vector<std::string> texts;
    for (const Config::Listen& value : values) {
        const bool v6 = value.address.find(':') != std::string::npos;
        texts.push_back((v6 ? "[" + value.address + "]" : value.address) + ":" + std::to_string(value.port));
    }
    return Texts::print(texts);
}

}  // namespace stoa::config_values
