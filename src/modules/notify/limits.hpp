#pragma once
// Every bound of this module in one place, with its unit in the name. Each is tested at the limit and one above.

#include <cstddef>
#include <cstdint>

namespace stoa::limits {

inline constexpr std::size_t notify_text_chars_max = 20'000;    ///< of a notification, also of its text for mail
inline constexpr std::size_t notify_attach_bytes_max = 60'000;  ///< as the documentation has it
inline constexpr std::size_t notify_client_id_bytes_max = 64;   ///< of a webhook's CLIENT_ID
inline constexpr std::size_t notify_buttons_max = 10;
inline constexpr std::size_t notify_button_chars_max = 100;       ///< of a title, a value, a type
inline constexpr std::size_t notify_answer_chars_max = 2'000;     ///< of a quick reply
inline constexpr std::size_t notify_pushed_text_chars_max = 300;  ///< shown in a pop-up; the rest is read when opened
inline constexpr std::int64_t notify_unread_max = 1'000;          ///< per receiver; past it the oldest make room
inline constexpr std::int64_t notify_singly_max =
    20;  ///< of one kind, author and receiver within the window; the rest are one
inline constexpr std::int64_t notify_crowd_window_s = 60;
inline constexpr std::int64_t notify_counted_max = 10'000;  ///< past it totals are not counted on
inline constexpr std::int64_t notify_page_size = 50;
inline constexpr std::size_t notify_read_list_ids_max = 500;       ///< in one call
inline constexpr std::int64_t notify_withdrawn_at_once_max = 200;  ///< by tag, over all receivers
inline constexpr std::size_t notify_search_values_max = 50;        ///< kinds, or authors, of one search
inline constexpr std::size_t notify_search_text_chars_min = 3;
inline constexpr std::size_t notify_search_text_chars_max = 255;
inline constexpr std::size_t notify_settings_kinds_max = 200;
inline constexpr std::size_t notify_settings_kind_bytes_max = 130;  ///< "module|event"
inline constexpr std::int64_t notify_lifetime_s = 60LL * 24 * 3600;
inline constexpr std::int64_t notify_mail_delay_s = 10 * 60;  ///< whoever reads it before gets no mail

}  // namespace stoa::limits
