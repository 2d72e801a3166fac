#pragma once
// Limits of what the program tells connected clients (push_outbox.hpp). Beside base/limits.hpp, which everything
// includes.

#include <cstddef>

namespace stoa::limits {

inline constexpr std::size_t push_users_max = 900;             ///< whom one message of the program may be for
inline constexpr std::size_t push_name_bytes_max = 50;         ///< of a module or a command
inline constexpr std::size_t push_body_bytes_max = 24 * 1024;  ///< of a message's params
inline constexpr std::size_t push_tag_bytes_max = 50;
inline constexpr std::size_t push_tags_max = 50;   ///< that one connection hears of; the last ones
inline constexpr int push_outbox_batch_max = 200;  ///< messages read at once from an account's outbox

}  // namespace stoa::limits
