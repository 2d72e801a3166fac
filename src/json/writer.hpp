#pragma once
// json::Writer appends JSON to a string: no tree, no look-back. One thread at a time.
// The caller keeps the order right (key, value, …); commas are placed by the writer. Mismatched begin and end
// stop the program.

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
    /// Forgets what was appended after `size` bytes; a value may begin there.
    void rewind(std::size_t size) {
        out_.resize(size);
        need_comma_ = false;
    }

  private:
    void comma();
    void begin(bool object);
    void end(bool object);

    std::string& out_;
    std::uint64_t objects_ = 0;  ///< bit n: level n is an object, for the check of begin against end
    int depth_ = 0;
    bool need_comma_ = false;
};

std::string to_json(const Value& value);

}  // namespace stoa::json
