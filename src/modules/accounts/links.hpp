#pragma once
// One-time links: a random token that lets its bearer in once. Kept as a hash; using one burns all links of the user.
// Functions over a transaction; used on its thread.

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/database.hpp"

namespace stoa::accounts {

enum class LinkKind : std::uint8_t {
    admin,   ///< the first administrator says who they are and chooses a password
    invite,  ///< the same for somebody who was invited
    login,   ///< logs in somebody who has a password already
};

inline constexpr std::int64_t kAdminLinkSeconds = 7 * 24 * 3600;
inline constexpr std::int64_t kInviteLinkSeconds = 7 * 24 * 3600;
inline constexpr std::int64_t kLoginLinkSeconds = 3600;

struct Link {
    AccountId account = 0;
    UserId user = 0;
    LinkKind kind = LinkKind::invite;
    UnixSeconds expires_at = 0;
};

std::string_view to_string(LinkKind kind);

/// The token is made by the caller (new_secret()), because a write may be run again.
Status insert_link(db::WriteTx& tx, std::string_view token, UserId user, LinkKind kind, UnixSeconds now);
/// nullopt when it never was, is used, or is too old.
Result<std::optional<Link>> find_link(db::Database& database, std::string_view token, UnixSeconds now);
/// Burns the token and the user's other links. Errors: not_found when somebody was faster.
Status use_link(db::WriteTx& tx, std::string_view token, UserId user, UnixSeconds now);

}  // namespace stoa::accounts
