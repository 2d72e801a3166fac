#pragma once
// CausalTokens on a Redis server, see cache/causal_tokens.hpp. Keys: "<prefix>ct1:<account>" (ends after 60 s),
// "<prefix>ct1:epoch".

#include <memory>

#include "cache/causal_tokens.hpp"
#include "cache/redis/master_finder.hpp"

namespace stoa::cache::redis {

/// doubt_ms: how long after a loss nothing is known; only tests want less.
std::unique_ptr<CausalTokens> make_redis_tokens(Settings settings, int doubt_ms = CausalTokens::kDoubtMs);

}  // namespace stoa::cache::redis
