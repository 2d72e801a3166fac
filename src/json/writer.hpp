#pragma once
// json::Writer appends JSON to a string: no tree, no look-back. One thread at a time.
// The caller keeps the order right (key, value, …); commas are placed by the writer. Debug builds check nesting.

#include <cstdint>
#include <string>
#include <string_view>

#include "json/value.hpp"

namespace stoa::json {

class Writer {
  public:
    explicit Writer(std::string& out) : out_(out) {}

    Writer& begin_object();
    Writer& end_object();
    Writer& begin_array();
    Writer& end_array();
    Writer& key(std::string_view name);      ///< escaped
    Writer& raw_key(std::string_view name);  ///< name needs no escaping (names from the registry)

    Writer& null();
    Writer& boolean(bool v);
    Writer& integer(std::int64_t v);
    Writer& integer_text(std::int64_t v);  ///< "12" in quotes: classic REST prints ids as strings
    Writer& real(double v);                ///< shortest form that reads back the same: 0.1, not 1E-1
    Writer& text(std::string_view v);      ///< escaped; invalid UTF-8 is replaced by U+FFFD
    Writer& raw_text(std::string_view v);  ///< in quotes, known to need no escaping (dates, codes)
    Writer& raw(std::string_view json);    ///< a ready JSON value
    Writer& value(const Value& v);

    /// key + value in one call.
    Writer& field(std::string_view name, std::string_view v) { return key(name).text(v); }
    Writer& field(std::string_view name, const char* v) { return key(name).text(v); }
    Writer& field(std::string_view name, std::int64_t v) { return key(name).integer(v); }
    Writer& field(std::string_view name, int v) { return key(name).integer(v); }
    Writer& field(std::string_view name, bool v) { return key(name).boolean(v); }
    Writer& field(std::string_view name, double v) { return key(name).real(v); }

    std::string& out() { return out_; }

  private:
    void comma();

    std::string& out_;
    bool need_comma_ = false;
};

std::string to_json(const Value& value);

}  // namespace stoa::json
