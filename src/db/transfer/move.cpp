#include "db/transfer/move.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "db/transfer/move_state.hpp"
#include "db/transfer/move_switch.hpp"

namespace stoa::db::transfer {
namespace {

constexpr std::int64_t kNoteEveryUs = 1'000'000;
/// A log this short is left for the switch, and so many rows to compare.
constexpr std::int64_t kShortLog = 500;
constexpr std::size_t kFewTouched = 1'000;
/// While rows are copied the log is replayed in between when it is longer than this.
constexpr std::int64_t kLongLog = 20'000;
constexpr std::int64_t kForgottenAfterS = 3'600;
constexpr int kSwitchAttemptsMax = 10;

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

class Mover {
  public:
    Mover(const MoveOptions& options, MoveLock lock) : options_(options), lock_(std::move(lock)) {}

    Result<MoveReport> run() {
        started_us_ = now_us();
        STOA_TRY(ends_.source, open_source(options_));
        STOA_TRY(SourceTables tables, read_source(*ends_.source));
        for (const HomeRow& home : tables.homes) {
            if (home.account == 0 || home.account == options_.account) return after_switch(home, tables);
        }
        if (const TransferRow* row = outgoing(tables)) {
            STOA_CHECK(check_same(*row, options_));
            row_ = *row;
            row_.other = options_.to;  // the password file may be another one now
        }
        STOA_CHECK(ends_.source->migrate(options_.steps, options_.tables));
        STOA_TRY(ends_.target, open_target(options_));
        STOA_CHECK(check_account());
        STOA_CHECK(read_catalogues());
        STOA_CHECK(prepare());
        STOA_CHECK(copy_rows());
        STOA_CHECK(replay_until_short());
        STOA_CHECK(compare_and_switch());
        return finish();
    }

  private:
    Status check_account() {
        if (options_.account == 0) return {};
        bool known = false;
        const Value values[] = {options_.account};
        STOA_CHECK(ends_.source->read(0, [&](Tx& tx) {
            return tx.raw().query("SELECT 1 FROM accounts WHERE account_id = ?", values, [&](const Row&) {
                known = true;
                return false;
            });
        }));
        if (known) return {};
        return not_found("There is no account " + std::to_string(options_.account) +
                         " in this store. stoa account list shows them.");
    }

    Status read_catalogues() {
        STOA_CHECK(ends_.source->read(0, [&](Tx& tx) -> Status {
            STOA_TRY(source_catalogue_, read_catalogue(tx, Engine::sqlite));
            return {};
        }));
        Catalogue target;
        STOA_CHECK(ends_.target->read(0, [&](Tx& tx) -> Status {
            STOA_TRY(target, read_catalogue(tx, options_.to_engine));
            return {};
        }));
        STOA_CHECK(check_fits(source_catalogue_, target));
        catalogue_ = with_lengths_of(source_catalogue_, target);
        return {};
    }

    /// Takes up an earlier attempt, or starts: afterwards both sides know of the move and changes are captured.
    Status prepare() {
        std::vector<TransferRow> theirs;
        STOA_CHECK(ends_.target->read(0, [&](Tx& tx) -> Status {
            STOA_TRY(theirs, read_transfers(tx));
            return {};
        }));
        const auto mine = std::find_if(theirs.begin(), theirs.end(), [&](const TransferRow& row) {
            return row.direction == TransferDirection::in && row.account == options_.account;
        });
        if (mine != theirs.end() && mine->id != row_.id) {
            return Error{Errc::conflict,
                         "The new database holds an unfinished move or restore from elsewhere. Finish or abandon it "
                         "there, or choose another database."};
        }
        if (row_.phase == TransferPhase::copying && mine != theirs.end() && triggers_complete()) {
            report_.resumed = true;
            return {};
        }
        if (mine != theirs.end()) {  // ours, and of no use any more
            STOA_CHECK(remove_scope(*ends_.target, options_.to_engine, catalogue_, scope(), options_.account));
        }
        STOA_CHECK(ends_.target->read(0, [&](Tx& tx) { return check_empty(tx, catalogue_, scope()); }));
        return start();
    }

    bool triggers_complete() {
        std::int64_t triggers = 0;
        const Status counted = ends_.source->read(0, [&](Tx& tx) -> Status {
            STOA_TRY(triggers, count_capture_triggers(tx));
            return {};
        });
        return counted && triggers == triggers_for(catalogue_, scope());
    }

    Status start() {
        const UnixSeconds now = system_clock().now();
        row_ = {options_.account,
                TransferDirection::out,
                row_.id.empty() ? uuid_v4() : row_.id,
                options_.to,
                TransferPhase::preparing,
                {},
                now,
                now};
        STOA_CHECK(put_row());
        TransferRow theirs = row_;
        theirs.direction = TransferDirection::in;
        theirs.other = {};
        STOA_CHECK(write_in(*ends_.target, 0, [&](WriteTx& tx) { return put_transfer(tx, theirs); }));
        row_.phase = TransferPhase::copying;
        STOA_CHECK(write_in(*ends_.source, 0, [&](WriteTx& tx) -> Status {
            STOA_CHECK(start_capture(tx, source_catalogue_, scope()));
            return put_transfer(tx, row_);
        }));
        // Serving processes look into the table and open the new home in advance.
        lock_.words().begin_homes_change();
        lock_.words().end_homes_change();
        return {};
    }

    Status put_row() {
        return write_in(*ends_.source, 0, [&](WriteTx& tx) { return put_transfer(tx, row_); });
    }

    Status copy_rows() {
        copy_ = std::make_unique<Copy>(*ends_.source, Store{*ends_.target, options_.to_engine}, catalogue_, scope(),
                                       parse_position(row_.position));
        STOA_CHECK(ends_.source->read(0, [&](Tx& tx) -> Status {
            for (const TableShape& table : catalogue_) {
                if (!scope().covers(table)) continue;
                ++report_.tables;
                STOA_TRY(const std::int64_t rows, count_rows(tx, table, scope()));
                rows_total_ += rows;
            }
            return {};
        }));
        while (!copy_->position().done) {
            STOA_TRY(const std::int64_t rows, copy_->copy_some());
            rows_copied_ += rows;
            STOA_TRY(const std::int64_t waiting, copy_->waiting());
            STOA_CHECK(check_log(waiting));
            if (waiting > kLongLog) STOA_CHECK(copy_->replay_some());
            STOA_CHECK(show_and_note("copying", waiting));
        }
        return note();
    }

    Status replay_until_short() {
        for (int round = 0; round <= options_.rounds_max; ++round) {
            STOA_TRY(std::int64_t waiting, copy_->waiting());
            STOA_CHECK(check_log(waiting));
            if (waiting <= kShortLog) return {};
            if (round == options_.rounds_max) break;
            const std::int64_t until_us = now_us() + kNoteEveryUs;
            while (waiting > 0 && now_us() < until_us) {
                STOA_TRY(const std::int64_t replayed, copy_->replay_some());
                waiting -= replayed;
                if (replayed == 0) break;
            }
            STOA_CHECK(show_and_note("replaying", std::max<std::int64_t>(waiting, 0)));
        }
        return too_busy();
    }

    /// Compares what was touched since the last time until that is little enough for the switch.
    Status compare_until_few() {
        for (int round = 0; round <= options_.rounds_max; ++round) {
            STOA_CHECK(replay_until_short());
            if (copy_->touched_rows() <= kFewTouched) return {};
            options_.progress({.phase = "comparing",
                               .rows = rows_copied_,
                               .rows_total = rows_total_,
                               .waiting = static_cast<std::int64_t>(copy_->touched_rows())});
            STOA_CHECK(check_touched_online(*copy_));
        }
        return too_busy();
    }

    static Status too_busy() {
        return Error{Errc::busy,
                     "Writes come faster than they can be copied. Run this again at a quieter hour: it goes on where "
                     "it stopped.",
                     {},
                     {},
                     60};
    }

    Status compare_and_switch() {
        options_.progress({.phase = "comparing", .rows = rows_copied_, .rows_total = rows_total_});
        STOA_TRY(OnlineCheck check, check_online(*copy_));
        report_.rows = check.rows;
        copy_->note_touched(std::move(check.waiting));
        SwitchPlan plan{*copy_,
                        lock_.words(),
                        row_,
                        source_catalogue_,
                        options_.pause_ms_max,
                        choose_thoroughness(check, options_.pause_ms_max)};
        for (int attempt = 1; attempt <= kSwitchAttemptsMax; ++attempt) {
            STOA_CHECK(compare_until_few());
            report_.attempts = attempt;
            options_.progress({.phase = "switching", .rows = rows_copied_, .rows_total = rows_total_});
            const SwitchOutcome outcome = try_switch(plan);
            report_.pause_ms = std::max(report_.pause_ms, outcome.pause_us / 1000);
            report_.compared = name_of(plan.thoroughness);
            report_.touched = static_cast<std::int64_t>(copy_->touched_rows());
            if (outcome.status) return {};
            if (outcome.status.error().code != Errc::timeout) return outcome.status;
            if (plan.thoroughness == Thoroughness::all_rows) {
                plan.thoroughness = Thoroughness::touched_and_counts;
            } else {
                plan.thoroughness = Thoroughness::touched;
            }
        }
        return Error{Errc::busy,
                     "The switch did not fit into the pause that is allowed. Run this again at a quieter hour: it goes "
                     "on where it stopped.",
                     {},
                     {},
                     60};
    }

    Result<MoveReport> finish() {
        STOA_CHECK(tidy_up());
        report_.seconds = static_cast<double>(now_us() - started_us_) / 1e6;
        return report_;
    }

    /// The switch is done: clears the mark in the target and, for an account, the rows left behind.
    Status tidy_up() {
        STOA_CHECK(write_in(*ends_.target, 0, [&](WriteTx& tx) -> Status {
            STOA_CHECK(reserve_account(tx, options_.account));
            return remove_transfer(tx, options_.account, TransferDirection::in);
        }));
        if (options_.account == 0) return {};
        options_.progress({.phase = "cleaning"});
        system_sleep_ms(options_.grace_ms);
        STOA_CHECK(remove_scope(*ends_.source, Engine::sqlite, source_catalogue_, scope(), options_.account));
        return write_in(*ends_.source, 0,
                        [&](WriteTx& tx) { return remove_transfer(tx, options_.account, TransferDirection::out); });
    }

    Result<MoveReport> after_switch(const HomeRow& home, const SourceTables& tables) {
        if (home.home.address != options_.to.address || home.account != options_.account) {
            return Error{Errc::conflict, (home.account == 0 ? "Everything in this store" : "This account") +
                                             std::string(" lives at ") + home.home.address + " already."};
        }
        report_.was_done = true;
        STOA_TRY(ends_.target, options_.opener(options_.to));
        const TransferRow* row = outgoing(tables);
        if (options_.account == 0 || row == nullptr || row->account != options_.account) {
            STOA_CHECK(write_in(*ends_.target, 0, [&](WriteTx& tx) {
                return remove_transfer(tx, options_.account, TransferDirection::in);
            }));
            return report_;
        }
        STOA_CHECK(ends_.source->read(0, [&](Tx& tx) -> Status {
            STOA_TRY(source_catalogue_, read_catalogue(tx, Engine::sqlite));
            return {};
        }));
        return finish();
    }

    Status check_log(std::int64_t waiting) const {
        if (waiting <= options_.log_rows_max) return {};
        return Error{Errc::busy,
                     "Writes come faster than they can be copied. Give the move up with --abandon, and start "
                     "it again at a quieter hour."};
    }

    Status show_and_note(std::string_view phase, std::int64_t waiting) {
        if (now_us() - noted_us_ < kNoteEveryUs) return {};
        options_.progress({phase, copy_->position().table, rows_copied_, rows_total_, waiting});
        return note();
    }

    /// Sign of life, and where to go on after a crash. What was replayed is forgotten.
    Status note() {
        noted_us_ = now_us();
        row_.seen_at = system_clock().now();
        row_.position = to_json(copy_->position());
        return write_in(*ends_.source, 0, [&](WriteTx& tx) -> Status {
            STOA_CHECK(forget_log(tx, copy_->replayed_to()));
            return put_transfer(tx, row_);
        });
    }

    Scope scope() const { return {options_.account}; }

    const MoveOptions& options_;
    MoveLock lock_;
    Ends ends_;
    TransferRow row_;
    Catalogue source_catalogue_;
    Catalogue catalogue_;  ///< with the target's lengths
    std::unique_ptr<Copy> copy_;
    MoveReport report_;
    std::int64_t rows_copied_ = 0;
    std::int64_t rows_total_ = 0;
    std::int64_t started_us_ = 0;
    std::int64_t noted_us_ = 0;
};

}  // namespace

Result<MoveReport> move(const MoveOptions& options) {
    STOA_TRY(MoveLock lock, MoveLock::take(options.source_path));
    return Mover(options, std::move(lock)).run();
}

Status abandon(const MoveOptions& options, const std::function<Result<Engine>(const HomeAddress&)>& engine_of) {
    STOA_TRY(const MoveLock lock, MoveLock::take(options.source_path));
    Ends ends;
    STOA_TRY(ends.source, open_source(options));
    STOA_TRY(const SourceTables tables, read_source(*ends.source));
    const TransferRow* row = outgoing(tables);
    if (row == nullptr) return {};
    if (row->phase == TransferPhase::cleaning) {
        return Error{Errc::conflict, "The account was switched already. Run the move again: it only tidies up."};
    }
    TransferRow stopped = *row;
    stopped.phase = TransferPhase::preparing;
    stopped.position.clear();
    STOA_CHECK(write_in(*ends.source, 0, [&](WriteTx& tx) -> Status {
        STOA_CHECK(stop_capture(tx));
        return put_transfer(tx, stopped);
    }));
    // From here on the source is as it was before; the rest is the target's.
    STOA_TRY(const Engine engine, engine_of(row->other));
    STOA_TRY(ends.target, options.opener(row->other));
    std::vector<TransferRow> theirs;
    Catalogue catalogue;
    STOA_CHECK(ends.target->read(0, [&](Tx& tx) -> Status {
        STOA_TRY(const bool there, has_home_tables(tx, engine == Engine::sqlite));
        if (!there) return {};
        STOA_TRY(theirs, read_transfers(tx));
        STOA_TRY(catalogue, read_catalogue(tx, engine));
        return {};
    }));
    for (const TransferRow& their : theirs) {
        if (their.direction != TransferDirection::in || their.id != row->id) continue;
        STOA_CHECK(remove_scope(*ends.target, engine, catalogue, {row->account}, row->account));
        STOA_CHECK(write_in(*ends.target, 0,
                            [&](WriteTx& tx) { return remove_transfer(tx, row->account, TransferDirection::in); }));
    }
    return write_in(*ends.source, 0,
                    [&](WriteTx& tx) { return remove_transfer(tx, row->account, TransferDirection::out); });
}

Result<bool> end_forgotten_capture(Database& source, const std::string& source_path, UnixSeconds now) {
    STOA_TRY(const SourceTables tables, read_source(source));
    const TransferRow* row = outgoing(tables);
    if (row == nullptr || row->phase != TransferPhase::copying || now - row->seen_at < kForgottenAfterS) return false;
    const auto lock = MoveLock::take(source_path);
    if (!lock) return false;
    TransferRow stopped = *row;
    stopped.phase = TransferPhase::preparing;
    stopped.position.clear();
    STOA_CHECK(write_in(source, 0, [&](WriteTx& tx) -> Status {
        STOA_CHECK(stop_capture(tx));
        return put_transfer(tx, stopped);
    }));
    return true;
}

}  // namespace stoa::db::transfer
