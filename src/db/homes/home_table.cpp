#include "db/homes/home_table.hpp"

namespace stoa::db {
namespace {

constexpr std::string_view name_of(TransferDirection direction) {
    return direction == TransferDirection::out ? "out" : "in";
}

constexpr std::string_view name_of(TransferPhase phase) {
    switch (phase) {
        case TransferPhase::preparing:
            return "preparing";
        case TransferPhase::copying:
            return "copying";
        case TransferPhase::cleaning:
            return "cleaning";
    }
    return "preparing";
}

TransferPhase phase_of(std::string_view name) {
    if (name == "copying") return TransferPhase::copying;
    if (name == "cleaning") return TransferPhase::cleaning;
    return TransferPhase::preparing;
}

Status execute(WriteTx& tx, std::string_view sql, std::span<const Value> values) {
    STOA_CHECK(tx.raw().execute(sql, values));
    return {};
}

}  // namespace

Result<bool> has_home_tables(Tx& tx, bool embedded) {
    bool found = false;
    STOA_CHECK(tx.raw().query(embedded ? "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'homes'"
                                       : "SELECT 1 FROM information_schema.tables WHERE table_schema = database() "
                                         "AND table_name = 'homes'",
                              {}, [&](const Row&) {
                                  found = true;
                                  return false;
                              }));
    return found;
}

Result<std::vector<HomeRow>> read_homes(Tx& tx) {
    std::vector<HomeRow> rows;
    STOA_CHECK(
        tx.raw().query("SELECT account_id, address, password_file, moved_at FROM homes", {}, [&](const Row& row) {
            rows.push_back({row.integer(0), {std::string(row.text(1)), std::string(row.text(2))}, row.integer(3)});
            return true;
        }));
    return rows;
}

Result<bool> lives_elsewhere(Tx& tx, AccountId account) {
    bool found = false;
    const Value values[] = {account};
    STOA_CHECK(tx.raw().query("SELECT 1 FROM homes WHERE account_id IN (0, ?) LIMIT 1", values, [&](const Row&) {
        found = true;
        return false;
    }));
    return found;
}

Status insert_home(WriteTx& tx, const HomeRow& row) {
    const Value values[] = {row.account, row.home.address, row.home.password_file, row.moved_at};
    return execute(tx, "INSERT INTO homes (account_id, address, password_file, moved_at) VALUES (?, ?, ?, ?)", values);
}

Result<std::vector<TransferRow>> read_transfers(Tx& tx) {
    std::vector<TransferRow> rows;
    STOA_CHECK(
        tx.raw().query("SELECT account_id, direction, id, address, password_file, phase, position, started_at, seen_at "
                       "FROM transfers",
                       {}, [&](const Row& row) {
                           TransferRow transfer;
                           transfer.account = row.integer(0);
                           transfer.direction = row.text(1) == "in" ? TransferDirection::in : TransferDirection::out;
                           transfer.id = row.text(2);
                           transfer.other = {std::string(row.text(3)), std::string(row.text(4))};
                           transfer.phase = phase_of(row.text(5));
                           transfer.position = row.text(6);
                           transfer.started_at = row.integer(7);
                           transfer.seen_at = row.integer(8);
                           rows.push_back(std::move(transfer));
                           return true;
                       }));
    return rows;
}

Status put_transfer(WriteTx& tx, const TransferRow& row) {
    const Value values[] = {row.account,
                            std::string(name_of(row.direction)),
                            row.id,
                            row.other.address,
                            row.other.password_file,
                            std::string(name_of(row.phase)),
                            row.position,
                            row.started_at,
                            row.seen_at};
    return execute(tx,
                   "REPLACE INTO transfers (account_id, direction, id, address, password_file, phase, position, "
                   "started_at, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   values);
}

Status remove_transfer(WriteTx& tx, AccountId account, TransferDirection direction) {
    const Value values[] = {account, std::string(name_of(direction))};
    return execute(tx, "DELETE FROM transfers WHERE account_id = ? AND direction = ?", values);
}

}  // namespace stoa::db
