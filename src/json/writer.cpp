#include "json/writer.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <cstring>

#include "base/utf8.hpp"
#include "json/number.hpp"

namespace stoa::json {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101U;
constexpr std::uint64_t kHighBits = 0x8080808080808080U;

/// Not 0 when one of the eight bytes is below 0x20, a quote, a backslash or not ASCII.
std::uint64_t special_bytes(const char* p) {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    const std::uint64_t quote = v ^ (kOnes * '"');
    const std::uint64_t backslash = v ^ (kOnes * '\\');
    const std::uint64_t control = v - kOnes * 0x20;
    return (v | control | (quote - kOnes) | (backslash - kOnes)) & kHighBits;
}

/// 0: copy, 1: escape, 2: begins a UTF-8 sequence.
constexpr auto kClass = [] {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t i = 0; i < 256; ++i)
        table[i] = i < 0x20 || i == '"' || i == '\\' ? 1 : i < 0x80 ? 0 : 2;
    return table;
}();

std::size_t plain_prefix(const char* p, std::size_t size) {
    std::size_t i = 0;
    while (i + 8 <= size && special_bytes(p + i) == 0)
        i += 8;
    while (i < size && kClass[static_cast<unsigned char>(p[i])] == 0)
        ++i;
    return i;
}

void append_escape(std::string& out, char c) {
    static constexpr char kHex[] = "0123456789abcdef";
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        default:
            break;
    }
    const auto byte = static_cast<unsigned char>(c);
    const char escape[] = {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
    out.append(escape, sizeof escape);
}

/// The part behind the first character that is not plain ASCII. Copies in runs: letters beyond ASCII need no escape.
void append_mixed(std::string& out, std::string_view text) {
    std::size_t from = 0;
    std::size_t i = 0;
    while (i < text.size()) {
        const std::uint8_t kind = kClass[static_cast<unsigned char>(text[i])];
        if (kind == 0) {
            ++i;
            continue;
        }
        if (kind == 2) {
            if (const std::size_t n = utf8_sequence_bytes(text.substr(i)); n > 0) {
                i += n;
                continue;
            }
        }
        out.append(text, from, i - from);
        if (kind == 1) {
            append_escape(out, text[i]);
        } else {
            out += "\xEF\xBF\xBD";
        }
        from = ++i;
    }
    out.append(text, from);
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    const std::size_t plain = plain_prefix(text.data(), text.size());
    out.append(text.data(), plain);
    if (plain < text.size()) append_mixed(out, text.substr(plain));
    out += '"';
}

}  // namespace

void Writer::comma() {
    if (need_comma_) out_ += ',';
    need_comma_ = true;
}

void Writer::begin(bool object) {
    comma();
    if (depth_ < 64) {
        const std::uint64_t bit = std::uint64_t{1} << depth_;
        objects_ = object ? objects_ | bit : objects_ & ~bit;
    }
    ++depth_;
    out_ += object ? '{' : '[';
    need_comma_ = false;
}

void Writer::end(bool object) {
    --depth_;
    assert(depth_ >= 0);
    assert(depth_ >= 64 || (objects_ >> depth_ & 1) == (object ? 1U : 0U));
    assert(out_.back() != ':');  // a key without its value
    out_ += object ? '}' : ']';
    need_comma_ = true;
}

Writer& Writer::begin_object() {
    return begin(true), *this;
}
Writer& Writer::end_object() {
    return end(true), *this;
}
Writer& Writer::begin_array() {
    return begin(false), *this;
}
Writer& Writer::end_array() {
    return end(false), *this;
}

Writer& Writer::key(std::string_view name) {
    comma();
    append_quoted(out_, name);
    out_ += ':';
    need_comma_ = false;
    return *this;
}

Writer& Writer::raw_key(std::string_view name) {
    comma();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    need_comma_ = false;
    return *this;
}

Writer& Writer::null() {
    return raw("null");
}
Writer& Writer::boolean(bool v) {
    return raw(v ? "true" : "false");
}

Writer& Writer::integer(std::int64_t v) {
    comma();
    append_integer(out_, v);
    return *this;
}

Writer& Writer::integer_text(std::int64_t v) {
    comma();
    char text[24];
    text[0] = '"';
    char* end = std::to_chars(text + 1, text + sizeof text - 1, v).ptr;
    *end++ = '"';
    out_.append(text, static_cast<std::size_t>(end - text));
    return *this;
}

Writer& Writer::real(double v) {
    comma();
    append_real(out_, v);
    return *this;
}

Writer& Writer::text(std::string_view v) {
    comma();
    append_quoted(out_, v);
    return *this;
}

Writer& Writer::raw_text(std::string_view v) {
    comma();
    out_ += '"';
    out_ += v;
    out_ += '"';
    return *this;
}

Writer& Writer::raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
}

Writer& Writer::value(const Value& v) {
    switch (v.kind()) {
        case Value::Kind::null:
            return null();
        case Value::Kind::boolean:
            return boolean(v.boolean());
        case Value::Kind::integer:
            return integer(v.integer());
        case Value::Kind::real:
            return real(v.real());
        case Value::Kind::string:
            return text(v.string());
        case Value::Kind::array:
            begin_array();
            for (const Value& item : v.array())
                value(item);
            return end_array();
        case Value::Kind::object:
            begin_object();
            for (const auto& [name, member] : v.object())
                key(name).value(member);
            return end_object();
    }
    return *this;
}

std::string to_json(const Value& value) {
    std::string out;
    Writer(out).value(value);
    return out;
}

}  // namespace stoa::json
