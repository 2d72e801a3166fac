#include "base/toml_tree.hpp"

#include <toml++/toml.h>

namespace stoa {

TomlValue::TomlValue() = default;
TomlValue::TomlValue(const TomlValue& other) = default;
TomlValue::TomlValue(TomlValue&& other) noexcept = default;
TomlValue& TomlValue::operator=(const TomlValue& other) = default;
TomlValue& TomlValue::operator=(TomlValue&& other) noexcept = default;
TomlValue::~TomlValue() = default;

namespace {

TomlValue convert(const toml::node& node) {
    TomlValue value;
    value.line = static_cast<int>(node.source().begin.line);
    value.data = std::monostate{};
    if (const auto* flag = node.as_boolean()) {
        value.data = flag->get();
    } else if (const auto* integer = node.as_integer()) {
        value.data = std::int64_t{integer->get()};
    } else if (const auto* text = node.as_string()) {
        value.data = text->get();
    } else if (const auto* array = node.as_array()) {
        TomlValue::Array items;
        for (const toml::node& item : *array)
            items.push_back(convert(item));
        value.data = std::move(items);
    } else if (const auto* table = node.as_table()) {
        TomlValue::Table members;
        for (const auto& [name, member] : *table)
            members.push_back({std::string(name.str()), convert(member)});
        value.data = std::move(members);
    }
    return value;
}

}  // namespace

Result<TomlValue> parse_toml(std::string_view text, std::string_view source) {
    try {
        const toml::table table = toml::parse(text, source);
        return convert(table);
    } catch (const toml::parse_error& e) {
        return invalid(std::string(source) + ":" + std::to_string(e.source().begin.line) + ": " +
                       std::string(e.description()) + ".");
    }
}

std::string toml_quoted(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out += "\\u00";
            out += kHex[static_cast<unsigned char>(c) >> 4];
            out += kHex[static_cast<unsigned char>(c) & 15];
        } else {
            out += c;
        }
    }
    return out + "\"";
}

}  // namespace stoa
