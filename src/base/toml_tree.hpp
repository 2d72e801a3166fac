#pragma once
// A TOML text as a tree of plain values that remember their line, for files that a fixed table of keys cannot describe.
// Plain values, any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace stoa {

struct TomlMember;

class TomlValue {
  public:
    // Not in this header: a member is complete only when this class is.
    TomlValue();
    TomlValue(const TomlValue& other);
    TomlValue(TomlValue&& other) noexcept;
    TomlValue& operator=(const TomlValue& other);
    TomlValue& operator=(TomlValue&& other) noexcept;
    ~TomlValue();

    using Array = std::vector<TomlValue>;
    using Table = std::vector<TomlMember>;  ///< by name
    /// The last: a kind that the reader does not offer (dates, decimals).
    std::variant<bool, std::int64_t, std::string, Array, Table, std::monostate> data;
    int line = 0;

    const bool* flag() const { return std::get_if<bool>(&data); }
    const std::int64_t* integer() const { return std::get_if<std::int64_t>(&data); }
    const std::string* text() const { return std::get_if<std::string>(&data); }
    const Array* array() const { return std::get_if<Array>(&data); }
    const Table* table() const { return std::get_if<Table>(&data); }
};

struct TomlMember {
    std::string name;
    TomlValue value;
};

/// The whole text as a table. Errors: invalid_argument "cluster.toml:3: …"; `source` names the text.
Result<TomlValue> parse_toml(std::string_view text, std::string_view source);

/// The text in quotes, as a TOML basic string.
std::string toml_quoted(std::string_view text);

}  // namespace stoa
