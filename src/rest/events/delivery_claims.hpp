#pragma once
// DeliveryClaims: which of several processes on one database may make a delivery. A row is claimed by a process until a
// moment (CLAIMED_BY, CLAIMED_UNTIL); only its holder calls the handler, so at most one call per delivery is under way.
// Rows are born claimed by the process that wrote them, so the usual case costs no further write. What a process that
// died had claimed is free when its claims have run out, plus what clocks may differ; the others look for such rows
// every few seconds. A process that stands still for longer than its claim, in the middle of a call, cannot be stopped:
// its handler then gets the same X-Stoa-Delivery twice.
// A process that keeps its name over a restart finds its own claims again at once. Any thread.

#include <string>

#include "base/clock.hpp"
#include "db/transaction.hpp"
#include "model/due_rows.hpp"
#include "model/record.hpp"
#include "rest/events/event_options.hpp"

namespace stoa::rest {

class DeliveryClaims {
  public:
    /// Makes up a name for this process when the options have none.
    DeliveryClaims(const EventOptions& options, const Clock& clock);

    /// For a row that is to be delivered at `due`: claimed until its call must be over.
    void put(model::Changes& changes, UnixSeconds due) const;
    /// Whether this process may call now, and the claim lasts as long as a call may.
    bool holds(const model::Record& delivery) const;
    bool is_mine(const model::Record& delivery) const { return delivery.text("CLAIMED_BY") == node_; }
    /// Claims a row that is this process's own, nobody's, or was given up. False: another process has it, or it is
    /// done.
    Result<bool> take(db::WriteTx& tx, const model::Entity& deliveries, RecordId id) const;
    /// Gives up everything that waits in this account, so that the others need not wait.
    Status release(db::WriteTx& tx, const model::Entity& deliveries) const;
    /// The rows that take() would get.
    model::ClaimedRows free_rows() const { return {"CLAIMED_BY", "CLAIMED_UNTIL", node_, lapsed_before()}; }

  private:
    UnixSeconds lapsed_before() const { return clock_.now() - skew_s_; }

    const std::string node_;
    const std::int64_t lease_s_;
    const std::int64_t skew_s_;
    const std::int64_t call_s_;  ///< as long as a call may take, and its result be written
    const Clock& clock_;
};

}  // namespace stoa::rest
