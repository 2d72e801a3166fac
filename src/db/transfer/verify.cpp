#include "db/transfer/verify.hpp"

#include <algorithm>
#include <future>

#include "base/clock.hpp"

namespace stoa::db::transfer {
namespace {

constexpr std::int64_t kWaitingEntriesMax = 100'000;
constexpr std::size_t kTouchedTogether = 20'000;

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

using FoundRows = std::map<std::string, std::map<RowValues, RowValues>>;  ///< table → key → row

Status find_rows(Tx& tx, Engine engine, const Catalogue& catalogue, const Touched& touched, FoundRows& found) {
    found.clear();
    for (const auto& [name, set] : touched) {
        const TableShape& table = *find_table(catalogue, name);
        const std::vector<RowValues> keys(set.begin(), set.end());
        auto& rows = found[name];
        STOA_CHECK(read_rows(tx, engine, table, keys, [&](RowValues&& row) -> Status {
            RowValues key = key_of(table, row);
            rows.emplace(std::move(key), std::move(row));
            return {};
        }));
    }
    return {};
}

Status compare_with_target(Copy& copy, const Touched& touched, const FoundRows& source) {
    FoundRows target;
    const auto look = [&](Tx& tx) { return find_rows(tx, copy.target().engine, copy.catalogue(), touched, target); };
    STOA_CHECK(copy.target().database.read(0, look, {.timeout_ms = kLongReadMs}));
    for (const auto& [name, rows] : source) {
        if (target.at(name) != rows) return differs(name, "a row that changed during the move");
    }
    return {};
}

/// When the source stands still.
Status compare_touched(Copy& copy) {
    FoundRows source;
    STOA_CHECK(copy.source().read(
        0, [&](Tx& tx) { return find_rows(tx, Engine::sqlite, copy.catalogue(), copy.touched(), source); }));
    return compare_with_target(copy, copy.touched(), source);
}

/// What the log holds at the moment of the source's picture is not in the target yet.
Status read_waiting(Tx& tx, const Copy& copy, Touched& waiting) {
    waiting.clear();
    STOA_TRY(LogBatch log, read_log(tx, copy.catalogue(), copy.replayed_to(), kWaitingEntriesMax));
    if (log.entries == kWaitingEntriesMax) {
        return Error{Errc::too_large, "Writes come faster than they can be copied. Try at a quieter hour."};
    }
    for (ChangedKeys& changed : log.tables)
        waiting[changed.table].insert(changed.keys.begin(), changed.keys.end());
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
    Digests source;
    const auto look = [&](Tx& tx) -> Status {
        STOA_CHECK(read_waiting(tx, copy, check.waiting));
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

Status check_touched_online(Copy& copy) {
    const Touched taken = copy.take_touched(kTouchedTogether);
    Touched compared;
    Touched waiting;
    FoundRows source;
    const auto look = [&](Tx& tx) -> Status {
        STOA_CHECK(read_waiting(tx, copy, waiting));
        compared = taken;
        for (const auto& [name, keys] : waiting) {
            const auto of_table = compared.find(name);
            if (of_table == compared.end()) continue;
            for (const RowValues& key : keys)
                of_table->second.erase(key);
        }
        return find_rows(tx, Engine::sqlite, copy.catalogue(), compared, source);
    };
    STOA_CHECK(copy.source().read(0, look, {.snapshot = true}));
    STOA_CHECK(compare_with_target(copy, compared, source));
    copy.note_touched(std::move(waiting));
    return {};
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
