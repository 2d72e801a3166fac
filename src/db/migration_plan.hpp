#pragma once
// Which numbered steps run in which order, for every driver. Pure functions.

#include <map>

#include "db/database.hpp"

namespace stoa::db {

/// By number; the core steps come first, whether or not the caller lists them. The pointers are into `steps`.
Result<std::map<int, const Migration*>> in_order(const std::vector<Migration>& steps);

Error written_by_a_newer_program(std::int64_t newest_applied, int newest_known);

/// The list of applied steps; {clustered} as in a migration.
inline constexpr std::string_view kMigrationsTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT NOT NULL, "
    "name VARCHAR(200) NOT NULL, applied_at BIGINT NOT NULL, PRIMARY KEY (number)) {clustered}";

/// Errors: internal, naming the table.
Status check_names(const TableDef& table);

}  // namespace stoa::db
