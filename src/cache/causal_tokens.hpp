#pragma once
// CausalTokens: how far the last write of each account got, known to all web processes, so that reads may go to
// database replicas and still show what was just written (mechanism 3), whichever process answers.
//
// A writer publishes the token of its commit (a MariaDB GTID position, "0-1-100" or "0-1-100,1-2-7") before it answers.
// A reader asks for the account's token and reads from a replica that has reached it, or from the primary.
//
// Why this is right. The token is stored before the client has the answer; a request that the client sends afterwards
// asks afterwards: each look-up is sent after it was asked for, never answered from one that was already under way. Per
// replication domain the greatest sequence number wins, inside the store, so that two committers may publish in any
// order. When in doubt the answer is "unknown", which costs a read from the primary and nothing else:
//   - the store does not answer, or takes longer than 20 ms;
//   - it was out of reach in the last 10 s, or this process has just started: what others published meanwhile, or what
//     a failover of the store lost, may be missing. After 10 s it no longer matters, because a replica that lags longer
//     than that is not read from (database.replica_lag_max_ms must stay below);
//   - its epoch key changed: somebody emptied it, or it came back empty.
// Tokens that could not be published are kept and published when the store is back.
//
// What remains. A process that cannot reach the store while the others can: publish() gives false, and the caller
// should then hold its answer until its replicas have the token, or live with others reading up to the replicas' lag
// behind. Between two masters of Redis, readers may ask the old one until their sentinels have told them, half a
// second; for that time after a switch publish() gives false, too. A store that evicts under memory pressure must not
// be used: it is warned of in the log.
//
// Any thread, never blocks (the two _and_wait wait, at most about 20 ms). `done` runs once, on the thread of the
// store's driver or at once on the caller's, and must not block. Redis: one thread sends all that waits as one round
// trip, so the busier it is the cheaper each look-up gets, without any artificial delay: 9 µs of CPU alone (28 µs until
// the answer), 1.6 µs with 8 under way, 0.4 µs with 64; publish 15 µs (53 µs until stored). causal_tokens_bench.cpp.
//
// Metrics: stoa_causal_lookups_total{result=known|unknown}, stoa_causal_publishes_total{result=stored|failed},
// stoa_causal_round_trips_total, stoa_causal_unstored (accounts whose token waits for the store).

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
    /// Nothing: unknown, read from the primary. Empty: no write lately, any replica will do.
    using Known = std::function<void(std::optional<std::string> token)>;
    /// True: every process that asks from now on gets this token or a newer one.
    using Stored = std::function<void(bool stored)>;

    static constexpr int kLifetimeS = 60;  ///< of a token; replicas must never lag so far and still be read from
    static constexpr int kDoubtMs = 10'000;
    static constexpr int kAnswerMs = 20;

    virtual ~CausalTokens() = default;

    /// Call it before the write is answered. An empty token is true at once; a malformed one false.
    virtual void publish(AccountId account, std::string_view token, Stored done) = 0;
    /// Call it before a read that may go to a replica.
    virtual void tokens_of(AccountId account, Known done) = 0;

    bool publish_and_wait(AccountId account, std::string_view token);
    std::optional<std::string> tokens_of_and_wait(AccountId account);
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
