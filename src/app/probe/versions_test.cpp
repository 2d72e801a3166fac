#include "app/probe/versions.hpp"

#include <gtest/gtest.h>

namespace stoa::app::probe {
namespace {

Versions acknowledged(int count) {
    Versions versions;
    for (int i = 0; i < count; ++i) {
        versions.next();
        versions.acknowledged();
    }
    return versions;
}

TEST(VersionsTest, a_right_history_passes) {
    Versions versions = acknowledged(1);
    EXPECT_EQ(versions.read(1), "");
    EXPECT_EQ(versions.next(), 2);
    EXPECT_TRUE(versions.in_doubt());
    EXPECT_EQ(versions.read(1), "");
    EXPECT_EQ(versions.read(2), "");
    versions.acknowledged();
    EXPECT_FALSE(versions.in_doubt());
    EXPECT_EQ(versions.read(2), "");
}

TEST(VersionsTest, an_older_value_than_acknowledged_is_told_apart_from_one_never_written) {
    Versions versions = acknowledged(2);
    EXPECT_EQ(versions.read(1), "version 1 is older than 2, which was acknowledged");
    EXPECT_EQ(versions.read(3), "version 3 was never written, the newest is 2");
    EXPECT_EQ(age_of(1, 2, 2), Age::older);
    EXPECT_EQ(age_of(3, 2, 2), Age::never_written);
    EXPECT_EQ(age_of(0, 0, 2), Age::never_written);
    EXPECT_EQ(age_of(2, 2, 2), Age::right);
}

TEST(VersionsTest, a_value_that_was_seen_without_an_acknowledgement_must_not_go_back) {
    Versions versions = acknowledged(1);
    versions.next();
    EXPECT_EQ(versions.read(2), "");
    EXPECT_EQ(versions.read(1), "version 1 is older than 2, which was read before");
    EXPECT_EQ(versions.read(2), "");
}

TEST(VersionsTest, what_is_no_number_was_never_written) {
    EXPECT_EQ(version_in("12"), 12);
    for (const char* text : {"", "x", "1x", "-1", " 1", "99999999999999999999"})
        EXPECT_EQ(version_in(text), 0) << text;
}

}  // namespace
}  // namespace stoa::app::probe
