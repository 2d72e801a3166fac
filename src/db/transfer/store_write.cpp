#include "db/transfer/store_write.hpp"

#include <algorithm>
#include <bit>

namespace stoa::db::transfer {
namespace {

// A statement stays below what servers take: 65 535 values, 16 MB.
constexpr std::size_t kValuesPerStatement = 8'000;
constexpr std::size_t kRowsPerStatement = 256;
constexpr std::size_t kBytesPerStatement = 4 * 1024 * 1024;
constexpr std::size_t kKeysPerStatement = 200;

std::size_t bytes_of(const RowValues& row) {
    std::size_t bytes = 0;
    for (const Value& value : row) {
        const auto* text = std::get_if<std::string>(&value);
        bytes += 8 + (text != nullptr ? text->size() : 0);
    }
    return bytes;
}

/// How many of the rows from `at` go into one statement: a power of two, so that few statements differ.
std::size_t rows_together(const TableShape& table, const std::vector<RowValues>& rows, std::size_t at) {
    const std::size_t most = std::min(
        {rows.size() - at, kRowsPerStatement, std::max<std::size_t>(1, kValuesPerStatement / table.columns.size())});
    std::size_t fit = 1;
    std::size_t bytes = bytes_of(rows[at]);
    while (fit < most) {
        bytes += bytes_of(rows[at + fit]);
        if (bytes > kBytesPerStatement) break;
        ++fit;
    }
    return std::bit_floor(fit);
}

}  // namespace

Status put_rows(WriteTx& tx, const TableShape& table, const std::vector<RowValues>& rows) {
    std::string into = "REPLACE INTO " + quoted(table.name) + " (";
    std::string marks = "(";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        into += (i == 0 ? "" : ",") + quoted(table.columns[i].name);
        marks += i == 0 ? "?" : ",?";
    }
    into += ") VALUES ";
    marks += ")";
    std::vector<Value> values;
    for (std::size_t at = 0; at < rows.size();) {
        const std::size_t count = rows_together(table, rows, at);
        std::string sql = into;
        values.clear();
        for (std::size_t i = 0; i < count; ++i) {
            sql += (i == 0 ? "" : ",") + marks;
            values.insert(values.end(), rows[at + i].begin(), rows[at + i].end());
        }
        STOA_CHECK(tx.raw().execute(sql, values));
        at += count;
    }
    return {};
}

Status remove_rows(WriteTx& tx, Engine engine, const TableShape& table, const std::vector<RowValues>& keys) {
    const std::string from = "DELETE FROM " + quoted(table.name) + " WHERE ";
    std::string names;
    std::string marks;
    std::string one;
    for (const std::size_t position : table.key) {
        const std::string name = quoted(table.columns[position].name);
        one += (one.empty() ? "" : " AND ") + name + "=?";
        names += (names.empty() ? "" : ",") + name;
        marks += marks.empty() ? "?" : ",?";
    }
    for (std::size_t at = 0; at < keys.size();) {
        const std::size_t most = engine == Engine::sqlite ? 1 : std::min(kKeysPerStatement, keys.size() - at);
        const std::size_t count = std::bit_floor(most);
        std::vector<Value> values;
        std::string sql = from;
        if (count == 1) {
            sql += one;
        } else {
            sql += "(" + names + ") IN (";
            for (std::size_t i = 0; i < count; ++i)
                sql += (i == 0 ? "(" : ",(") + marks + ")";
            sql += ")";
        }
        for (std::size_t i = at; i < at + count; ++i)
            values.insert(values.end(), keys[i].begin(), keys[i].end());
        STOA_CHECK(tx.raw().execute(sql, values));
        at += count;
    }
    return {};
}

Status reserve_account(WriteTx& tx, AccountId account) {
    if (account == 0) return {};
    std::int64_t next = 0;
    STOA_CHECK(tx.raw().query("SELECT next_value FROM counters WHERE name = 'accounts'", {}, [&](const Row& row) {
        next = row.integer(0);
        return false;
    }));
    if (next > account) return {};
    const Value values[] = {account + 1};
    STOA_CHECK(tx.raw().execute("REPLACE INTO counters (name, next_value) VALUES ('accounts', ?)", values));
    return {};
}

Status write_in(Database& database, AccountId account, FunctionRef<Status(WriteTx&)> fn, int timeout_ms) {
    WriteRequest request;
    request.account = account;
    request.timeout_ms = timeout_ms;
    auto outcome = database.write_and_wait(std::move(request), [&fn](WriteTx& tx) -> Result<std::string> {
        STOA_CHECK(fn(tx));
        return std::string();
    });
    if (!outcome) return std::move(outcome).error();
    return {};
}

Status remove_scope(Database& database, Engine engine, const Catalogue& catalogue, Scope scope, AccountId as) {
    // Backwards: what makes an account findable goes first.
    for (auto table = catalogue.rbegin(); table != catalogue.rend(); ++table) {
        if (!scope.covers(*table)) continue;
        for (bool last = false; !last;) {
            std::vector<RowValues> keys;
            STOA_CHECK(database.read(0, [&](Tx& tx) -> Status {
                STOA_TRY(const ScannedBatch scanned, scan_batch(tx, *table, scope, {}));
                last = scanned.last;
                for (const RowValues& row : scanned.batch.rows)
                    keys.push_back(key_of(*table, row));
                return {};
            }));
            if (keys.empty()) break;
            STOA_CHECK(write_in(database, as, [&](WriteTx& tx) { return remove_rows(tx, engine, *table, keys); }));
        }
    }
    return {};
}

}  // namespace stoa::db::transfer
