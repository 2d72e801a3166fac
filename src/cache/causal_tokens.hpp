#pragma once
// CausalTokens: how far the last write of each account got, known to all web processes, so that reads may go to
// database replicas and still show what was just written (mechanism 3), whichever process answers.
//
// A writer publishes the token of its commit (a MariaDB GTID position, "0-1-100" or "0-1-100,1-2-7") before it answers.
// A reader looks up the account's token and reads from a replica that has reached it, or from the primary.
//
// Read leases. Every process keeps all tokens of the last minute in memory (token_board.hpp), told by a channel of
// Redis, so that a look-up asks nobody. It counts only while the process holds a lease of 500 ms; a process without one
// answers "unknown", which costs a read from the primary and nothing else. A writer waits until each process that holds
// a lease has said that it has heard of the token, or until that lease has surely ended.
//
// Why this is right.
//   - A lease is asked for by a script that also sends an echo down the channel, and begins only when the process hears
//     that echo. One channel has one order: whoever hears the echo has heard everything published before it.
//   - It ends 500 ms (less a margin) after it was asked for, on the process's own monotonic clock. The writer counts
//     500 ms from the moment it has Redis's list of members, on its own: every lease that is older than the token has
//     ended by then, and every newer one knows the token. Wall clocks do not matter, and a process that is stopped
//     and wakes up has no lease. A writer so waits 500 ms at most, for members that were killed; whoever sees that a
//     member has not renewed for so long strikes it off the list.
//   - A lease that lapsed (a busy machine) and is renewed is as good as before. Only when the subscription broke,
//     something may have been missed: nothing is known for the next 10 s. Then it no longer matters, because a replica
//     that lags longer than that is not read from (database.replica_lag_max_ms must stay below). A process that has
//     just started is in that state, too; so are all when Redis restarts.
//   - The list may be incomplete when Redis lost it (emptied), or when another server has become the master and holders
//     of leases have not noticed. Both begin a new epoch, which the scripts tell by the server's run id beside the
//     list. Publications wait until it is 1.5 s old (by the server's clock); by then the leases given before it have
//     ended.
//   - A lease also ends 1.5 s after the last look that found this master (every 500 ms), so that who talks to a master
//     that was replaced does not go on for longer than the sentinels do.
//
// A writer that cannot reach Redis does not know who reads: others may reach it. It holds publications for 500 ms, then
// gives false; further ones get false at once while it lasts. What was not published is answered only when every
// replica has it (causal_database.hpp). Its tokens are kept and published when Redis is back.
//
// What remains. Between two masters, of which a part of
// the sentinels knows the wrong one, readers of both may be a moment behind writers of the other: min-replicas-to-write
// bounds it, because a master that takes no writes gives no leases. A virtual machine that is paused together with its
// monotonic clock does not know that its lease has ended until it has read what waits for it on the socket.
//
// Any thread, never blocks (publish_and_wait waits). `done` runs once, on the driver's thread or at once on the
// caller's, without locks, and must not block: it would hold up acknowledgements. A process becomes a member with its
// first look-up: one that only writes is waited for by nobody. CPU: a look-up
// 0.09 µs; a publication 20 µs (41 µs until done), with one other reader 40 µs (75 µs) in both processes together, 1.3
// µs when 64 are under way. causal_tokens_bench.cpp.
//
// Metrics: stoa_causal_lookups_total{result=known|unknown}, stoa_causal_publishes_total{result=stored|failed},
// stoa_causal_round_trips_total, stoa_causal_ack_wait_seconds, stoa_causal_lease (1 or 0), stoa_causal_unstored
// (accounts whose token waits for Redis).

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/engine_url.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

namespace stoa::cache {

class CausalTokens {
  public:
    /// True: every process that looks from now on gets this token or a newer one, or "unknown".
    using Stored = std::function<void(bool stored)>;

    static constexpr int kLifetimeS = 60;  ///< of a token; replicas must never lag so far and still be read from
    static constexpr int kDoubtMs = 10'000;

    virtual ~CausalTokens() = default;

    /// Call it before the write is answered. An empty token is true at once; a malformed one false.
    virtual void publish(AccountId account, std::string_view token, Stored done) = 0;
    /// Call it before a read that may go to a replica. A look into memory; never waits.
    /// Nothing: unknown, read from the primary. Empty: no write lately, any replica will do.
    virtual std::optional<std::string> token_of(AccountId account) = 0;

    bool publish_and_wait(AccountId account, std::string_view token);
};

/// memory: or no scheme: for one process. redis: and redis+sentinel: as for the bus; the same server will do.
/// Errors: invalid_argument naming the part of the address.
Result<std::unique_ptr<CausalTokens>> open_causal_tokens(const EngineUrl& url);
std::unique_ptr<CausalTokens> make_memory_causal_tokens(const Clock& clock = system_clock());

/// domain-server-sequence, several with commas; limits::causal_token_bytes_max at most.
bool is_causal_token(std::string_view token);
/// Per domain the one with the greater sequence number, ordered by domain. Both must be tokens or empty.
std::string merge_causal_tokens(std::string_view a, std::string_view b);

}  // namespace stoa::cache
