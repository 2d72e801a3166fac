#pragma once
// The tables `homes` and `transfers` of a store: which accounts live elsewhere, and what is being moved. Functions over
// a transaction of account 0; used on its thread.

#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/transaction.hpp"

namespace stoa::db {

/// Where a store is. Its password is in a file, so that it is in no table and no log.
struct HomeAddress {
    std::string address;  ///< e.g. mariadb://stoa@db1:3306/stoa, without a password
    std::string password_file;
    bool operator==(const HomeAddress&) const = default;
};

struct HomeRow {
    AccountId account = 0;  ///< 0: everything
    HomeAddress home;
    UnixSeconds moved_at = 0;
    bool operator==(const HomeRow&) const = default;
};

/// Whether the store has these tables: one of an older version has not, until it is migrated. `embedded`: SQLite.
Result<bool> has_home_tables(Tx& tx, bool embedded);
Result<std::vector<HomeRow>> read_homes(Tx& tx);
/// Whether the account, or everything, lives elsewhere. One point read.
Result<bool> lives_elsewhere(Tx& tx, AccountId account);
Status insert_home(WriteTx& tx, const HomeRow& row);

enum class TransferDirection : std::uint8_t { out, in };
enum class TransferPhase : std::uint8_t {
    preparing,  ///< the other side may have a row already
    copying,    ///< changes are captured, rows are copied
    cleaning,   ///< switched; what was left behind is being removed
};

struct TransferRow {
    AccountId account = 0;
    TransferDirection direction = TransferDirection::out;
    std::string id;  ///< the same on both sides
    HomeAddress other;
    TransferPhase phase = TransferPhase::preparing;
    std::string position;  ///< how far the copy came, as JSON
    UnixSeconds started_at = 0;
    UnixSeconds seen_at = 0;  ///< the mover's last sign of life
};

Result<std::vector<TransferRow>> read_transfers(Tx& tx);
Status put_transfer(WriteTx& tx, const TransferRow& row);
Status remove_transfer(WriteTx& tx, AccountId account, TransferDirection direction);

}  // namespace stoa::db
