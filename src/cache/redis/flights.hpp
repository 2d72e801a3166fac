#pragma once
// Flights: publications on their way. A flight is one batch: first it waits for the store's answer, then until every
// holder of a lease has acknowledged it or has lost its lease. One flight at a time waits for the store, so that those
// who come meanwhile share the next; any number wait for holders. One thread.

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "cache/causal_tokens.hpp"
#include "cache/redis/roster.hpp"

namespace stoa::cache::redis {

struct Publish {
    AccountId account = 0;
    std::string token;
    CausalTokens::Stored done;  ///< may be empty
};
using TokensOfAccounts = std::unordered_map<AccountId, std::string>;

class Flights {
  public:
    void send(std::uint64_t number, std::vector<Publish> publishes);
    bool waits_for_store() const { return !flights_.empty() && !flights_.back().answered; }
    /// The store has told the holders. Nobody is done before `not_before_us`.
    void answered(const std::vector<Holder>& holders, std::int64_t not_before_us, std::int64_t now_us);
    /// The store did not take it, or nobody knows: what was in the flight that waited for it.
    std::vector<Publish> take_refused();
    /// Nobody waits for the store any longer, but its answer may still come: who waited for that flight, with copies.
    std::vector<Publish> let_go();

    std::vector<Publish> take_all();
    bool empty() const { return flights_.empty(); }

    /// That process has heard of all flights up to this number.
    void acknowledged(const std::string& member, std::uint64_t number);
    struct Finished {
        std::vector<Publish> publishes;
        std::vector<std::int64_t> waited_us;  ///< of each flight, since the store's answer
    };
    Finished take_finished(std::int64_t now_us);
    /// When time alone finishes the next one; 0 = none.
    std::int64_t next_us() const;

  private:
    struct Flight {
        std::uint64_t number = 0;
        std::vector<Publish> publishes;
        bool answered = false;
        std::int64_t answered_us = 0;
        std::int64_t not_before_us = 0;
        std::vector<Holder> waits_for;
    };
    std::deque<Flight> flights_;
    std::unordered_map<std::string, std::uint64_t> acknowledged_;  ///< an acknowledgement may overtake the answer
};

}  // namespace stoa::cache::redis
