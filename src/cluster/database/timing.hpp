#pragma once
// The times on which the roles of a database cluster rest, and the relations between them that keep it safe.

namespace stoa::cluster::database {

struct Timing {
    int lease_ttl_s = 3;           ///< a silent leader is replaced after that
    int renew_ms = 700;            ///< pause between renewals of the leader's lease
    int fence_ms = 2'000;          ///< after the last renewal: a leader ends its own server
    int watchdog_ms = 100;         ///< later, if the agent itself hangs: another process ends the server
    int promise_ms = 1'000;        ///< how long a member that confirmed to follow takes part in no election
    int confirm_margin_ms = 200;   ///< how much earlier than that the leader stops trusting it
    int silence_ms = 1'900;        ///< nothing came from the leader's server: stop receiving before it is replaced
    int beat_ms = 300;             ///< between heartbeat writes
    int hang_ms = 1'200;           ///< a heartbeat that takes longer: the server hangs
    int hang_longest_ms = 10'000;  ///< doubled up to that with each leader in a row that hung
    int former_leader_grace_ms = 2'000;  ///< before the last leader takes over again: the others come first
    int drop_ms = 1'000;                 ///< a member that acknowledges no more is taken off the list after that
    int lag_pool_ms = 5'000;             ///< further behind: answers no reads
    int lag_alert_ms = 30'000;
    int handover_wait_ms = 10'000;  ///< a planned switchover waits so long for somebody fit to take over
    int handover_hold_ms = 300;     ///< and holds writes for no longer until that one has everything
    int promotion_ms = 30'000;      ///< a leader that has not opened by then gives up
};

constexpr bool is_safe(const Timing& t) {
    return t.fence_ms + t.watchdog_ms < t.lease_ttl_s * 1'000 && t.renew_ms < t.fence_ms / 2 &&
           t.confirm_margin_ms + t.watchdog_ms < t.promise_ms;
}
static_assert(is_safe(Timing{}));

}  // namespace stoa::cluster::database
