#include "db/mariadb/schema.hpp"

#include <set>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "db/migration_plan.hpp"

namespace stoa::db::mariadb {
namespace {

constexpr std::int64_t kSchemaCallUs = 3'600'000'000;  ///< a change of a large table takes its time
constexpr int kSchemaLockS = 60;

/// Bytes decide what is equal, also at the end of a text; what ignores case says so itself (LIKE).
constexpr std::string_view kTableEnd =
    "ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin";

/// A row holds 64 KB of VARCHAR at most: longer texts that no index needs are kept outside that sum.
constexpr int kVarcharInRowMax = 100;

std::string quoted(std::string_view name) {
    return "`" + std::string(name) + "`";
}

bool is_in_key(const TableDef& table, const std::string& column) {
    for (const auto& part : table.primary_key) {
        if (part == column) return true;
    }
    for (const auto& index : table.indexes) {
        for (const auto& part : index.columns) {
            if (part == column) return true;
        }
    }
    return false;
}

std::string type_sql(const TableDef& table, const ColumnDef& column) {
    switch (column.type) {
        case ColumnType::integer:
            return "BIGINT";
        case ColumnType::real:
            return "DOUBLE";
        case ColumnType::varchar:
            if (column.length > kVarcharInRowMax && !is_in_key(table, column.name)) return "TEXT";
            return "VARCHAR(" + std::to_string(column.length) + ")";
        case ColumnType::text:
            break;
    }
    return "LONGTEXT";
}

std::string column_sql(const TableDef& table, const ColumnDef& column) {
    std::string sql = quoted(column.name) + " " + type_sql(table, column);
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

/// Names are per table, and have at most 64 characters: a longer one ends in a hash of itself.
std::string index_name(const IndexDef& index) {
    constexpr std::size_t kNameMax = 64;
    if (index.name.size() <= kNameMax) return index.name;
    std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
    for (const char c : index.name)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return index.name.substr(0, kNameMax - 21) + "_" + std::to_string(hash);
}

std::string index_sql(const IndexDef& index) {
    return std::string(index.unique ? "UNIQUE " : "") + "INDEX " + quoted(index_name(index)) + " " +
           key_sql(index.columns);
}

std::string create_sql(const TableDef& table) {
    std::string sql = "CREATE TABLE IF NOT EXISTS " + quoted(table.name) + " (`account_id` BIGINT NOT NULL";
    for (const auto& column : table.columns)
        sql += ", " + column_sql(table, column);
    sql += ", PRIMARY KEY " + key_sql(table.primary_key);
    for (const auto& index : table.indexes)
        sql += ", " + index_sql(index);
    return sql + ") " + std::string(kTableEnd);
}

/// One column of a look into information_schema.
Result<std::set<std::string>> names(Executor& executor, std::string_view sql, const std::string& table) {
    std::set<std::string> found;
    const Binding bindings[] = {{Binding::Kind::text, 0, table, nullptr}};
    STOA_CHECK(executor.query(sql, bindings, [&](const Row& row) {
        found.emplace(row.text(0));
        return true;
    }));
    return found;
}

/// What must change so that the table is as defined; empty: nothing.
Result<std::string> change_sql(Executor& executor, const TableDef& table) {
    STOA_TRY(const auto columns,
             names(executor,
                   "SELECT column_name FROM information_schema.columns WHERE table_schema=database() AND table_name=?",
                   table.name));
    if (columns.empty()) return create_sql(table);
    STOA_TRY(const auto indexes, names(executor,
                                       "SELECT DISTINCT index_name FROM information_schema.statistics "
                                       "WHERE table_schema=database() AND table_name=?",
                                       table.name));
    std::string changes;
    const auto add = [&](const std::string& change) { changes += (changes.empty() ? "" : ", ") + change; };
    for (const auto& column : table.columns) {
        if (columns.count(column.name) == 0) add("ADD COLUMN IF NOT EXISTS " + column_sql(table, column));
    }
    for (const auto& index : table.indexes) {
        if (indexes.count(index_name(index)) != 0) continue;
        for (const auto& name : index.columns) {  // a text outside the row cannot be in an index
            for (const auto& column : table.columns) {
                const bool outside = column.type == ColumnType::varchar && column.length > kVarcharInRowMax;
                if (column.name == name && outside && columns.count(name) != 0) {
                    add("MODIFY COLUMN " + column_sql(table, column));
                }
            }
        }
        add("ADD " + index_sql(index));
    }
    if (changes.empty()) return std::string();
    return "ALTER TABLE " + quoted(table.name) + " " + changes;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
    return text;
}

/// A step in statements that may be run again: the step before may have been killed between them.
std::vector<std::string> statements_of(std::string_view sql) {
    std::string clean;
    for (std::size_t at = 0; at < sql.size();) {
        const auto end = std::min(sql.find('\n', at), sql.size());
        const auto line = sql.substr(at, end - at);
        if (!line.starts_with("--")) clean.append(line).push_back('\n');
        at = end + 1;
    }
    clean = replaced(std::move(clean), "{clustered}", kTableEnd);
    clean = replaced(std::move(clean), "CREATE TABLE IF NOT EXISTS ", "CREATE TABLE ");
    clean = replaced(std::move(clean), "CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ");
    clean = replaced(std::move(clean), "CREATE INDEX ", "CREATE INDEX IF NOT EXISTS ");
    clean = replaced(std::move(clean), "CREATE UNIQUE INDEX ", "CREATE UNIQUE INDEX IF NOT EXISTS ");
    clean = replaced(std::move(clean), " ADD COLUMN ", " ADD COLUMN IF NOT EXISTS ");
    std::vector<std::string> statements;
    for (std::size_t at = 0; at < clean.size();) {
        const auto end = std::min(clean.find(';', at), clean.size());
        auto statement = clean.substr(at, end - at);
        if (statement.find_first_not_of(" \n\t") != std::string::npos) statements.push_back(std::move(statement));
        at = end + 1;
    }
    return statements;
}

/// Until it goes out of scope no other process changes the schema.
class SchemaLock {
  public:
    explicit SchemaLock(Connection& connection) : connection_(connection) {}
    Status take() {
        const Binding wait[] = {{Binding::Kind::integer, kSchemaLockS, {}, nullptr}};
        STOA_CHECK(
            connection_.query("SELECT get_lock(concat('stoa_schema_', database()), ?)", wait, [&](const Row& row) {
                held_ = row.integer(0) == 1;
                return true;
            }));
        if (held_) return {};
        return Error{Errc::busy, "Another process is changing the database schema. Wait until it is done.", {}, {}, 10};
    }
    ~SchemaLock() {
        if (!held_) return;
        (void)connection_.query("SELECT release_lock(concat('stoa_schema_', database()))", {},
                                [](const Row&) { return true; });
    }
    SchemaLock(const SchemaLock&) = delete;
    SchemaLock& operator=(const SchemaLock&) = delete;

  private:
    Connection& connection_;
    bool held_ = false;
};

Result<std::set<std::int64_t>> applied_steps(Connection& connection) {
    std::set<std::int64_t> numbers;
    STOA_CHECK(connection.query("SELECT number FROM schema_migrations", {}, [&](const Row& row) {
        numbers.insert(row.integer(0));
        return true;
    }));
    return numbers;
}

Status apply(Connection& connection, const Migration& step) {
    for (const auto& statement : statements_of(step.sql))
        STOA_CHECK(connection.command(statement));
    const Binding row[] = {{Binding::Kind::integer, step.number, {}, nullptr},
                           {Binding::Kind::text, 0, step.name, nullptr},
                           {Binding::Kind::integer, stoa::system_clock().now(), {}, nullptr}};
    STOA_CHECK(connection.execute("INSERT INTO schema_migrations (number, name, applied_at) VALUES (?, ?, ?)", row));
    STOA_CHECK(connection.command("COMMIT"));
    log::info("schema_step_applied", {{"number", step.number}, {"name", step.name}});
    return {};
}

}  // namespace

Status ensure_table(Executor& executor, const TableDef& table) {
    STOA_CHECK(check_names(table));
    STOA_TRY(const auto sql, change_sql(executor, table));
    if (sql.empty()) return {};
    STOA_CHECK(executor.execute(sql, {}));
    return {};
}

Status migrate(Connection& connection, const std::vector<Migration>& steps, const std::vector<TableDef>& tables) {
    STOA_TRY(const auto ordered, in_order(steps));
    connection.set_deadline(stoa::system_clock().monotonic_us() + kSchemaCallUs);
    SchemaLock lock(connection);
    STOA_CHECK(lock.take());
    for (const auto& statement : statements_of(kMigrationsTable))
        STOA_CHECK(connection.command(statement));
    STOA_TRY(const auto applied, applied_steps(connection));
    if (!applied.empty() && *applied.rbegin() > ordered.rbegin()->first) {
        return written_by_a_newer_program(*applied.rbegin(), ordered.rbegin()->first);
    }
    for (const auto& [number, step] : ordered) {
        if (applied.count(number) == 0) STOA_CHECK(apply(connection, *step));
    }
    SessionExecutor executor(connection);
    for (const auto& table : tables)
        STOA_CHECK(ensure_table(executor, table));
    return connection.command("COMMIT");
}

Status change_schema(Connection& connection, const std::vector<std::string>& statements) {
    connection.set_deadline(stoa::system_clock().monotonic_us() + kSchemaCallUs);
    SchemaLock lock(connection);
    STOA_CHECK(lock.take());
    for (const std::string& statement : statements)
        STOA_CHECK(connection.command(statement));
    return {};
}

}  // namespace stoa::db::mariadb
