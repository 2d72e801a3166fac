#pragma once
// Old notifications go after limits::notify_lifetime_s, read or not. For housekeeping: any thread that may block, now
// and then (it looks over all accounts).

#include "db/database.hpp"
#include "model/registry.hpp"

namespace stoa::notify {

/// At most `limit` per call, the oldest first. Returns how many went. Clients are not told: what is so old is on no
/// page.
Result<std::int64_t> remove_old(db::Database& database, const model::Registry& registry, UnixSeconds now,
                                std::int64_t limit);

}  // namespace stoa::notify
