#include "db/sqlite/schema_sql.hpp"

#include <set>

#include "db/migration_plan.hpp"

namespace stoa::db::sqlite {
namespace {

std::string quoted(std::string_view name) {
    return "`" + std::string(name) + "`";
}

std::string type_sql(const ColumnDef& column) {
    switch (column.type) {
        case ColumnType::integer:
            return "BIGINT";
        case ColumnType::real:
            return "DOUBLE";
        case ColumnType::varchar:
            return "VARCHAR(" + std::to_string(column.length) + ")";
        case ColumnType::text:
            return "LONGTEXT";
    }
    return "LONGTEXT";
}

/// NOT NULL comes with a default: a column may be added to rows that exist, and a program of the previous release
/// that does not know it must still be able to insert.
std::string column_sql(const ColumnDef& column) {
    std::string sql = quoted(column.name) + " " + type_sql(column);
    if (!column.not_null) return sql;
    const bool number = column.type == ColumnType::integer || column.type == ColumnType::real;
    return sql + " NOT NULL DEFAULT " + (number ? "0" : "''");
}

std::string key_sql(const std::vector<std::string>& columns) {
    std::string sql = "(`account_id`";
    for (const auto& column : columns)
        sql += "," + quoted(column);
    return sql + ")";
}

std::string create_sql(const TableDef& table) {
    std::string sql = "CREATE TABLE " + quoted(table.name) + " (`account_id` BIGINT NOT NULL";
    for (const auto& column : table.columns)
        sql += ", " + column_sql(column);
    return sql + ", PRIMARY KEY " + key_sql(table.primary_key) + ") WITHOUT ROWID";
}

/// SQLite keeps index names per file, MariaDB per table: the table's name makes them unique in both.
std::string index_sql(const TableDef& table, const IndexDef& index) {
    return std::string("CREATE ") + (index.unique ? "UNIQUE " : "") + "INDEX IF NOT EXISTS " +
           quoted(table.name + "_" + index.name) + " ON " + quoted(table.name) + " " + key_sql(index.columns);
}

Result<std::set<std::string>> existing_columns(Connection& connection, const std::string& table) {
    std::set<std::string> names;
    const Binding bindings[] = {{Binding::Kind::text, 0, table, nullptr}};
    STOA_CHECK(connection.query("SELECT name FROM pragma_table_info(?1)", bindings, [&](const Row& row) {
        names.emplace(row.text(0));
        return true;
    }));
    return names;
}

}  // namespace

Status ensure_table(Connection& connection, const TableDef& table) {
    STOA_CHECK(check_names(table));
    STOA_TRY(const auto existing, existing_columns(connection, table.name));
    if (existing.empty()) {
        STOA_CHECK(connection.run_script(create_sql(table)));
    } else {
        for (const auto& column : table.columns) {
            if (existing.count(column.name) != 0) continue;
            STOA_CHECK(
                connection.run_script("ALTER TABLE " + quoted(table.name) + " ADD COLUMN " + column_sql(column)));
        }
    }
    for (const auto& index : table.indexes)
        STOA_CHECK(connection.run_script(index_sql(table, index)));
    return {};
}

Status run_migration_sql(Connection& connection, std::string_view sql) {
    constexpr std::string_view kClustered = "{clustered}";
    std::string script(sql);
    for (auto at = script.find(kClustered); at != std::string::npos; at = script.find(kClustered, at)) {
        script.replace(at, kClustered.size(), "WITHOUT ROWID");
    }
    return connection.run_script(script);
}

}  // namespace stoa::db::sqlite
