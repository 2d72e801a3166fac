#pragma once
// Every bound of this module in one place, with its unit in the name. Each is tested at the limit and one above.

#include <cstddef>
#include <cstdint>

namespace stoa::limits {

inline constexpr std::size_t stream_destinations_max = 100;        ///< of one post
inline constexpr std::size_t stream_departments_max = 900;         ///< below those that a post is addressed to
inline constexpr std::int64_t stream_audience_users_max = 20'000;  ///< told at once; more see it when they look
inline constexpr std::size_t stream_title_from_text_chars_max = 100;
inline constexpr std::size_t stream_comment_chars_max = 20'000;
inline constexpr std::int64_t stream_comments_per_post_max = 10'000;
inline constexpr std::int64_t stream_files_max = 50;  ///< of one post or comment
inline constexpr std::int64_t stream_page_size = 50;
inline constexpr std::int64_t stream_cursor_page_max = 200;
inline constexpr std::int64_t stream_comments_page_max = 100;
inline constexpr std::int64_t stream_readers_shown_max = 500;
inline constexpr std::int64_t stream_likes_shown_max = 500;
inline constexpr std::int64_t stream_followers_max = 200;  ///< who are told of a comment
inline constexpr std::int64_t stream_entries_max = 20;     ///< that the program writes for one author within the window
inline constexpr std::int64_t stream_entries_window_s = 60;
inline constexpr std::int64_t stream_entries_per_source_max = 10;
inline constexpr std::int64_t stream_unread_counted_max = 100;  ///< past it clients show "99+"

}  // namespace stoa::limits
