#pragma once
// Backups: an account, or everything in a store, as one file that was consistent at one moment, and back again into any
// engine. A file is checked from end to end before anything is written. While a restore is under way, and after it was
// killed, the target says so in its table `transfers`: nobody finds the account, and the next restore clears it away
// and begins anew. One thread; blocks.

#include <functional>
#include <map>

#include "db/transfer/backup_file.hpp"
#include "db/transfer/copy.hpp"

namespace stoa::db::transfer {

struct BackupProgress {
    std::string_view phase;  ///< reading, checking, writing, comparing
    std::string_view table{};
    std::int64_t rows = 0;
};
using ShowBackup = std::function<void(const BackupProgress&)>;

struct BackupReport {
    BackupHead head;
    BackupEnd end;
    std::int64_t bytes = 0;
};

/// One picture of the store (a read with snapshot), written to `path`. Writers do not wait.
Result<BackupReport> create_backup(const Store& store, const std::string& path, BackupHead head,
                                   const ShowBackup& show);

/// Reads the whole file. Errors: those of BackupReader.
Result<BackupReport> verify_backup(const std::string& path, const ShowBackup& show);

struct RestoreOptions {
    AccountId account = 0;  ///< for a backup of one account: its number in the target; 0 = the one it had
    int schema_known = 0;   ///< newest migration step of this program
    /// Columns of the row in `accounts` that get another value when the number changes.
    std::map<std::string, Value> renumbered{};
};

struct RestoreReport {
    BackupHead head;
    AccountId account = 0;
    std::int64_t rows = 0;
    std::int64_t left_out = 0;  ///< rows of credentials, when the number changes
};

/// The target has its tables already (migrate()). With another number an account's sessions, webhooks, tokens and
/// applications are left out: they belong to the original. Errors: already_exists (target not empty, number taken),
/// unsupported (of a newer version, unknown tables), those of verify_backup(); then nothing was written.
Result<RestoreReport> restore_backup(const std::string& path, const Store& target, const RestoreOptions& options,
                                     const ShowBackup& show);

}  // namespace stoa::db::transfer
