#include "db/mariadb/gtid.hpp"

#include <gtest/gtest.h>

namespace stoa::db::mariadb {
namespace {

TEST(GtidPosition, is_read_from_the_text_the_server_gives) {
    const auto position = GtidPosition::parse("0-1-100,2-7-5");
    EXPECT_EQ(position.sequence(0), 100U);
    EXPECT_EQ(position.sequence(2), 5U);
    EXPECT_EQ(position.sequence(1), 0U);
    EXPECT_EQ(GtidPosition::parse("0-1-100,\n2-7-5"), position);  // SHOW SLAVE STATUS breaks lines
}

TEST(GtidPosition, of_unreadable_text_is_nothing) {
    for (const auto* text : {"", "x", "0-1", "0-1-", "0-1-x", "0-1-5-7", "0-1-5,", "99999999999999999999-1-1"}) {
        const auto position = GtidPosition::parse(text);
        EXPECT_EQ(position.empty(), std::string_view(text) != "0-1-5,") << text;
    }
}

TEST(GtidPosition, is_reached_per_domain_whichever_server_wrote) {
    const auto at = [](const char* text) { return GtidPosition::parse(text); };
    EXPECT_TRUE(at("0-2-100").reached(at("0-1-100")));
    EXPECT_FALSE(at("0-1-99").reached(at("0-1-100")));
    EXPECT_TRUE(at("0-1-5,1-1-5").reached(at("1-1-5")));
    EXPECT_FALSE(at("0-1-500").reached(at("0-1-1,1-1-1")));
    EXPECT_TRUE(at("").reached(at("")));
    EXPECT_TRUE(at("0-1-1").reached({}));
}

TEST(GtidPosition, never_goes_back) {
    auto position = GtidPosition::parse("0-1-10");
    position.advance(GtidPosition::parse("0-1-7,3-1-2"));
    EXPECT_EQ(position, GtidPosition::parse("0-1-10,3-1-2"));
}

}  // namespace
}  // namespace stoa::db::mariadb
