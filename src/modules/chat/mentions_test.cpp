#include "modules/chat/mentions.hpp"

#include <gtest/gtest.h>

#include "modules/chat/limits.hpp"

namespace stoa::chat {
namespace {

using Users = std::vector<UserId>;

TEST(Mentions, users_are_found_once_in_their_order) {
    EXPECT_EQ(mentions_in("Hi [USER=17]Anna[/USER] and [USER=3 REPLACE]Bert[/USER], [USER=17]again[/USER]"),
              (Users{17, 3}));
    EXPECT_EQ(mentions_in("[USER=]x[/USER] [USER=-1]x[/USER] [USER=x]x[/USER] [USER=5 [USER=99999999999999999999]"),
              (Users{5}));
    EXPECT_EQ(mentions_in("[USER=5"), Users{});
    EXPECT_EQ(mentions_in(""), Users{});
}

TEST(Mentions, no_more_than_the_limit_are_found) {
    std::string text;
    for (std::size_t i = 1; i <= limits::mentions_per_message_max + 1; ++i)
        text += "[USER=" + std::to_string(i) + "]x[/USER]";
    EXPECT_EQ(mentions_in(text).size(), limits::mentions_per_message_max);
}

TEST(Preview, tags_and_line_breaks_are_left_out) {
    EXPECT_EQ(preview("[b]Hello[/b]\n[URL=https://x]link[/URL] [1] [not closed"), "Hello link [1] [not closed");
    EXPECT_EQ(preview(""), "");
}

TEST(Preview, a_long_text_is_cut_between_characters) {
    std::string text;
    for (std::size_t i = 0; i <= limits::preview_characters_max; ++i)
        text += "ы";
    EXPECT_EQ(preview(text).size(), 2 * limits::preview_characters_max);
}

}  // namespace
}  // namespace stoa::chat
