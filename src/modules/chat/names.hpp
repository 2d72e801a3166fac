#pragma once
// Names that the files of this module share, and the errors its methods have in common. Pure functions, any thread.

#include "base/ids.hpp"
#include "base/result.hpp"

namespace stoa::chat {

inline constexpr const char* kChat = "im.chat";
inline constexpr const char* kMember = "im.member";
inline constexpr const char* kMessage = "im.message";
inline constexpr const char* kReaction = "im.reaction";
inline constexpr const char* kUser = "user";
inline constexpr const char* kScope = "im";

/// TYPE of a chat
inline constexpr const char* kPrivate = "private";
inline constexpr const char* kGroup = "chat";
inline constexpr const char* kOpen = "open";

Error dialog_id_empty();
Error chat_id_empty();
Error user_id_empty();
Error message_id_error();
/// No such chat, or none that the caller may look into: the two must not be told apart.
Error no_access(std::string message = "You do not have access to the specified dialog");
/// The caller is in the chat, but may not do this there.
Error not_allowed(std::string message);
/// A text or list of a request over a limit of limits.hpp.
Error over_limit(std::string_view field, std::size_t limit, std::string_view unit);

}  // namespace stoa::chat
