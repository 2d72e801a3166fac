#pragma once
// CausalTokens with read leases from a Redis server, see cache/causal_tokens.hpp. One thread of its own does all the
// talking: lease_session (the wire), read_lease (this process's own), roster (those of others), flights (what is being
// published). https://redis.io/docs/latest/develop/pubsub/

#include <memory>

#include "cache/causal_tokens.hpp"
#include "cache/redis/master_finder.hpp"

namespace stoa::cache::redis {

/// doubt_ms: how long after a loss nothing is known; only tests want less.
std::unique_ptr<CausalTokens> make_redis_tokens(Settings settings, int doubt_ms = CausalTokens::kDoubtMs);

}  // namespace stoa::cache::redis
