#pragma once
// Change capture on an embedded store: triggers on every table note which rows changed, whichever process changes them,
// in the table `transfer_log`. They are made and dropped in write transactions of the store, so they survive a crash of
// the mover exactly as long as its row in `transfers` says. Also the guards that keep a store that was left from being
// written to. SQLite only. https://www.sqlite.org/lang_createtrigger.html

#include "db/transfer/store_read.hpp"

namespace stoa::db::transfer {

/// Makes the log and the triggers for the scope; whatever was left of an earlier attempt is dropped first.
Status start_capture(WriteTx& tx, const Catalogue& catalogue, Scope scope);
/// Drops the triggers and the log. Fine when there are none.
Status stop_capture(WriteTx& tx);
/// How many triggers there are now: another program may have dropped them.
Result<std::int64_t> count_capture_triggers(Tx& tx);

struct ChangedKeys {
    std::string table;
    std::vector<RowValues> keys;  ///< each once
};
struct LogBatch {
    std::vector<ChangedKeys> tables;
    std::int64_t entries = 0;
    std::int64_t up_to = 0;  ///< position of the newest entry in it
};
/// The oldest `entries_max` entries after `after`, keys by table.
Result<LogBatch> read_log(Tx& tx, const Catalogue& catalogue, std::int64_t after, std::int64_t entries_max);
Result<std::int64_t> log_length(Tx& tx);
Result<std::int64_t> newest_log_position(Tx& tx);  ///< 0: the log is empty
/// Drops the entries before that one.
Status forget_log(WriteTx& tx, std::int64_t up_to);

/// From now on the store itself refuses changes to rows of accounts that the table `homes` names, also by a program
/// that does not look there. Idempotent; run it again when tables were added.
Status add_guards(WriteTx& tx, const Catalogue& catalogue);

}  // namespace stoa::db::transfer
