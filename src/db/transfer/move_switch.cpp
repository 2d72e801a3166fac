#include "db/transfer/move_switch.hpp"

#include <chrono>
#include <thread>

#include "base/clock.hpp"
#include "db/transfer/write_hold.hpp"

namespace stoa::db::transfer {
namespace {

constexpr int kLockWaitMs = 15'000;
/// Kept back from the pause for the commit itself.
constexpr std::int64_t kCommitMs = 300;

/// While it lives, reading processes look into the table `homes` each time.
class HomesChange {
  public:
    explicit HomesChange(SharedWords& words) : words_(words) { words_.begin_homes_change(); }
    ~HomesChange() { words_.end_homes_change(); }
    HomesChange(const HomesChange&) = delete;
    HomesChange& operator=(const HomesChange&) = delete;

  private:
    SharedWords& words_;
};

Status out_of_time() {
    return Error{Errc::timeout, "The switch took too long; the writers were let go."};
}

Status check_still_mine(Tx& tx, const SwitchPlan& plan) {
    STOA_TRY(const auto transfers, read_transfers(tx));
    bool mine = false;
    for (const TransferRow& row : transfers)
        mine = mine || (row.direction == TransferDirection::out && row.id == plan.row.id &&
                        row.phase == TransferPhase::copying);
    STOA_TRY(const std::int64_t triggers, count_capture_triggers(tx));
    STOA_TRY(const Catalogue catalogue, read_catalogue(tx, Engine::sqlite));
    if (!mine || triggers != triggers_for(plan.source_catalogue, plan.copy.scope())) {
        return Error{Errc::conflict,
                     "The move was given up from elsewhere. Run it again: it starts from the beginning."};
    }
    if (catalogue == plan.source_catalogue) return {};
    return Error{Errc::conflict,
                 "The tables of the store were changed during the move, probably by another version of the program. "
                 "Run it again with that version."};
}

/// Moves on with a bulk of them: where accounts live that had moved away before. Only the target's table counts later.
Status copy_homes(const SwitchPlan& plan) {
    if (!plan.copy.scope().whole()) return {};
    std::vector<HomeRow> homes;
    STOA_CHECK(plan.copy.source().read(0, [&](Tx& tx) -> Status {
        STOA_TRY(homes, read_homes(tx));
        return {};
    }));
    return write_in(plan.copy.target().database, 0, [&](WriteTx& tx) -> Status {
        STOA_CHECK(tx.raw().execute("DELETE FROM homes", {}));
        for (const HomeRow& home : homes)
            STOA_CHECK(insert_home(tx, home));
        return {};
    });
}

/// The one commit that is the move.
Status write_marker(WriteTx& tx, const SwitchPlan& plan) {
    const AccountId account = plan.row.account;
    STOA_CHECK(insert_home(tx, {account, plan.row.other, system_clock().now()}));
    STOA_CHECK(stop_capture(tx));
    STOA_CHECK(add_guards(tx, plan.source_catalogue));
    if (account == 0) return remove_transfer(tx, account, TransferDirection::out);
    // Whoever takes the oldest events of all accounts must not find these for ever.
    const Value values[] = {account};
    STOA_CHECK(tx.raw().execute("DELETE FROM outbox WHERE account_id = ?", values));
    STOA_CHECK(tx.raw().execute("DELETE FROM push_outbox WHERE account_id = ?", values));
    TransferRow row = plan.row;
    row.phase = TransferPhase::cleaning;
    row.position.clear();
    return put_transfer(tx, row);
}

Status switch_in(const SwitchPlan& plan, WriteHold& hold) {
    for (;;) {
        if (hold.left_ms() < kCommitMs) return out_of_time();
        STOA_TRY(const std::int64_t replayed, plan.copy.replay_some());
        if (replayed == 0) break;
    }
    STOA_CHECK(plan.copy.source().read(0, [&](Tx& tx) { return check_still_mine(tx, plan); }));
    if (hold.left_ms() < kCommitMs) return out_of_time();
    const Status same = check_standing(plan.copy, plan.thoroughness);
    if (hold.left_ms() < kCommitMs) return out_of_time();  // writers may be at work again: what was seen says nothing
    STOA_CHECK(same);
    STOA_CHECK(copy_homes(plan));
    if (hold.left_ms() < kCommitMs) return out_of_time();
    return hold.commit([&plan](WriteTx& tx) { return write_marker(tx, plan); });
}

}  // namespace

std::int64_t triggers_for(const Catalogue& catalogue, Scope scope) {
    std::int64_t triggers = 0;
    for (const TableShape& table : catalogue)
        triggers += scope.covers(table) ? 3 : 0;
    return triggers;
}

void system_sleep_ms(int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

Thoroughness choose_thoroughness(const OnlineCheck& check, int pause_ms_max) {
    const std::int64_t budget_us = std::int64_t{pause_ms_max} * 1000 * 2 / 5;
    if (check.all_rows_us < budget_us) return Thoroughness::all_rows;
    if (check.row_counts_us < budget_us) return Thoroughness::touched_and_counts;
    return Thoroughness::touched;
}

SwitchOutcome try_switch(const SwitchPlan& plan) {
    SwitchOutcome outcome;
    const HomesChange change(plan.words);
    auto hold = WriteHold::acquire(plan.copy.source(), kLockWaitMs, plan.pause_ms_max);
    if (!hold) {
        outcome.status = std::move(hold).error();
        return outcome;
    }
    const std::int64_t since_us = (*hold)->held_since_us();
    outcome.status = switch_in(plan, **hold);
    hold->reset();
    outcome.pause_us = system_clock().monotonic_us() - since_us;
    return outcome;
}

}  // namespace stoa::db::transfer
