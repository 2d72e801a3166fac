#pragma once
// What goes into and comes out of a column. Plain values, any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace stoa::db {

/// NULL, a 64-bit integer, a double or UTF-8 text. Dates are unix seconds or days, money is integer minor units.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

inline bool is_null(const Value& value) {
    return value.index() == 0;
}

/// The current row of a running select; valid until the callback returns. Columns count from 0 in the order selected.
class Row {
  public:
    virtual ~Row() = default;
    virtual int columns() const = 0;
    virtual bool is_null(int column) const = 0;
    virtual std::int64_t integer(int column) const = 0;   ///< 0 for NULL
    virtual double real(int column) const = 0;            ///< 0 for NULL
    virtual std::string_view text(int column) const = 0;  ///< empty for NULL; points into the engine's buffer
    virtual Value value(int column) const = 0;            ///< owned copy
};

}  // namespace stoa::db
