#include "db/transfer/verify.hpp"

#include <algorithm>
#include <future>

#include "base/clock.hpp"

namespace stoa::db::transfer {
namespace {

constexpr std::int64_t kWaitingEntriesMax = 100'000;

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

Error differs(const std::string& table, const char* how) {
    return {Errc::conflict,
            "The copy of the table " + table + " differs from the original: " + how +
                ". It was not put to use. Give it up and begin again; if it happens again, report it as "
                "a bug."};
}

Status add_all(Tx& tx, const TableShape& table, Scope scope, TableDigest& sum) {
    RowValues after;
    for (;;) {
        STOA_TRY(ScannedBatch scanned, scan_batch(tx, table, scope, after, {2'000, 4 * 1024 * 1024}));
        for (const RowValues& row : scanned.batch.rows)
            sum.add(row);
        if (scanned.last) return {};
        after = std::move(scanned.last_key);
    }
}

Status digest_in(Tx& tx, Engine engine, const Catalogue& catalogue, Scope scope, const Touched& without,
                 Digests& digests) {
    digests.clear();
    for (const TableShape& table : catalogue) {
        if (!scope.covers(table)) continue;
        TableDigest& sum = digests[table.name];
        STOA_CHECK(add_all(tx, table, scope, sum));
        const auto left_out = without.find(table.name);
        if (left_out == without.end()) continue;
        const std::vector<RowValues> keys(left_out->second.begin(), left_out->second.end());
        STOA_CHECK(read_rows(tx, engine, table, keys, [&](RowValues&& row) -> Status {
            sum.remove(row);
            return {};
        }));
    }
    return {};
}

Result<std::map<std::string, std::int64_t>> counts(Database& database, const Catalogue& catalogue, Scope scope) {
    std::map<std::string, std::int64_t> rows;
    const auto count_all = [&](Tx& tx) -> Status {
        for (const TableShape& table : catalogue) {
            if (!scope.covers(table)) continue;
            STOA_TRY(rows[table.name], count_rows(tx, table, scope));
        }
        return {};
    };
    STOA_CHECK(database.read(0, count_all, {.timeout_ms = kLongReadMs}));
    return rows;
}

Status compare_counts(Copy& copy) {
    auto there =
        std::async(std::launch::async, [&] { return counts(copy.target().database, copy.catalogue(), copy.scope()); });
    const auto source = counts(copy.source(), copy.catalogue(), copy.scope());
    const auto target = there.get();
    if (!source) return source.error();
    if (!target) return target.error();
    for (const auto& [table, rows] : *source) {
        if (target->at(table) != rows) return differs(table, "another number of rows");
    }
    return {};
}

Result<std::map<RowValues, RowValues>> rows_of(const Store& store, const TableShape& table,
                                               const std::vector<RowValues>& keys) {
    std::map<RowValues, RowValues> rows;
    STOA_CHECK(store.database.read(0, [&](Tx& tx) {
        rows.clear();
        return read_rows(tx, store.engine, table, keys, [&](RowValues&& row) -> Status {
            RowValues key = key_of(table, row);
            rows.emplace(std::move(key), std::move(row));
            return {};
        });
    }));
    return rows;
}

Status compare_touched(Copy& copy) {
    for (const auto& [name, set] : copy.touched()) {
        const TableShape& table = *find_table(copy.catalogue(), name);
        const std::vector<RowValues> keys(set.begin(), set.end());
        STOA_TRY(const auto source, rows_of({copy.source(), Engine::sqlite}, table, keys));
        STOA_TRY(const auto target, rows_of(copy.target(), table, keys));
        if (source != target) return differs(name, "a row that changed during the move");
    }
    return {};
}

}  // namespace

Result<Digests> digest(Database& database, Engine engine, const Catalogue& catalogue, Scope scope,
                       const Touched& without, int timeout_ms) {
    Digests digests;
    STOA_CHECK(database.read(0, [&](Tx& tx) { return digest_in(tx, engine, catalogue, scope, without, digests); },
                             {.snapshot = true, .timeout_ms = timeout_ms}));
    return digests;
}

Status compare(const Digests& source, const Digests& target) {
    for (const auto& [table, sum] : source) {
        const auto other = target.find(table);
        if (other == target.end() || other->second.rows != sum.rows) return differs(table, "another number of rows");
        if (other->second != sum) return differs(table, "the same number of rows with another checksum");
    }
    return {};
}

Result<OnlineCheck> check_online(Copy& copy) {
    OnlineCheck check;
    const std::int64_t started_us = now_us();
    // What the log holds at the moment of the source's picture is not in the target yet.
    Digests source;
    const auto look = [&](Tx& tx) -> Status {
        check.waiting.clear();
        STOA_TRY(LogBatch log, read_log(tx, copy.catalogue(), copy.replayed_to(), kWaitingEntriesMax));
        if (log.entries == kWaitingEntriesMax) {
            return Error{Errc::too_large, "Writes come faster than they can be copied. Try at a quieter hour."};
        }
        for (ChangedKeys& changed : log.tables)
            check.waiting[changed.table].insert(changed.keys.begin(), changed.keys.end());
        return digest_in(tx, Engine::sqlite, copy.catalogue(), copy.scope(), check.waiting, source);
    };
    STOA_CHECK(copy.source().read(0, look, {.snapshot = true}));
    STOA_TRY(const Digests target,
             digest(copy.target().database, copy.target().engine, copy.catalogue(), copy.scope(), check.waiting));
    check.all_rows_us = now_us() - started_us;
    STOA_CHECK(compare(source, target));
    for (const auto& [table, sum] : source)
        check.rows += sum.rows;

    const std::int64_t counting_us = now_us();
    STOA_CHECK(counts(copy.source(), copy.catalogue(), copy.scope()));
    STOA_CHECK(counts(copy.target().database, copy.catalogue(), copy.scope()));
    check.row_counts_us = now_us() - counting_us;
    return check;
}

std::string_view name_of(Thoroughness thoroughness) {
    switch (thoroughness) {
        case Thoroughness::all_rows:
            return "all_rows";
        case Thoroughness::touched_and_counts:
            return "touched_and_counts";
        case Thoroughness::touched:
            return "touched";
    }
    return "touched";
}

Status check_standing(Copy& copy, Thoroughness thoroughness) {
    if (thoroughness == Thoroughness::all_rows) {
        auto there = std::async(std::launch::async, [&] {
            return digest(copy.target().database, copy.target().engine, copy.catalogue(), copy.scope(), {});
        });
        const auto source = digest(copy.source(), Engine::sqlite, copy.catalogue(), copy.scope(), {});
        const auto target = there.get();
        if (!source) return source.error();
        if (!target) return target.error();
        return compare(*source, *target);
    }
    STOA_CHECK(compare_touched(copy));
    if (thoroughness == Thoroughness::touched_and_counts) return compare_counts(copy);
    return {};
}

}  // namespace stoa::db::transfer
