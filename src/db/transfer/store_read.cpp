#include "db/transfer/store_read.hpp"

#include <algorithm>
#include <bit>

namespace stoa::db::transfer {
namespace {

/// Keys in one statement on a server far away.
constexpr std::size_t kKeysPerStatement = 200;

std::string column_list(const TableShape& table) {
    std::string sql;
    for (const ColumnShape& column : table.columns) {
        if (!sql.empty()) sql += ",";
        sql += quoted(column.name);
    }
    return sql;
}

std::size_t bytes_of(const RowValues& row) {
    std::size_t bytes = 0;
    for (const Value& value : row) {
        const auto* text = std::get_if<std::string>(&value);
        bytes += 8 + (text != nullptr ? text->size() : 0);
    }
    return bytes;
}

/// Appends "k1 >= ? AND (k1 > ? OR (k1 = ? AND (k2 > ? …)))": engines turn its first part into a range of the key,
/// which they do not all do for a comparison of rows.
void append_after(std::string& sql, std::vector<Value>& values, const TableShape& table,
                  const std::vector<std::size_t>& key, const RowValues& after) {
    sql += quoted(table.columns[key[0]].name) + ">=?";
    values.push_back(after[0]);
    std::string closing;
    for (std::size_t i = 0; i < key.size(); ++i) {
        const std::string name = quoted(table.columns[key[i]].name);
        sql += " AND (" + name + ">?";
        values.push_back(after[i]);
        closing += ")";
        if (i + 1 == key.size()) break;
        sql += " OR (" + name + "=?";
        values.push_back(after[i]);
        closing += ")";
    }
    sql += closing;
}

std::string marks_of(const TableShape& table) {
    std::string marks;
    for (std::size_t i = 0; i < table.key.size(); ++i)
        marks += i == 0 ? "?" : ",?";
    return marks;
}

RowValues values_of(const Row& row) {
    RowValues values;
    const int columns = row.columns();
    values.reserve(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i)
        values.push_back(row.value(i));
    return values;
}

std::string one_key(const TableShape& table) {
    std::string sql;
    for (const std::size_t position : table.key)
        sql += (sql.empty() ? "" : " AND ") + quoted(table.columns[position].name) + "=?";
    return sql;
}

/// (k1,k2) IN ((?,?),…)
std::string many_keys(const TableShape& table, std::size_t count) {
    const std::string marks = marks_of(table);
    std::string names;
    for (const std::size_t position : table.key)
        names += (names.empty() ? "" : ",") + quoted(table.columns[position].name);
    std::string sql = "(" + names + ") IN (";
    for (std::size_t i = 0; i < count; ++i)
        sql += (i == 0 ? "(" : ",(") + marks + ")";
    return sql + ")";
}

}  // namespace

std::string scope_condition(const TableShape& table, Scope scope, std::vector<Value>& values) {
    std::string sql = " WHERE " + (table.counted.empty() ? "1=1" : table.counted);
    if (scope.whole()) return sql;
    values.emplace_back(scope.account);
    return sql + " AND `account_id`=?";
}

std::string quoted(std::string_view name) {
    return "`" + std::string(name) + "`";
}

RowValues key_of(const TableShape& table, const RowValues& row) {
    RowValues key;
    key.reserve(table.key.size());
    for (const std::size_t position : table.key)
        key.push_back(row[position]);
    return key;
}

Result<ScannedBatch> scan_batch(Tx& tx, const TableShape& table, Scope scope, const RowValues& after,
                                const BatchLimits& limits) {
    // The account is fixed, so the rest of the key tells where the last batch ended.
    const std::vector<std::size_t> key = scope.whole() ? table.key : table.key_in_account();
    std::string sql = "SELECT " + column_list(table) + " FROM " + quoted(table.name);
    std::vector<Value> values;
    sql += scope_condition(table, scope, values);
    if (!after.empty() && !key.empty()) {
        RowValues bounds;
        for (std::size_t i = 0; i < table.key.size(); ++i) {
            if (scope.whole() || static_cast<int>(table.key[i]) != table.account) bounds.push_back(after[i]);
        }
        sql += " AND ";
        append_after(sql, values, table, key, bounds);
    }
    sql += " ORDER BY ";
    bool first = true;
    for (const std::size_t position : table.key) {
        sql += (first ? "" : ",") + quoted(table.columns[position].name);
        first = false;
    }
    sql += " LIMIT ?";
    values.emplace_back(limits.rows);

    ScannedBatch scanned;
    Status problem;
    bool full = false;
    STOA_CHECK(tx.raw().query(sql, values, [&](const Row& row) {
        RowValues next = values_of(row);
        problem = normalize(table, next);
        if (!problem) return false;
        scanned.batch.bytes += bytes_of(next);
        scanned.batch.rows.push_back(std::move(next));
        full = scanned.batch.bytes >= limits.bytes;
        return !full;
    }));
    STOA_CHECK(problem);
    if (!scanned.batch.empty()) scanned.last_key = key_of(table, scanned.batch.rows.back());
    scanned.last = !full && static_cast<std::int64_t>(scanned.batch.rows.size()) < limits.rows;
    return scanned;
}

Status read_rows(Tx& tx, Engine engine, const TableShape& table, const std::vector<RowValues>& keys,
                 FunctionRef<Status(RowValues&&)> sink) {
    const std::string select = "SELECT " + column_list(table) + " FROM " + quoted(table.name) + " WHERE ";
    // In process a prepared point read beats a list; over a connection the round trip is what counts.
    const std::size_t step = engine == Engine::sqlite ? 1 : kKeysPerStatement;
    for (std::size_t at = 0, count = 0; at < keys.size(); at += count) {
        count = std::bit_floor(std::min(step, keys.size() - at));  // so that few statements differ
        std::vector<Value> values;
        for (std::size_t i = at; i < at + count; ++i)
            values.insert(values.end(), keys[i].begin(), keys[i].end());
        const std::string sql = select + (count == 1 ? one_key(table) : many_keys(table, count));
        Status problem;
        STOA_CHECK(tx.raw().query(sql, values, [&](const Row& row) {
            RowValues next = values_of(row);
            problem = normalize(table, next);
            if (problem) problem = sink(std::move(next));
            return problem.ok();
        }));
        STOA_CHECK(problem);
    }
    return {};
}

Result<std::int64_t> count_rows(Tx& tx, const TableShape& table, Scope scope) {
    std::string sql = "SELECT count(*) FROM " + quoted(table.name);
    std::vector<Value> values;
    sql += scope_condition(table, scope, values);
    std::int64_t rows = 0;
    STOA_CHECK(tx.raw().query(sql, values, [&](const Row& row) {
        rows = row.integer(0);
        return true;
    }));
    return rows;
}

Status check_empty(Tx& tx, const Catalogue& catalogue, Scope scope) {
    for (const TableShape& table : catalogue) {
        if (!scope.covers(table)) continue;
        bool found = false;
        std::vector<Value> values;
        const std::string sql = "SELECT 1 FROM " + quoted(table.name) + scope_condition(table, scope, values);
        STOA_CHECK(tx.raw().query(sql + " LIMIT 1", values, [&](const Row&) {
            found = true;
            return false;
        }));
        if (!found) continue;
        return Error{Errc::already_exists, scope.whole()
                                               ? "The database is not empty (table " + table.name +
                                                     "). Everything goes into a database of its own."
                                               : "The database holds an account of that number already (table " +
                                                     table.name + "). Choose another database."};
    }
    return {};
}

}  // namespace stoa::db::transfer
