#pragma once
// Tables as data → DDL, and what a file already has. Private to src/db/sqlite.

#include <string>

#include "db/sqlite/connection.hpp"

namespace stoa::db::sqlite {

/// Creates the table, or adds the columns and indexes that it lacks. Never drops or changes what is there.
Status ensure_table(Connection& connection, const TableDef& table);

/// Runs the statements of one migration step.
Status run_migration_sql(Connection& connection, std::string_view sql);

}  // namespace stoa::db::sqlite
