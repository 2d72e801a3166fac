#pragma once
// Tables and migration steps in MariaDB's SQL. DDL commits by itself there, so every statement may be run again.

#include "db/database.hpp"
#include "db/mariadb/transaction.hpp"

namespace stoa::db::mariadb {

/// Creates it, or adds missing columns and indexes.
Status ensure_table(Executor& executor, const TableDef& table);

/// Applies what is missing, under a lock that other processes wait for. Errors: unsupported (written by a newer one).
Status migrate(Connection& connection, const std::vector<Migration>& steps, const std::vector<TableDef>& tables);

/// DDL, under the same lock.
Status change_schema(Connection& connection, const std::vector<std::string>& statements);

}  // namespace stoa::db::mariadb
