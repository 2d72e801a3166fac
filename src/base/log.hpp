#pragma once
// One line per event on stderr, as logfmt or JSON. Any thread; lines are never mixed.
//   log::info("deal_updated", {{"account", account}, {"deal", id}, {"us", duration}});
// No secrets, no personal data. The lines of warn and error say what the operator should do.

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace stoa::log {

enum class Level : std::uint8_t { debug, info, warn, error, off };
enum class Format : std::uint8_t { logfmt, json };

/// Name and value of one field. Keeps views only: build it in the call.
struct Field {
    Field(std::string_view n, std::string_view v) : name(n), value(v) {}
    Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
    Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
    Field(std::string_view n, bool v) : name(n), value(v) {}
    Field(std::string_view n, double v) : name(n), value(v) {}
    Field(std::string_view n, std::signed_integral auto v) : name(n), value(static_cast<std::int64_t>(v)) {}
    Field(std::string_view n, std::unsigned_integral auto v) : name(n), value(static_cast<std::uint64_t>(v)) {}

    std::string_view name;
    std::variant<std::string_view, bool, std::int64_t, std::uint64_t, double> value;
};
using Fields = std::initializer_list<Field>;

/// Until called: level info, logfmt.
void configure(Level level, Format format);
bool enabled(Level level);

/// Field values longer than 4 KB are cut; control characters and invalid UTF-8 are escaped.
void write(Level level, std::string_view event, Fields fields = {});

inline void debug(std::string_view event, Fields fields = {}) {
    write(Level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) {
    write(Level::info, event, fields);
}
inline void warn(std::string_view event, Fields fields = {}) {
    write(Level::warn, event, fields);
}
inline void error(std::string_view event, Fields fields = {}) {
    write(Level::error, event, fields);
}

/// The line without its end, as write() would print it at that time (wall clock, microseconds).
std::string format_line(Format format, std::int64_t now_us, Level level, std::string_view event, Fields fields);

}  // namespace stoa::log
