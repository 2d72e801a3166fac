#include "app/housekeeping.hpp"

#include "base/log.hpp"
#include "modules/notify/cleanup.hpp"

namespace stoa::app {

void Housekeeping::tick() {
    const int ticks = ++ticks_;
    if (ticks % kNotesEveryTicks != 0 || running_.exchange(true)) return;
    const bool purge = ticks % kPurgeEveryTicks == 0;
    const bool posted = workers_.post([this, purge] {
        run(purge);
        running_ = false;
    });
    if (!posted) running_ = false;
}

void Housekeeping::finish() {
    run(false);
}

void Housekeeping::run(bool purge) {
    const auto complain = [](const char* what, const Error& error) {
        log::warn("housekeeping_failed", {{"what", what}, {"why", error.message}});
    };
    if (const Status flushed = notes_.flush(portal_.accounts()); !flushed) complain("usage_notes", flushed.error());
    if (!purge) return;
    const UnixSeconds now = portal_.model().clock.now();
    if (const auto purged = accounts::purge_expired(portal_.database(), now); !purged)
        complain("expired", purged.error());
    if (const auto purged = portal_.database().purge_receipts(now); !purged) complain("receipts", purged.error());
    // Looks over all accounts, so not at each turn.
    if (++purges_ % kOldNotificationsEveryPurges == 0) {
        const auto removed = notify::remove_old(portal_.database(), portal_.model().registry, now, 500);
        if (!removed) complain("old_notifications", removed.error());
    }
    if (const auto ended = portal_.end_forgotten_move(now); !ended) {
        complain("forgotten_move", ended.error());
    } else if (*ended) {
        log::warn("move_forgotten",
                  {{"do", "nothing needs repair; start the move again, or give it up with --abandon"}});
    }
}

}  // namespace stoa::app
