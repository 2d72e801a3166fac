#include "db/transfer/capture.hpp"

#include <set>

namespace stoa::db::transfer {
namespace {

constexpr std::string_view kPrefix = "stoa_move_";
constexpr std::string_view kGuardPrefix = "stoa_left_";

Status run(WriteTx& tx, const std::string& sql) {
    STOA_CHECK(tx.raw().execute(sql, {}));
    return {};
}

Result<std::vector<std::string>> triggers_with(Tx& tx, std::string_view prefix) {
    std::vector<std::string> names;
    const Value values[] = {static_cast<std::int64_t>(prefix.size()), std::string(prefix)};
    STOA_CHECK(tx.raw().query("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND substr(name, 1, ?1) = ?2",
                              values, [&](const Row& row) {
                                  names.emplace_back(row.text(0));
                                  return true;
                              }));
    return names;
}

/// 'name' as text of a statement.
std::string literal(std::string_view text) {
    return "'" + std::string(text) + "'";
}

/// Notes the key of the row that `side` (NEW, OLD) names.
std::string note(const TableShape& table, std::string_view side) {
    std::string columns = "INSERT INTO transfer_log (name";
    std::string values = "SELECT " + literal(table.name);
    for (std::size_t i = 0; i < table.key.size(); ++i) {
        columns += ",k" + std::to_string(i);
        values += "," + std::string(side) + "." + quoted(table.columns[table.key[i]].name);
    }
    return columns + ") " + values;
}

std::string in_scope(const TableShape& table, Scope scope, std::string_view side) {
    if (scope.whole() || !table.of_accounts()) return {};
    return std::string(side) + ".`account_id`=" + std::to_string(scope.account);
}

Status add_triggers(WriteTx& tx, const TableShape& table, Scope scope) {
    const std::string name = "CREATE TRIGGER " + std::string(kPrefix) + table.name;
    const auto when = [](const std::string& condition) { return condition.empty() ? "" : " WHEN " + condition; };
    const std::string is_new = in_scope(table, scope, "NEW");
    const std::string is_old = in_scope(table, scope, "OLD");
    STOA_CHECK(run(tx, name + "_i AFTER INSERT ON " + quoted(table.name) + when(is_new) + " BEGIN " +
                           note(table, "NEW") + "; END"));
    STOA_CHECK(run(tx, name + "_d AFTER DELETE ON " + quoted(table.name) + when(is_old) + " BEGIN " +
                           note(table, "OLD") + "; END"));
    std::string moved;
    for (const std::size_t position : table.key) {
        const std::string column = quoted(table.columns[position].name);
        moved += (moved.empty() ? "" : " OR ") + std::string("NEW.") + column + " IS NOT OLD." + column;
    }
    const std::string either = is_new.empty() ? "" : "(" + is_new + " OR " + is_old + ")";
    return run(tx, name + "_u AFTER UPDATE ON " + quoted(table.name) + when(either) + " BEGIN " + note(table, "NEW") +
                       "; " + note(table, "OLD") + " WHERE " + moved + "; END");
}

}  // namespace

Status start_capture(WriteTx& tx, const Catalogue& catalogue, Scope scope) {
    STOA_CHECK(stop_capture(tx));
    std::string columns;
    for (std::size_t i = 0; i < kKeyColumnsMax; ++i)
        columns += ", k" + std::to_string(i);  // without a type: values stay what they are
    STOA_CHECK(run(tx, "CREATE TABLE transfer_log (position INTEGER PRIMARY KEY, name TEXT NOT NULL" + columns + ")"));
    for (const TableShape& table : catalogue) {
        if (scope.covers(table)) STOA_CHECK(add_triggers(tx, table, scope));
    }
    return {};
}

Status stop_capture(WriteTx& tx) {
    STOA_TRY(const auto names, triggers_with(tx, kPrefix));
    for (const std::string& name : names)
        STOA_CHECK(run(tx, "DROP TRIGGER " + quoted(name)));
    return run(tx, "DROP TABLE IF EXISTS transfer_log");
}

Result<std::int64_t> count_capture_triggers(Tx& tx) {
    STOA_TRY(const auto names, triggers_with(tx, kPrefix));
    return static_cast<std::int64_t>(names.size());
}

Result<LogBatch> read_log(Tx& tx, const Catalogue& catalogue, std::int64_t after, std::int64_t entries_max) {
    LogBatch batch;
    batch.up_to = after;
    std::string columns = "position, name";
    for (std::size_t i = 0; i < kKeyColumnsMax; ++i)
        columns += ", k" + std::to_string(i);
    std::set<std::pair<std::string, RowValues>> seen;
    Status problem;
    const Value values[] = {after, entries_max};
    STOA_CHECK(tx.raw().query("SELECT " + columns + " FROM transfer_log WHERE position > ? ORDER BY position LIMIT ?",
                              values, [&](const Row& row) {
                                  const TableShape* table = find_table(catalogue, row.text(1));
                                  if (table == nullptr) {
                                      problem = internal_error("The move log names an unknown table.");
                                      return false;
                                  }
                                  RowValues key;
                                  for (std::size_t i = 0; i < table->key.size(); ++i)
                                      key.push_back(row.value(static_cast<int>(i) + 2));
                                  batch.up_to = row.integer(0);
                                  ++batch.entries;
                                  seen.emplace(table->name, std::move(key));
                                  return true;
                              }));
    STOA_CHECK(problem);
    for (const auto& [name, key] : seen) {
        if (batch.tables.empty() || batch.tables.back().table != name) batch.tables.push_back({name, {}});
        batch.tables.back().keys.push_back(key);
    }
    return batch;
}

Result<std::int64_t> log_length(Tx& tx) {
    std::int64_t entries = 0;
    STOA_CHECK(tx.raw().query("SELECT count(*) FROM transfer_log", {}, [&](const Row& row) {
        entries = row.integer(0);
        return true;
    }));
    return entries;
}

Result<std::int64_t> newest_log_position(Tx& tx) {
    std::int64_t position = 0;
    STOA_CHECK(tx.raw().query("SELECT max(position) FROM transfer_log", {}, [&](const Row& row) {
        position = row.integer(0);
        return true;
    }));
    return position;
}

Status forget_log(WriteTx& tx, std::int64_t up_to) {
    const Value values[] = {up_to};
    // The entry itself stays: positions of an empty table would begin at 1 again.
    STOA_CHECK(tx.raw().execute("DELETE FROM transfer_log WHERE position < ?", values));
    return {};
}

Status add_guards(WriteTx& tx, const Catalogue& catalogue) {
    STOA_TRY(const auto existing, triggers_with(tx, kGuardPrefix));
    const std::set<std::string> known(existing.begin(), existing.end());
    for (const TableShape& table : catalogue) {
        const std::string who = table.of_accounts() ? "(0, NEW.`account_id`)" : "(0)";
        for (const char* event : {"INSERT", "UPDATE"}) {
            const std::string name = std::string(kGuardPrefix) + table.name + (*event == 'I' ? "_i" : "_u");
            if (known.contains(name)) continue;
            STOA_CHECK(run(tx, "CREATE TRIGGER " + quoted(name) + " BEFORE " + event + " ON " + quoted(table.name) +
                                   " WHEN EXISTS (SELECT 1 FROM homes WHERE account_id IN " + who +
                                   ") BEGIN SELECT RAISE(ABORT, 'this account lives elsewhere now'); END"));
        }
    }
    return {};
}

}  // namespace stoa::db::transfer
