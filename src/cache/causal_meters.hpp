#pragma once
// What the drivers of CausalTokens count. Any thread.

#include "base/metrics.hpp"

namespace stoa::cache {

struct CausalMeters {
    Counter& known = lookups("known");
    Counter& unknown = lookups("unknown");
    Counter& stored = publishes("stored");
    Counter& failed = publishes("failed");
    Counter& round_trips = counter("stoa_causal_round_trips_total", "Batches sent to the store of causal tokens.");
    Gauge& lease = gauge("stoa_causal_lease", "1 while this process knows what all processes published.");
    Histogram& ack_wait =
        histogram("stoa_causal_ack_wait_seconds", "From the store's answer until every reader has the tokens.");
    Gauge& unstored = gauge("stoa_causal_unstored", "Accounts whose causal token waits for the store to return.");

  private:
    static Counter& lookups(const char* result) {
        return counter("stoa_causal_lookups_total", "Look-ups of causal tokens.", {{"result", result}});
    }
    static Counter& publishes(const char* result) {
        return counter("stoa_causal_publishes_total", "Causal tokens given to the store.", {{"result", result}});
    }
};

}  // namespace stoa::cache
