#include "json/xml.hpp"

#include <limits>

#include "base/utf8.hpp"
#include "json/parse_limits.hpp"

namespace stoa::json {
namespace {

constexpr int kDepthMax = 200;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// ASCII names only; colons mean namespaces, so they are no part of a name here.
bool is_xml_name(std::string_view text) {
    if (text.empty() || !is_letter(text[0])) return false;
    for (const char c : text) {
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.') return false;
    }
    return true;
}

void append_escaped(std::string& out, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool control = static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
        // U+FFFE and U+FFFF are no characters.
        const bool noncharacter = text.substr(i, 3) == "\xEF\xBF\xBE" || text.substr(i, 3) == "\xEF\xBF\xBF";
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\r':
                out += "&#13;";
                break;  // a bare one would be read as a line feed
            default:
                if (control || noncharacter) {
                    out += "\xEF\xBF\xBD";
                    i += noncharacter ? 2 : 0;
                } else {
                    out += c;
                }
        }
    }
}

void append_value(std::string& out, const Value& value);

void append_element(std::string& out, std::string_view key, const Value& value) {
    const bool named = is_xml_name(key);
    out += '<';
    out += named ? key : "item";
    if (!named) {
        out += " key=\"";
        append_escaped(out, key);
        out += '"';
    }
    out += '>';
    append_value(out, value);
    out += "</";
    out += named ? key : "item";
    out += '>';
}

void append_value(std::string& out, const Value& value) {
    if (value.is_array()) {
        for (const Value& item : value.array())
            append_element(out, "item", item);
    } else if (value.is_object()) {
        for (const auto& [key, member] : value.object())
            append_element(out, key, member);
    } else if (const auto text = value.as_text()) {
        append_escaped(out, *text);
    }
}

}  // namespace

std::string to_xml(std::string_view json) {
    std::string out = "<?xml version=\"1.0\" encoding=\"utf-8\"?><response>";
    ParseLimits within;
    within.depth_max = kDepthMax;
    within.values_max = std::numeric_limits<std::size_t>::max() - 1;
    if (const auto value = parse_within(json, within)) append_value(out, *value);
    out += "</response>";
    return out;
}

}  // namespace stoa::json
