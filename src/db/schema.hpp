#pragma once
// Tables as data, for the registry and for migrations. The DDL stays in the subset that SQLite and MariaDB share.

#include <cstdint>
#include <string>
#include <vector>

namespace stoa::db {

enum class ColumnType { integer, real, varchar, text };

struct ColumnDef {
    std::string name;
    ColumnType type = ColumnType::integer;
    int length = 255;       ///< characters, varchar only
    bool not_null = false;  ///< comes with DEFAULT 0 or '': an older program that does not know it can still insert
};

struct IndexDef {
    std::string name;                  ///< unique within its table
    std::vector<std::string> columns;  ///< account_id is put in front by the driver
    bool unique = false;
};

/// account_id is the first column and the first key column of every table; the driver adds it.
/// Rows of one account lie together (clustered by primary key).
struct TableDef {
    std::string name;
    std::vector<ColumnDef> columns;
    std::vector<std::string> primary_key;  ///< without account_id, e.g. {"id"}
    std::vector<IndexDef> indexes;
};

/// One numbered step forward. Steps are never changed once released: expand first, contract in a later release.
struct Migration {
    int number = 0;  ///< 1 to 99 are src/db's own
    std::string name;
    std::string sql;  ///< `;`-separated statements; {clustered} ends a CREATE TABLE (WITHOUT ROWID | ENGINE=InnoDB)
};

}  // namespace stoa::db
