#pragma once
// Markup in the text of messages. Pure functions, any thread.
// https://github.com/bitrix24/b24restdocs api-reference/chats/messages/formatting.md

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"

namespace stoa::chat {

/// The users in [USER=17]Anna[/USER], each once, at most limits::mentions_per_message_max.
std::vector<UserId> mentions_in(std::string_view text);

/// The beginning of a text on one line, without [tags]: what the recent list shows.
std::string preview(std::string_view text);

}  // namespace stoa::chat
