#include "app/probe/stream_place.hpp"

#include <gtest/gtest.h>

namespace stoa::app::probe {
namespace {

TEST(StreamPlaceTest, positions_grow_with_gaps_of_what_others_hear) {
    StreamPlace place;
    EXPECT_EQ(place.position(), "");
    place.stands("17-5");
    EXPECT_EQ(place.heard("17-6"), "");
    EXPECT_EQ(place.heard("17-60"), "");
    EXPECT_EQ(place.position(), "17-60");
}

TEST(StreamPlaceTest, a_position_that_was_heard_before_is_found) {
    StreamPlace place;
    place.stands("17-5");
    EXPECT_EQ(place.heard("17-5"), "position 17-5 came after 17-5");
    EXPECT_EQ(place.heard("17-4"), "position 17-4 came after 17-5");
}

TEST(StreamPlaceTest, another_stream_is_announced_or_found) {
    StreamPlace place;
    place.stands("17-5");
    EXPECT_EQ(place.heard("18-1"), "the stream went from 17-5 to 18-1 without a word");
    place.stands("19-7");
    EXPECT_EQ(place.heard("19-8"), "");
}

TEST(StreamPlaceTest, the_first_message_of_an_account_begins_its_stream) {
    StreamPlace place;
    place.stands("0-0");
    EXPECT_EQ(place.heard("17-1"), "");
}

TEST(StreamPlaceTest, what_is_no_position_is_found) {
    for (const char* mid : {"", "17", "-1", "17-", "17-x"})
        EXPECT_EQ(StreamPlace().heard(mid), "a message has the position '" + std::string(mid) + "'") << mid;
}

}  // namespace
}  // namespace stoa::app::probe
