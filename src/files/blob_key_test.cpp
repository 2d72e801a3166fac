#include "files/blob_key.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace stoa::files {
namespace {

TEST(BlobKey, takes_what_names_a_file_and_nothing_that_names_another_place) {
    for (const char* key : {"a", "0", "a/b", "drive/12/3", "a_b-c/d", "-", "_/_"})
        EXPECT_TRUE(check_blob({1, key}).ok()) << key;
    for (const char* key :
         {"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.", "A", "a b", "a\\b", "a%2fb", "ä", "a\n"})
        EXPECT_FALSE(check_blob({1, key}).ok()) << key;
    EXPECT_FALSE(check_blob({1, std::string("a\0b", 3)}).ok());
    EXPECT_TRUE(check_blob({0, "a"}).ok());
    EXPECT_EQ(check_blob({-1, "a"}).error().field, "account");
}

TEST(BlobKey, takes_a_key_at_the_limit_and_refuses_one_byte_more) {
    EXPECT_TRUE(check_blob({1, std::string(limits::file_key_bytes_max, 'a')}).ok());
    const auto refused = check_blob({1, std::string(limits::file_key_bytes_max + 1, 'a')});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().field, "key");
}

}  // namespace
}  // namespace stoa::files
