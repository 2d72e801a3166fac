#include "files/s3/endpoint.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace stoa::files {
namespace {

EngineUrl parsed(const std::string& text) {
    auto url = parse_engine_url(text);
    EXPECT_TRUE(url.ok()) << text;
    return url.ok() ? *url : EngineUrl();
}

TEST(S3Endpoint, is_read_from_its_address) {
    const auto endpoint = s3::endpoint_of(
        parsed("s3+https://KEY:SECRET@s3.example.org,10.0.0.2:9000/bucket/some/prefix/"
               "?region=eu-central-1&public=https://files.example.org/&stall_ms=3000&ca_file=/etc/ca.pem"));
    ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
    EXPECT_EQ(endpoint->scheme, "https");
    EXPECT_EQ(endpoint->authorities, (std::vector<std::string>{"s3.example.org", "10.0.0.2:9000"}));
    EXPECT_EQ(endpoint->bucket + "|" + endpoint->prefix, "bucket|some/prefix/");
    EXPECT_EQ(endpoint->path_of({7, "a/b"}), "/bucket/some/prefix/7/a/b");
    EXPECT_EQ(endpoint->key.region, "eu-central-1");
    EXPECT_EQ(endpoint->public_scheme + "://" + endpoint->public_authority, "https://files.example.org");
    EXPECT_EQ(endpoint->stall_ms, 3'000);
    const auto plain = s3::endpoint_of(parsed("s3+http://K:S@[::1]:80/bucket"));
    ASSERT_TRUE(plain.ok());
    EXPECT_EQ(plain->authorities.front(), "[::1]");
    EXPECT_EQ(plain->path_of({1, "a"}), "/bucket/1/a");
    EXPECT_EQ(plain->key.region, "us-east-1");
    EXPECT_EQ(plain->stall_ms, limits::file_stall_ms);
}

TEST(S3Endpoint, says_what_is_wrong_with_an_address) {
    for (const char* text : {"s3+http://K:S@h", "s3+http://K:S@h/b", "s3+http://K:S@h/bu%20cket", "s3+http://h/bucket",
                             "s3+http://K:S@h/bucket/a//b", "s3+http://K:S@h/bucket/../x", "s3+http://K:S@h/bucket?x=1",
                             "s3+http://K:S@h/bucket?stall_ms=99", "s3+http://K:S@h/bucket?stall_ms=60001",
                             "s3+http://K:S@h/bucket?region=", "s3+http://K:S@h/bucket?public=files.example.org",
                             "s3+http://K:S@h/bucket?public=https://a/b/c", "s3+ftp://K:S@h/bucket"}) {
        const auto endpoint = s3::endpoint_of(parsed(text));
        ASSERT_FALSE(endpoint.ok()) << text;
        EXPECT_EQ(endpoint.error().field, "files.url") << text;
    }
    const auto no_secret = s3::endpoint_of(parsed("s3+http://K@h/bucket"));
    ASSERT_FALSE(no_secret.ok());
    EXPECT_EQ(no_secret.error().field, "files.secret_key_file");
    EXPECT_TRUE(s3::endpoint_of(parsed("s3+http://K:S@h/bucket?stall_ms=100")).ok());
    EXPECT_TRUE(s3::endpoint_of(parsed("s3+http://K:S@h/bucket?stall_ms=60000")).ok());
}

}  // namespace
}  // namespace stoa::files
