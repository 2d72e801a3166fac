#pragma once
// Turns committed events of one account into rows that wait for delivery, and forgets the events, in one transaction:
// so each event is handed over exactly once, also when several processes try. On the thread of that transaction; it may
// be run again.

#include <string>
#include <vector>

#include "model/outbox.hpp"
#include "model/records.hpp"
#include "rest/events/delivery_claims.hpp"

namespace stoa::rest {

struct NewDelivery {
    RecordId id = 0;
    std::string host;
    UnixSeconds due = 0;
};

/// `events` are of the account of the transaction, in order. Answers what must be called; the rows are claimed.
/// Errors: conflict when another process has handed over some of them: nothing is done then, look again.
Result<std::vector<NewDelivery>> hand_over(db::WriteTx& tx, const model::ModelServices& services,
                                           const DeliveryClaims& claims, const std::vector<model::Event>& events);

}  // namespace stoa::rest
