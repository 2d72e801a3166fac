#pragma once
// Writes rows into a store as they are, many per statement, and takes them out again. Inside a write of the store; used
// on its thread. The statements run on SQLite and MariaDB alike.

#include "db/database.hpp"
#include "db/transfer/store_read.hpp"

namespace stoa::db::transfer {

/// A row that is there already (same primary key, or same value of a unique index) is replaced: rows come in no
/// particular order, and whoever is pushed out comes again later with its newer values.
Status put_rows(WriteTx& tx, const TableShape& table, const std::vector<RowValues>& rows);

Status remove_rows(WriteTx& tx, Engine engine, const TableShape& table, const std::vector<RowValues>& keys);

/// One write transaction of the store. `account`: for engines that hand out a lock per account; 0 for many.
Status write_in(Database& database, AccountId account, FunctionRef<Status(WriteTx&)> fn, int timeout_ms = 30'000);

/// A new account of that store will not get this number. 0: nothing to do.
Status reserve_account(WriteTx& tx, AccountId account);

/// Removes every row of the scope, in bounded transactions, as that account.
Status remove_scope(Database& database, Engine engine, const Catalogue& catalogue, Scope scope, AccountId as);

}  // namespace stoa::db::transfer
