#pragma once
// A Database whose reads with ReadOptions::replica see every write that was answered before they began, whichever
// process answered it (mechanism 3): writes publish their commit's token before `done` runs, reads look up their
// account's first. While tokens cannot be published, writes wait until every replica has them, or lags so far that it
// is not read from. Reads from a primary without replicas cost nothing, and so do writes of a process that has seen no
// replica in its first 30 s. Threads as those of the database; `done` of a write may run on the thread of the tokens'
// driver.

#include <memory>

#include "cache/causal_tokens.hpp"
#include "db/database.hpp"

namespace stoa::cache {

std::unique_ptr<db::Database> make_causal_database(std::unique_ptr<db::Database> database,
                                                   std::shared_ptr<CausalTokens> tokens,
                                                   const Clock& clock = system_clock());

}  // namespace stoa::cache
