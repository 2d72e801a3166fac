#include "base/config.hpp"

#include <gtest/gtest.h>

namespace stoa {
namespace {

std::string error_of(std::string_view text) {
    const auto result = parse_config(text, "stoa.toml");
    return result ? "" : result.error().message;
}

TEST(Config, an_empty_file_means_the_defaults) {
    const Config c = parse_config("", "stoa.toml").value();
    EXPECT_EQ(c.data_dir, "data");
    EXPECT_EQ(c.listen, (std::vector<Config::Listen>{{"127.0.0.1", 8443}}));
    EXPECT_FALSE(c.http);
    EXPECT_EQ(c.rest.bucket_size, 5'000);
    EXPECT_EQ(c.rest.bucket_drain_per_s, 500);
    EXPECT_FALSE(c.events.allow_private_targets);
}

TEST(Config, every_key_is_read) {
    const auto result = parse_config(R"(
data_dir = "/var/lib/stoa"
public_url = "https://portal.example/"
ui_dir = "/usr/share/stoa/ui"
listen = ["0.0.0.0:80", "[::1]:8443"]
http = true
workers = 8
io_threads = 2
trusted_proxies = ["10.0.0.0/8"]
[tls]
certificate = "a.pem"
private_key = "a.key"
[log]
level = "debug"
format = "json"
[rest]
bucket_size = 100
bucket_drain_per_s = 2.5
operating_limit_s = 600
[signup]
enabled = true
[events]
allow_private_targets = true
)",
                                     "stoa.toml");
    ASSERT_TRUE(result) << result.error().message;
    const Config& c = *result;
    EXPECT_EQ(c.data_dir, "/var/lib/stoa");
    EXPECT_EQ(c.public_url, "https://portal.example");
    EXPECT_EQ(c.ui_dir, "/usr/share/stoa/ui");
    EXPECT_EQ(c.listen, (std::vector<Config::Listen>{{"0.0.0.0", 80}, {"::1", 8443}}));
    EXPECT_TRUE(c.http);
    EXPECT_EQ(c.workers, 8);
    EXPECT_EQ(c.io_threads, 2);
    EXPECT_EQ(c.trusted_proxies, std::vector<std::string>{"10.0.0.0/8"});
    EXPECT_EQ(c.tls.certificate, "a.pem");
    EXPECT_EQ(c.tls.private_key, "a.key");
    EXPECT_EQ(c.log.level, log::Level::debug);
    EXPECT_EQ(c.log.format, log::Format::json);
    EXPECT_EQ(c.rest.bucket_size, 100);
    EXPECT_EQ(c.rest.bucket_drain_per_s, 2.5);
    EXPECT_EQ(c.rest.operating_limit_s, 600);
    EXPECT_TRUE(c.signup.enabled);
    EXPECT_TRUE(c.events.allow_private_targets);
}

TEST(Config, a_mistake_is_named_with_its_key_and_line) {
    EXPECT_EQ(error_of("\nworkres = 4"), "stoa.toml:2: workres is not a known key.");
    EXPECT_EQ(error_of("[rest]\nbucket = 4"), "stoa.toml:2: rest.bucket is not a known key.");
    EXPECT_EQ(error_of("[nothing]\nx = 4"), "stoa.toml:1: nothing is not a known key.");
    EXPECT_EQ(error_of("rest = 5"), "stoa.toml:1: rest must be a section: [rest].");
    EXPECT_EQ(error_of("http = 1"), "stoa.toml:1: http must be true or false.");
    EXPECT_EQ(error_of("data_dir = 1"), "stoa.toml:1: data_dir must be a string.");
    EXPECT_EQ(error_of("[data_dir]\nx = 1"), "stoa.toml:1: data_dir must be a string.");
    EXPECT_EQ(error_of("[log]\nlevel = \"loud\""),
              "stoa.toml:2: log.level must be one of \"debug\" \"info\" \"warn\" \"error\" \"off\".");
    EXPECT_EQ(error_of("a = = 1").rfind("stoa.toml:1: ", 0), 0U);
    EXPECT_EQ(parse_config("http = 1", "x").error().field, "http");
}

TEST(Config, numbers_keep_their_ranges) {
    EXPECT_EQ(error_of("workers = 1024"), "");
    EXPECT_EQ(error_of("workers = 1025"), "stoa.toml:1: workers must be a whole number from 0 to 1024.");
    EXPECT_NE(error_of("workers = -1"), "");
    EXPECT_NE(error_of("workers = 1.5"), "");
    EXPECT_EQ(error_of("[rest]\nbucket_drain_per_s = 3"), "");
    EXPECT_NE(error_of("[rest]\nbucket_drain_per_s = 0"), "");
    EXPECT_NE(error_of("[rest]\nbucket_drain_per_s = nan"), "");
    EXPECT_NE(error_of("[rest]\nbucket_drain_per_s = inf"), "");
}

TEST(Config, listen_addresses_need_a_port) {
    EXPECT_EQ(error_of("listen = [\"127.0.0.1:0\"]"), "");
    for (const char* text :
         {"127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:8x", "::1:80", "[]:80", "[:80", "]:80"}) {
        EXPECT_NE(error_of("listen = [\"" + std::string(text) + "\"]"), "") << text;
    }
    EXPECT_NE(error_of("listen = []"), "");
    EXPECT_NE(error_of("listen = \"127.0.0.1:80\""), "");
}

TEST(Config, half_a_certificate_is_refused) {
    EXPECT_NE(error_of("[tls]\ncertificate = \"a.pem\""), "");
    EXPECT_NE(error_of("[tls]\nprivate_key = \"a.key\""), "");
}

TEST(Config, a_missing_file_is_told) {
    EXPECT_EQ(load_config("/nonexistent").error().code, Errc::not_found);
}

}  // namespace
}  // namespace stoa
