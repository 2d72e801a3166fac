#include "rest/files/upload_range.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "rest/files/upload_limits.hpp"

namespace stoa::rest {
namespace {

TEST(UploadRangeTest, a_part_names_its_first_and_last_byte) {
    const auto range = parse_content_range("bytes 100-199/1000");
    ASSERT_TRUE(range.ok());
    EXPECT_FALSE(range->query);
    EXPECT_EQ(range->begin, 100u);
    EXPECT_EQ(range->end, 200u);
    EXPECT_EQ(range->total, 1000u);
    EXPECT_TRUE(parse_content_range("bytes 0-0/1").ok());
}

TEST(UploadRangeTest, a_star_asks_how_far_the_upload_is) {
    const auto range = parse_content_range("bytes */1000");
    ASSERT_TRUE(range.ok());
    EXPECT_TRUE(range->query);
    EXPECT_EQ(range->total, 1000u);
}

TEST(UploadRangeTest, everything_else_is_refused) {
    for (const char* text :
         {"", "bytes", "bytes ", "bytes 0-9", "bytes 0-9/", "bytes 0-9/*", "bytes */*", "bytes 5-4/10", "bytes 0-10/10",
          "bytes -5/10", "bytes 5-/10", "bytes 0-9/10/", "bytes 0x0-9/10", "octets 0-9/10", "bytes */0",
          "bytes 0-99999999999999999999/100000000000000000000", "bytes 0- 9/10", "bytes +0-9/10"}) {
        const auto range = parse_content_range(text);
        ASSERT_FALSE(range.ok()) << text;
        EXPECT_EQ(range.error().code, Errc::invalid_argument) << text;
    }
}

TEST(UploadRangeTest, a_file_has_a_largest_size) {
    EXPECT_TRUE(parse_content_range("bytes */" + std::to_string(limits::upload_bytes_max)).ok());
    const auto larger = parse_content_range("bytes */" + std::to_string(limits::upload_bytes_max + 1));
    ASSERT_FALSE(larger.ok());
    EXPECT_EQ(larger.error().code, Errc::too_large);
}

TEST(UploadRangeTest, digests_are_those_of_rfc_9530) {
    const std::string sum = sha256_hex("x");
    const auto from_hex = [](const std::string& hex) {
        std::string bytes;
        for (std::size_t i = 0; i < hex.size(); i += 2)
            bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
        return bytes;
    };
    const std::string text = "sha-256=:" + base64_encode(from_hex(sum)) + ":";
    EXPECT_EQ(parse_sha256_digest(text).value_or("?"), sum);
    EXPECT_EQ(parse_sha256_digest("md5=:AAAA:, " + text).value_or("?"), sum);
    EXPECT_EQ(parse_sha256_digest("md5=:AAAA:").value_or("?"), "");
    EXPECT_EQ(parse_sha256_digest("").value_or("?"), "");
    EXPECT_FALSE(parse_sha256_digest("sha-256=:AAAA:").ok());
    EXPECT_FALSE(parse_sha256_digest("sha-256=:AAAA").ok());
}

}  // namespace
}  // namespace stoa::rest
