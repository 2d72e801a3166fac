#include "db/transfer/copy.hpp"

#include <algorithm>

#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::db::transfer {
namespace {

constexpr std::int64_t kEntriesPerReplay = 2'000;
constexpr std::size_t kRowsTogether = 2'000;
constexpr std::size_t kBytesTogether = 1024 * 1024;

/// What the log says changed, as it is now: rows to write and keys that are gone.
struct Changes {
    const TableShape* table = nullptr;
    std::vector<RowValues> rows;
    std::vector<RowValues> gone;
};

Status read_changes(Tx& tx, const TableShape& table, const std::vector<RowValues>& keys, std::vector<Changes>& out) {
    Changes changes{&table, {}, {}};
    std::set<RowValues> missing(keys.begin(), keys.end());
    STOA_CHECK(read_rows(tx, Engine::sqlite, table, keys, [&](RowValues&& row) -> Status {
        missing.erase(key_of(table, row));
        changes.rows.push_back(std::move(row));
        return {};
    }));
    changes.gone.assign(missing.begin(), missing.end());
    out.push_back(std::move(changes));
    return {};
}

}  // namespace

std::string to_json(const CopyPosition& position) {
    std::string text;
    json::Writer out(text);
    out.begin_object().field("table", position.table).field("done", position.done).key("key").begin_array();
    for (const Value& value : position.last_key) {
        if (const auto* number = std::get_if<std::int64_t>(&value)) {
            out.integer(*number);
        } else {
            const auto* words = std::get_if<std::string>(&value);
            out.text(words != nullptr ? *words : "");
        }
    }
    out.end_array().end_object();
    return text;
}

CopyPosition parse_position(std::string_view text) {
    CopyPosition position;
    const auto parsed = json::parse(text);
    if (!parsed || !parsed->is_object()) return position;
    const json::Value* table = parsed->find("table");
    const json::Value* done = parsed->find("done");
    const json::Value* key = parsed->find("key");
    if (table == nullptr || done == nullptr || key == nullptr || !table->is_string() || !key->is_array())
        return position;
    position.table = table->string();
    position.done = done->as_bool().value_or(false);
    for (const json::Value& value : key->array()) {
        if (value.is_integer()) {
            position.last_key.emplace_back(value.integer());
        } else if (value.is_string()) {
            position.last_key.emplace_back(value.string());
        } else {
            return {};
        }
    }
    return position;
}

Catalogue with_lengths_of(Catalogue from, const Catalogue& to) {
    for (TableShape& table : from) {
        const TableShape* other = find_table(to, table.name);
        if (other == nullptr) continue;
        for (ColumnShape& column : table.columns) {
            const int position = other->position_of(column.name);
            if (position < 0) continue;
            column.characters_max = other->columns[static_cast<std::size_t>(position)].characters_max;
        }
    }
    return from;
}

Copy::Copy(Database& source, Store target, Catalogue catalogue, Scope scope, CopyPosition position)
    : source_(source),
      target_(target),
      catalogue_(std::move(catalogue)),
      scope_(scope),
      position_(std::move(position)) {
    if (!position_.table.empty() && find_table(catalogue_, position_.table) == nullptr) position_ = {};
}

/// The table to go on with; null: all are done.
const TableShape* Copy::table_after(const CopyPosition& position) const {
    auto table = catalogue_.begin();
    if (!position.table.empty()) {
        while (table->name != position.table)
            ++table;
        if (position.last_key.empty()) ++table;  // that one is complete
    }
    while (table != catalogue_.end() && !scope_.covers(*table))
        ++table;
    return table == catalogue_.end() ? nullptr : &*table;
}

Result<std::int64_t> Copy::copy_some() {
    // Small tables share a transaction of the target: its commit is what takes the time.
    struct Part {
        const TableShape* table;
        std::vector<RowValues> rows;
    };
    std::vector<Part> parts;
    std::size_t rows = 0;
    std::size_t bytes = 0;
    CopyPosition next = position_;
    while (rows < kRowsTogether && bytes < kBytesTogether) {
        const TableShape* table = table_after(next);
        if (table == nullptr) {
            next.done = true;
            break;
        }
        const RowValues after = table->name == next.table ? next.last_key : RowValues{};
        ScannedBatch scanned;
        STOA_CHECK(source_.read(0, [&](Tx& tx) -> Status {
            STOA_TRY(scanned, scan_batch(tx, *table, scope_, after, {kRowsTogether, kBytesTogether}));
            return {};
        }));
        rows += scanned.batch.rows.size();
        bytes += scanned.batch.bytes;
        if (!scanned.batch.empty()) parts.push_back({table, std::move(scanned.batch.rows)});
        next.table = table->name;
        next.last_key = scanned.last ? RowValues{} : std::move(scanned.last_key);
    }
    if (!parts.empty()) {
        STOA_CHECK(write_in(target_.database, scope_.account, [&](WriteTx& tx) -> Status {
            for (const Part& part : parts)
                STOA_CHECK(put_rows(tx, *part.table, part.rows));
            return {};
        }));
    }
    position_ = std::move(next);
    return static_cast<std::int64_t>(rows);
}

Result<std::int64_t> Copy::replay_some() {
    LogBatch log;
    std::vector<Changes> all;
    const auto collect = [&](Tx& tx) -> Status {
        all.clear();
        STOA_TRY(log, read_log(tx, catalogue_, replayed_to_, kEntriesPerReplay));
        for (const ChangedKeys& changed : log.tables)
            STOA_CHECK(read_changes(tx, *find_table(catalogue_, changed.table), changed.keys, all));
        return {};
    };
    STOA_CHECK(source_.read(0, collect, {.snapshot = true}));
    if (log.entries == 0) return std::int64_t{0};
    STOA_CHECK(write_in(target_.database, scope_.account, [&](WriteTx& tx) -> Status {
        for (const Changes& changes : all) {
            STOA_CHECK(remove_rows(tx, target_.engine, *changes.table, changes.gone));
            STOA_CHECK(put_rows(tx, *changes.table, changes.rows));
        }
        return {};
    }));
    replayed_to_ = log.up_to;
    if (noting_) {
        for (ChangedKeys& changed : log.tables) {
            auto& keys = touched_[changed.table];
            keys.insert(std::make_move_iterator(changed.keys.begin()), std::make_move_iterator(changed.keys.end()));
        }
    }
    return log.entries;
}

Result<std::int64_t> Copy::waiting() {
    std::int64_t newest = 0;
    STOA_CHECK(source_.read(0, [&](Tx& tx) -> Status {
        STOA_TRY(newest, newest_log_position(tx));
        return {};
    }));
    return std::max<std::int64_t>(0, newest - replayed_to_);
}

void Copy::note_touched(Touched keys) {
    noting_ = true;
    for (auto& [table, rows] : keys)
        touched_[table].merge(rows);
}

std::size_t Copy::touched_rows() const {
    std::size_t rows = 0;
    for (const auto& [table, keys] : touched_)
        rows += keys.size();
    return rows;
}

Touched Copy::take_touched(std::size_t rows_max) {
    Touched taken;
    for (auto table = touched_.begin(); table != touched_.end() && rows_max > 0;) {
        std::set<RowValues>& keys = table->second;
        std::set<RowValues>& into = taken[table->first];
        for (; rows_max > 0 && !keys.empty(); --rows_max)
            into.insert(keys.extract(keys.begin()));
        table = keys.empty() ? touched_.erase(table) : std::next(table);
    }
    return taken;
}

}  // namespace stoa::db::transfer
