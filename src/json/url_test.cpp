#include "json/url.hpp"

#include <gtest/gtest.h>

namespace stoa::json {
namespace {

TEST(Url, decodes_once_and_keeps_what_is_no_escape) {
    EXPECT_EQ(url_decode("a+b%20c%2b"), "a b c+");
    EXPECT_EQ(url_decode("%"), "%");
    EXPECT_EQ(url_decode("%4"), "%4");
    EXPECT_EQ(url_decode("%g1%41"), "%g1A");
    EXPECT_EQ(url_decode("%%41"), "%A");
    EXPECT_EQ(url_decode("%00"), std::string(1, '\0'));
}

TEST(Url, encodes_everything_but_the_unreserved) {
    EXPECT_EQ(url_encode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(url_encode("a b&c=d/+%\xD0\x96"), "a%20b%26c%3Dd%2F%2B%25%D0%96");
}

TEST(Url, every_byte_comes_back) {
    std::string all;
    for (int c = 0; c < 256; ++c)
        all += static_cast<char>(c);
    EXPECT_EQ(url_decode(url_encode(all)), all);
}

}  // namespace
}  // namespace stoa::json
