#include "base/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <charconv>
#include <cmath>
#include <memory>

#include "base/clock.hpp"
#include "base/time_format.hpp"
#include "base/utf8.hpp"

namespace stoa::log {
namespace {

constexpr std::size_t kValueBytesMax = 4096;

std::atomic<Level> g_level{Level::info};
std::atomic<Format> g_format{Format::logfmt};

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
        case Level::off:
            break;
    }
    return "off";
}

/// Never destroyed: threads may log while the process ends.
spdlog::logger& logger() {
    static auto* const instance = [] {
        auto* made = new spdlog::logger("stoa", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->set_level(spdlog::level::trace);
        return made;
    }();
    return *instance;
}

std::string_view cut(std::string_view text) {
    if (text.size() <= kValueBytesMax) return text;
    std::size_t end = kValueBytesMax;
    // Not inside a letter: a UTF-8 sequence has at most three continuation bytes.
    while (end > kValueBytesMax - 3 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    return text.substr(0, end);
}

void append_quoted(std::string& out, std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    while (!text.empty()) {
        const auto c = static_cast<unsigned char>(text[0]);
        const std::size_t n = utf8_sequence_bytes(text);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += static_cast<char>(c);
        } else if (c == '\n') {
            out += "\\n";
        } else if (n == 0) {
            out += "\\ufffd";
        } else if (c < 0x20 || c == 0x7f) {
            out += "\\u00";
            out += kHex[c >> 4];
            out += kHex[c & 15];
        } else {
            out.append(text.substr(0, n));
        }
        text.remove_prefix(n == 0 ? 1 : n);
    }
    out += '"';
}

bool is_plain(std::string_view text) {
    if (text.empty()) return false;
    for (const char c : text) {
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;  // char is signed: also non-ASCII
    }
    return true;
}

void append_text(std::string& out, Format format, std::string_view text) {
    text = cut(text);
    if (format == Format::logfmt && is_plain(text)) {
        out += text;
        return;
    }
    append_quoted(out, text);
}

void append_value(std::string& out, Format format, const Field& field) {
    std::visit(
        [&](const auto& v) {
            using T = std::decay_t<decltype(v)>;
            if constexpr (std::is_same_v<T, std::string_view>) {
                append_text(out, format, v);
            } else if constexpr (std::is_same_v<T, bool>) {
                out += v ? "true" : "false";
            } else {
                if constexpr (std::is_same_v<T, double>) {
                    if (!std::isfinite(v)) {
                        out += "null";
                        return;
                    }
                }
                char digits[32];
                out.append(digits, std::to_chars(digits, digits + sizeof digits, v).ptr);
            }
        },
        field.value);
}

void append_time(std::string& out, std::int64_t now_us) {
    std::int64_t micros = now_us % 1'000'000;
    if (micros < 0) micros += 1'000'000;
    append_iso(out, (now_us - micros) / 1'000'000, *utc_time_zone());
    out.resize(out.size() - 6);  // "+00:00"
    out += '.';
    const std::string digits = std::to_string(micros);
    out.append(6 - digits.size(), '0').append(digits) += 'Z';
}

void append_key(std::string& out, Format format, std::string_view name) {
    if (format == Format::json) {
        out += ',';
        append_quoted(out, name);
        out += ':';
        return;
    }
    out += ' ';
    out += name;
    out += '=';
}

}  // namespace

void configure(Level level, Format format) {
    g_level = level;
    g_format = format;
}

bool enabled(Level level) {
    return level >= g_level.load(std::memory_order_relaxed) && level != Level::off;
}

std::string format_line(Format format, std::int64_t now_us, Level level, std::string_view event, Fields fields) {
    std::string line;
    line.reserve(160);
    line += format == Format::json ? "{\"time\":\"" : "time=";
    append_time(line, now_us);
    if (format == Format::json) line += '"';
    append_key(line, format, "level");
    append_text(line, format, name_of(level));
    append_key(line, format, "event");
    append_text(line, format, event);
    for (const Field& field : fields) {
        append_key(line, format, field.name);
        append_value(line, format, field);
    }
    if (format == Format::json) line += '}';
    return line;
}

void write(Level level, std::string_view event, Fields fields) {
    if (!enabled(level)) return;
    const std::string line = format_line(g_format.load(), system_clock().now_us(), level, event, fields);
    logger().log(spdlog::level::critical, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace stoa::log
