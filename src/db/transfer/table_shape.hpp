#pragma once
// Which tables a store has and how their rows are found: read from the store's own schema, so that a table of a new
// entity is moved and backed up without anybody naming it. Plain values, any thread.
//
// A table with a column `account_id` belongs to accounts. Tables without one must be named in this file: they are
// either part of the whole store (kStoreTables) or of its mechanics (kOwnTables). Anything else is refused, so that
// nothing is left behind silently.

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/transaction.hpp"

namespace stoa::db::transfer {

enum class Engine : std::uint8_t { sqlite, mariadb };

struct ColumnShape {
    enum class Kind : std::uint8_t { integer, real, text };
    std::string name;
    Kind kind = Kind::text;
    std::int64_t characters_max = 0;  ///< 0: as long as the engine takes
    bool operator==(const ColumnShape&) const = default;
};

struct TableShape {
    std::string name;
    std::vector<ColumnShape> columns;  ///< in the store's order
    std::vector<std::size_t> key;      ///< positions of the primary key, in its order
    int account = -1;                  ///< position of account_id; -1: the table belongs to the whole store
    /// Condition for the rows that count; the others are a driver's own notes. Empty: all.
    std::string counted;

    bool of_accounts() const { return account >= 0; }
    /// Key positions besides account_id.
    std::vector<std::size_t> key_in_account() const;
    /// The key begins with account_id: rows of an account lie together.
    bool clustered_by_account() const { return of_accounts() && !key.empty() && key[0] == std::size_t(account); }
    int position_of(std::string_view column) const;  ///< -1: there is none
    bool operator==(const TableShape&) const = default;
};

/// TableShape::counted. The MariaDB driver keeps rows for itself among others: the turn of an account's writers, and
/// receipts of writes that nobody gave a key.
std::string_view counted_rows(std::string_view table);

/// Tables by name: first those that are only data, last those by which an account is found (see table_shape.cpp).
using Catalogue = std::vector<TableShape>;

/// Errors: unsupported when a table fits neither list, has no primary key, or one of too many columns.
Result<Catalogue> read_catalogue(Tx& tx, Engine engine);
const TableShape* find_table(const Catalogue& catalogue, std::string_view name);

/// Whether rows of `from` fit into `to`: every table and column must be there. Errors: unsupported, naming the first
/// that is not.
Status check_fits(const Catalogue& from, const Catalogue& to);

/// Primary keys have at most this many columns (the move log has one column for each).
inline constexpr std::size_t kKeyColumnsMax = 6;

}  // namespace stoa::db::transfer
