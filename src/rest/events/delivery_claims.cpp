#include "rest/events/delivery_claims.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace stoa::rest {
namespace {

using db::Condition;

constexpr std::size_t kNodeCharacters = 12;
constexpr std::int64_t kNoteS = 5;

std::int64_t seconds(int ms) {
    return (std::int64_t{ms} + 999) / 1'000;
}

}  // namespace

DeliveryClaims::DeliveryClaims(const EventOptions& options, const Clock& clock)
    : node_(options.node.empty() ? random_alnum(kNodeCharacters) : options.node),
      lease_s_(seconds(options.lease_ms)),
      skew_s_(seconds(options.clock_skew_ms)),
      call_s_(std::min(seconds(options.call_timeout_ms) + kNoteS, lease_s_)),
      clock_(clock) {}

void DeliveryClaims::put(model::Changes& changes, UnixSeconds due) const {
    changes.set("CLAIMED_BY", node_);
    changes.set("CLAIMED_UNTIL", std::max(due, clock_.now()) + lease_s_);
}

bool DeliveryClaims::holds(const model::Record& delivery) const {
    return is_mine(delivery) && delivery.integer("CLAIMED_UNTIL") >= clock_.now() + call_s_;
}

Result<bool> DeliveryClaims::take(db::WriteTx& tx, const model::Entity& deliveries, RecordId id) const {
    const Condition free = Condition::any({Condition::equals("claimed_by", node_), Condition::is_null("claimed_until"),
                                           Condition::compare("claimed_until", Condition::Op::lt, lapsed_before())});
    const db::Assignment claim[] = {{"claimed_by", node_}, {"claimed_until", clock_.now() + lease_s_}};
    STOA_TRY(const std::int64_t rows,
             tx.update(deliveries.table, claim,
                       Condition::all(
                           {Condition::equals("id", id), Condition::negate(Condition::is_null("next_at")), free})));
    return rows == 1;
}

Status DeliveryClaims::release(db::WriteTx& tx, const model::Entity& deliveries) const {
    const db::Assignment nobody[] = {{"claimed_by", std::string()}, {"claimed_until", std::int64_t{0}}};
    STOA_TRY(const std::int64_t rows, tx.update(deliveries.table, nobody, Condition::equals("claimed_by", node_)));
    (void)rows;
    return {};
}

}  // namespace stoa::rest
