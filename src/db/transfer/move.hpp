#pragma once
// Move: takes an account, or everything, from an embedded store to another database while the portal works.
//
//   preparing   a row in the source's `transfers`, then one with the same id in the target's
//   copying     triggers note every change of the source; rows are copied, changes replayed, all of it compared
//   the switch  the source's write lock is held: writers of every process wait, none fails. The rest of the log is
//               replayed, the copy compared, and one commit of the source writes the row of `homes` and drops the
//               triggers. That commit is the move: before it everything can be given up, after it the source takes no
//               write for that account again. If it is not done within limits::move_pause_ms_max, the writers are let
//               go and it is tried again later.
//   cleaning    an account's rows are removed from the source (everything: the old file stays as it is)
//
// Killed at any point, the portal works on, and the same command goes on where it stopped; abandon() goes back.
// Receipts, sequences and the outbox are rows like others, so a request repeated across the switch is still done once.
// One mover per store, in any process. One thread; blocks. Source: SQLite; target: SQLite or MariaDB.

#include <functional>
#include <memory>
#include <string>

#include "db/homes/homes.hpp"
#include "db/transfer/copy.hpp"

namespace stoa::db::transfer {

struct MoveProgress {
    std::string_view phase;    ///< copying, replaying, comparing, switching, cleaning
    std::string_view table{};  ///< at work
    std::int64_t rows = 0;     ///< copied so far
    std::int64_t rows_total = 0;
    std::int64_t waiting = 0;  ///< entries of the log
};

struct MoveOptions {
    std::string source_path;  ///< the file of the embedded store
    AccountId account = 0;    ///< 0: everything
    HomeAddress to;
    Engine to_engine = Engine::mariadb;
    HomeOpener opener;
    std::vector<Migration> steps;  ///< the schema that both sides are brought to
    std::vector<TableDef> tables;
    std::function<void(const MoveProgress&)> progress = [](const MoveProgress&) {};
    /// How long after the switch an account's old rows stay for look-ups that began before it.
    int grace_ms = 3'000;
    int pause_ms_max = limits::move_pause_ms_max;
    int rounds_max = limits::move_rounds_max;               ///< replays until the log is short
    std::int64_t log_rows_max = limits::move_log_rows_max;  ///< a longer log ends the attempt
};

struct MoveReport {
    bool was_done = false;  ///< had been switched before; this call only tidied up
    bool resumed = false;
    std::int64_t rows = 0;
    std::int64_t tables = 0;
    double seconds = 0;
    std::int64_t pause_ms = 0;  ///< for which writers waited
    std::int64_t attempts = 1;  ///< switches tried
    std::string compared;       ///< in the switch: all_rows, touched_and_counts, touched
    std::int64_t touched = 0;   ///< rows that had changed since they were compared before
};

/// Errors: busy (another mover), already_exists (the target holds that account or is not empty), unsupported (schemas),
/// conflict (lives elsewhere, or another move is unfinished), unavailable (a store). They say what to do.
Result<MoveReport> move(const MoveOptions& options);

/// Gives up a move that was not switched: drops the triggers, removes the copy. Fine when there is none. Of the options
/// only source_path and opener count. Errors: conflict after the switch; unavailable when the target cannot be cleaned
/// now: the source is clean then, and the same command cleans the rest later.
Status abandon(const MoveOptions& options, const std::function<Result<Engine>(const HomeAddress&)>& engine_of);

/// Housekeeping for a serving process: ends the capture of a move whose mover has been gone for an hour. The copy in
/// the target is removed when the move is started again or abandoned. True if there was one.
Result<bool> end_forgotten_capture(Database& source, const std::string& source_path, UnixSeconds now);

}  // namespace stoa::db::transfer
