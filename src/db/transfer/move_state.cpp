#include "db/transfer/move_state.hpp"

#include "base/limits.hpp"

namespace stoa::db::transfer {

Result<MoveLock> MoveLock::take(const std::string& source_path) {
    STOA_TRY(auto words, SharedWords::open(source_path));
    if (!words->try_lock_for_move()) {
        return Error{Errc::busy, "Another move out of this store is running. Wait for it.", {}, {}, 5};
    }
    return MoveLock(std::move(words));
}

Ends::~Ends() {
    if (source) source->close();
    if (target) target->close();
}

Result<std::unique_ptr<Database>> open_source(const MoveOptions& options) {
    SqliteOptions sqlite;
    sqlite.path = options.source_path;
    return open_sqlite(sqlite);
}

Result<std::unique_ptr<Database>> open_target(const MoveOptions& options) {
    STOA_TRY(auto target, options.opener(options.to));
    STOA_CHECK(target->migrate(options.steps, options.tables));
    return target;
}

Result<SourceTables> read_source(Database& source) {
    SourceTables tables;
    STOA_CHECK(source.read(0, [&](Tx& tx) -> Status {
        STOA_TRY(const bool there, has_home_tables(tx, true));
        if (!there) return {};
        STOA_TRY(tables.homes, read_homes(tx));
        STOA_TRY(tables.transfers, read_transfers(tx));
        return {};
    }));
    return tables;
}

const TransferRow* outgoing(const SourceTables& tables) {
    for (const TransferRow& row : tables.transfers) {
        if (row.direction == TransferDirection::out) return &row;
    }
    return nullptr;
}

Status check_same(const TransferRow& row, const MoveOptions& options) {
    if (row.account == options.account && row.other.address == options.to.address) return {};
    const std::string what = row.account == 0 ? "everything" : "account " + std::to_string(row.account);
    return Error{Errc::conflict, "A move of " + what + " to " + row.other.address +
                                     " is not finished. Run that one again, or give it up with --abandon."};
}

}  // namespace stoa::db::transfer
