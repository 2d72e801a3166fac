#pragma once
// Bounds of the chat, with their units.

#include <cstddef>
#include <cstdint>

namespace stoa::chat::limits {

inline constexpr std::size_t message_characters_max = 20'000;
inline constexpr std::size_t title_characters_max = 255;
inline constexpr std::size_t description_characters_max = 4'000;
inline constexpr std::size_t entity_type_characters_max = 64;
inline constexpr std::size_t entity_id_characters_max = 255;
inline constexpr std::size_t client_id_bytes_max = 64;
inline constexpr std::size_t attach_bytes_max = 60'000;  ///< of ATTACH, KEYBOARD or MENU as JSON, each
inline constexpr std::size_t files_per_message_max = 20;
inline constexpr std::size_t files_per_page_max = 1'000;  ///< shown with one page of messages
inline constexpr std::size_t mentions_per_message_max = 50;

inline constexpr std::size_t members_per_chat_max = 500;
inline constexpr std::int64_t group_chats_per_user_max = 1'000;
inline constexpr std::int64_t pinned_chats_per_user_max = 45;
inline constexpr std::int64_t counter_max = 100;         ///< unread messages of one chat are counted up to here
inline constexpr std::int64_t unread_chats_max = 1'000;  ///< chats in the counters, notifications likewise

inline constexpr std::int64_t message_edit_window_s = 3 * 24 * 3600;  ///< after that even the author changes nothing
inline constexpr std::int64_t recent_changes_s_max = 7 * 24 * 3600;   ///< how far LAST_SYNC_DATE reaches back

inline constexpr std::int64_t message_page_default = 20;
inline constexpr std::int64_t message_page_max = 50;
inline constexpr std::int64_t page_default = 50;
inline constexpr std::int64_t page_max = 200;
inline constexpr std::int64_t search_page_default = 10;
inline constexpr std::int64_t search_page_max = 50;
inline constexpr std::size_t search_characters_min = 2;
inline constexpr std::size_t search_characters_max = 100;
inline constexpr std::int64_t search_span_messages = 20'000;  ///< looked through by one call, newest first
inline constexpr std::size_t users_per_request_max = 500;

inline constexpr std::size_t push_text_bytes_max = 8 * 1024;  ///< of a message's text; clients read the rest
inline constexpr std::size_t preview_characters_max = 200;    ///< of the last message in the recent list
inline constexpr std::size_t chatty_chat_members_max = 100;   ///< more hear of no typing and of no reading
inline constexpr std::size_t reacting_users_in_push_max = 100;
inline constexpr std::size_t reactions_per_page_max = 5'000;  ///< shown with one page of messages
inline constexpr std::size_t managers_per_page_max = 5'000;   ///< the same with a page of chats

}  // namespace stoa::chat::limits
