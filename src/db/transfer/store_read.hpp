#pragma once
// Reads tables of a store in the order of their primary keys, a bounded batch at a time, and single rows by key. Inside
// a read of account 0; used on its thread. The statements run on SQLite and MariaDB alike.

#include "db/transfer/rows.hpp"

namespace stoa::db::transfer {

/// Reads of whole tables may take their time.
inline constexpr int kLongReadMs = 6 * 3600 * 1000;

/// One account, or 0: everything in the store.
struct Scope {
    AccountId account = 0;
    bool whole() const { return account == 0; }
    /// Whether rows of the table are part of it.
    bool covers(const TableShape& table) const { return whole() || table.of_accounts(); }
};

struct BatchLimits {
    std::int64_t rows = 500;
    std::size_t bytes = 1024 * 1024;  ///< a single longer row still comes
};

/// The rows after the key `after` (empty: from the start). Fewer than limits.rows and fewer bytes: see `last`.
struct ScannedBatch {
    RowBatch batch;
    RowValues last_key;  ///< of the last row; empty when there is none
    bool last = false;   ///< nothing comes after it
};
Result<ScannedBatch> scan_batch(Tx& tx, const TableShape& table, Scope scope, const RowValues& after,
                                const BatchLimits& limits = {});

/// The rows that exist among these keys (values of the whole primary key, in its order), in any order.
Status read_rows(Tx& tx, Engine engine, const TableShape& table, const std::vector<RowValues>& keys,
                 FunctionRef<Status(RowValues&&)> sink);

Result<std::int64_t> count_rows(Tx& tx, const TableShape& table, Scope scope);

/// Error: already_exists when the store has a row of the scope.
Status check_empty(Tx& tx, const Catalogue& catalogue, Scope scope);

RowValues key_of(const TableShape& table, const RowValues& row);

/// " WHERE …": the rows of the scope that count.
std::string scope_condition(const TableShape& table, Scope scope, std::vector<Value>& values);
/// `name`, for statements. Names come from the store's own schema.
std::string quoted(std::string_view name);

}  // namespace stoa::db::transfer
