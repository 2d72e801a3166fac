#pragma once
// Rows on their way from one store to another or into a file: a batch of them, their bytes, and a digest of a table
// that does not depend on the order of its rows. Plain values, one thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "db/transfer/table_shape.hpp"
#include "db/value.hpp"

namespace stoa::db::transfer {

using RowValues = std::vector<Value>;

/// Rows of one table, their values in the order of its columns.
struct RowBatch {
    std::vector<RowValues> rows;
    std::size_t bytes = 0;  ///< about
    bool empty() const { return rows.empty(); }
};

/// The row as the column kinds say: engines differ in what they hand out for the same value. `prefix`: the values are
/// columns 0 … n. Errors: invalid_argument naming table and column for a value that no engine could keep there.
Status normalize(const TableShape& table, RowValues& row);

// One row as bytes (docs/backup-format.md): per value a tag and its content.
void append_row(std::string& out, const RowValues& row);
/// Takes one row of `columns` values off the front. Errors: invalid_argument.
Result<RowValues> take_row(std::string_view& bytes, std::size_t columns);

/// Two tables with the same rows have the same digest, whatever the order. 128 bits, not made against forgery.
struct TableDigest {
    std::int64_t rows = 0;
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    void add(const RowValues& row) { change(row, true); }
    void remove(const RowValues& row) { change(row, false); }
    bool operator==(const TableDigest&) const = default;
    std::string hex() const;

  private:
    void change(const RowValues& row, bool add);
};

}  // namespace stoa::db::transfer
