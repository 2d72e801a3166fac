#pragma once
// What one member does next: a pure function of what stands in etcd, what is known of its own server and its clock.
// No I/O and no memory of its own, so that thousands of clusters can be tried from a seed (simulation_test.cpp).
// The caller carries the action out, looks again and asks again.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cluster/database/election.hpp"
#include "cluster/database/records.hpp"
#include "cluster/database/timing.hpp"

namespace stoa::cluster::database {

struct Settings {
    std::string name;
    std::string address;
    std::vector<std::string> members;    ///< all of them, by preference
    bool block_without_receipts = true;  ///< a commit that no other server has waits; false: counts, and alarms
    bool reseed = true;                  ///< a member whose history has parted is copied anew
    Timing timing;
};

/// What a member knows of itself. Times are monotonic, in microseconds; 0 = never.
struct Self {
    enum class Server : std::uint8_t { down, starting, answers } server = Server::down;
    Life life;
    bool writable = false;      ///< read_only is off
    bool as_leader = false;     ///< semi-sync of a primary is on
    bool acknowledges = false;  ///< semi-sync of a replica is on
    bool receiving = false;     ///< the IO thread runs, or tries to connect
    bool applying = false;
    bool copying = false;       ///< a new copy is being fetched
    bool parted = false;        ///< its history is not the leader's, or the leader has it no more
    bool damaged = false;       ///< a page of its data is; until they were copied
    std::string source;         ///< address it receives from
    std::int64_t heard_us = 0;  ///< when something last came from there, as far as is known
    Position received;          ///< complete transactions, applied or not
    Position applied;

    std::int64_t follows_epoch = 0;
    std::optional<Vote> vote;
    /// Tried to become the recorded leader, and has followed nobody since: its server must not be started as a replica,
    /// which may drop what counts, before etcd says who leads. Kept over a restart of the agent.
    bool may_have_led = false;
    std::int64_t follow_again_us = 0;  ///< a failed attempt is not repeated before

    /// The leadership that it gave up last: a mirror of etcd may show that for a moment longer.
    struct Resigned {
        std::string token;
        std::int64_t at_us = 0;
    } resigned;

    // As the leader.
    std::string token;                ///< of the key that it holds; empty: none
    std::int64_t epoch = 0;           ///< of that key
    std::int64_t key_revision = 0;    ///< etcd's, when the key was last written
    bool restarting = false;          ///< took the key in order to start its server as the leader again
    bool forced = false;              ///< took the key because an operator said so
    bool served = false;              ///< has been open in this leadership
    std::int64_t write_until_us = 0;  ///< by lease or by the acknowledgers' word; kept over a restart of the agent
    std::int64_t taken_us = 0;
    bool hangs = false;  ///< heartbeats are not written, and not for want of receipts
    /// Commits wait although a listed member has all of them: it received them before it acknowledged, or the receipt
    /// was lost on the way. The server takes nothing new meanwhile, so no later receipt will come.
    bool receipts_lost = false;

    std::int64_t vacant_us = 0;  ///< since when etcd names no leader
    struct Seen {
        std::string name;
        Life life;
        std::int64_t not_receiving_us = 0;  ///< since when a listed acknowledger does not receive; 0 = it does
    };
    std::vector<Seen> acknowledgers;  ///< as the leader: of those listed

    /// As the leader: the switchover that an operator asked for.
    struct Handover {
        std::string id;             ///< of the command; empty: none
        std::int64_t asked_us = 0;  ///< since when it is known
        std::int64_t again_us = 0;  ///< not tried again before
        int holds = 0;              ///< times that writes were held for it
        std::string avoid;          ///< who did not catch up last: another one is rather taken
        std::string problem;        ///< of the last try
    } handover;
};

struct Action {
    enum class Kind : std::uint8_t {
        wait,
        kill_server,      ///< SIGKILL, at once
        start_server,     ///< in the role `as_leader`
        give_up,          ///< revoke the leader key's lease
        adopt,            ///< go on with the lease of an earlier life of this agent
        stop_receiving,   ///< and promise `epoch`
        pause_receiving,  ///< without a promise, and for a while
        leave_list,       ///< stop acknowledging; another life begins
        take_leadership,  ///< create the key, then look again whether it may
        apply,            ///< everything received
        establish,        ///< write `list`, compared with what was there
        open,             ///< take writes
        announce,         ///< say so in the leader key
        change_list,      ///< write `list`; whoever is dropped cannot acknowledge any more before that
        follow,           ///< `leader`, acknowledging or not
        hand_over,        ///< stop taking writes, wait until the next leader has all, give the key up
        forget,           ///< the key is no longer there; what it allowed may still be confirmed by the others
        copy,             ///< fetch a new copy
        answer,           ///< the command, with `reason`
    } kind = Kind::wait;
    std::string reason{};  ///< for people
    bool as_leader = false;
    bool acknowledging = false;
    std::int64_t epoch = 0;
    std::optional<Acknowledgers> list{};
    std::string member{};     ///< follow: whom; hand_over: to whom; copy: from whom, empty: whoever is fit
    bool forced = false;      ///< take_leadership: an operator answers for what may be lost
    bool restarting = false;  ///< take_leadership: to start its own server again, which has everything
};
std::string_view to_string(Action::Kind kind);

/// A switchover that failed so often with writes held is not tried again.
inline constexpr int kHandoverHoldsMax = 3;
/// The successor's lag, as it was published, must be below; how far it is exactly is asked before writes are held.
inline constexpr std::int64_t kHandoverLagMs = 1'000;

/// What it tells the others in etcd, as far as it decides by it; not how far it lags and what troubles it.
Member describe(const Settings& settings, const Self& self);

Action decide(const Settings& settings, const ClusterView& cluster, const Self& self, std::int64_t now_us);

/// After the key was created: whether what etcd holds then really lets this member lead. Guards against a stale copy.
bool may_lead(const Settings& settings, const ClusterView& listed, const Self& self);

/// Leaders in a row that were ended for hanging, within the last while.
int recent_hangs(const Acknowledgers& list, std::int64_t now_ms);
inline constexpr std::int64_t kHangMemoryMs = 60'000;

/// How long a heartbeat may take. From the third leader in a row on that was ended for hanging it is longer: a slow
/// disk under all of them must not make the role go round. `now_ms`: wall clock.
int hang_limit_ms(const Timing& timing, const ClusterView& cluster, std::int64_t now_ms);

}  // namespace stoa::cluster::database
