#pragma once
// What the program itself writes into chats, in the account's language, and the names of chats without a title.
// On the transaction's thread.

#include <string>
#include <vector>

#include "api/call.hpp"

namespace stoa::chat {

Result<std::string> created_phrase(api::Call& call);
Result<std::string> joined_phrase(api::Call& call, const std::vector<UserId>& users);
Result<std::string> left_phrase(api::Call& call, UserId user);  ///< by himself, or put out by the caller
Result<std::string> renamed_phrase(api::Call& call, const std::string& title);
Result<std::string> owner_phrase(api::Call& call, UserId owner);

/// "Anna Weber, Bert Lang", or "New chat" of nobody else.
Result<std::string> default_title(api::Call& call, const std::vector<UserId>& users);

}  // namespace stoa::chat
