#pragma once
// Browser sessions: a random cookie, kept as a hash. They end after a week without use and after thirty days at the
// latest. Functions over a transaction; used on its thread.

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/database.hpp"

namespace stoa::accounts {

inline constexpr std::string_view kSessionCookie = "stoa_session";
inline constexpr std::int64_t kSessionIdleSeconds = 7 * 24 * 3600;
inline constexpr std::int64_t kSessionLifetimeSeconds = 30 * 24 * 3600;
inline constexpr std::int64_t kSessionsPerUserMax = 50;  ///< the longest unused go first

/// Where a request came from, for sessions and the event log.
struct Client {
    std::string remote_address;
    std::string user_agent;
    std::string request_uri;
};

struct Session {
    AccountId account = 0;
    UserId user = 0;
    UnixSeconds created_at = 0;
    UnixSeconds seen_at = 0;
    UnixSeconds expires_at() const;
};

/// The cookie is made by the caller (new_secret()), because a write may be run again.
Status insert_session(db::WriteTx& tx, std::string_view cookie, UserId user, const Client& client, UnixSeconds now);
Status remove_session(db::WriteTx& tx, std::string_view cookie);
Status remove_sessions_of(db::WriteTx& tx, UserId user);
/// nullopt when there is none or it has ended.
Result<std::optional<Session>> find_session(db::Database& database, std::string_view cookie, UnixSeconds now);

/// Follows from the cookie, so that it needs no storage; the cookie does not follow from it.
std::string csrf_token(std::string_view cookie);

}  // namespace stoa::accounts
