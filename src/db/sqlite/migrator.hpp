#pragma once
// Brings a file to the schema of this program. Private to src/db/sqlite.

#include "db/database.hpp"

namespace stoa::db::sqlite {

Status migrate(Database& database, const std::vector<Migration>& steps, const std::vector<TableDef>& tables);
Status change_schema(Database& database, const std::vector<std::string>& statements);

}  // namespace stoa::db::sqlite
