#pragma once
// Colours of chats and users, by name and as clients paint them. Pure functions, any thread.
// https://github.com/bitrix24/b24restdocs api-reference/chats/chat-update/im-chat-update-color.md

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stoa::chat {

/// "#df532d" for "RED", in any case; nothing for an unknown name.
std::optional<std::string> color_by_name(std::string_view name);
/// Always the same for the same id.
std::string color_of(std::int64_t id);

}  // namespace stoa::chat
