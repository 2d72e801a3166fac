#pragma once
// Names and limits that the files of this module share.

#include <cstdint>

namespace stoa::mail {

inline constexpr const char* kMailbox = "mail.mailbox";
inline constexpr const char* kScope = "mail";
inline constexpr std::int64_t kMailboxesPerUserMax = 100;

}  // namespace stoa::mail
