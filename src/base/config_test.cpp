#include "base/config.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <regex>

#include "base/file_util.hpp"

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
drain_ms = 20000
connections_max = 15000
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
[database]
url = "mariadb://stoa@10.0.0.1,10.0.0.2:3307/stoa"
password_file = "db.pw"
hold_ms = 3000
connections = 12
writers = 4
replica_lag_max_ms = 2000
replica_wait_ms = 0
tls_ca = "ca.pem"
[cluster]
name = "prod"
etcd = ["http://10.0.0.3:2379"]
[cache]
url = "memcached://10.0.0.1,10.0.0.2"
password_file = "cache.pw"
[bus]
url = "redis+sentinel://10.0.0.1/m"
password_file = "bus.pw"
[push]
key_file = "push.key"
sender_messages_per_s = 7
account_messages_per_s = 70
[files]
url = "s3+https://key@s3.example/bucket"
secret_key_file = "s3.pw"
presigned_downloads = true
[virus_scan]
address = "clamd://127.0.0.1:3310"
on_failure = "accept"
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
    EXPECT_EQ(c.drain_ms, 20'000);
    EXPECT_EQ(c.connections_max, 15'000);
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
    EXPECT_EQ(c.database.url.hosts.size(), 2U);
    EXPECT_EQ(c.database.password_file, "db.pw");
    EXPECT_EQ(c.database.hold_ms, 3'000);
    EXPECT_EQ(c.database.connections, 12);
    EXPECT_EQ(c.database.writers, 4);
    EXPECT_EQ(c.database.replica_lag_max_ms, 2'000);
    EXPECT_EQ(c.database.replica_wait_ms, 0);
    EXPECT_EQ(c.database.tls_ca, "ca.pem");
    EXPECT_EQ(c.cache.url.scheme, "memcached");
    EXPECT_EQ(c.cache.password_file, "cache.pw");
    EXPECT_EQ(c.bus.url.path, "m");
    EXPECT_EQ(c.bus.password_file, "bus.pw");
    EXPECT_EQ(c.push.key_file, "push.key");
    EXPECT_EQ(c.push.sender_messages_per_s, 7);
    EXPECT_EQ(c.push.account_messages_per_s, 70);
    EXPECT_EQ(c.files.url.user, "key");
    EXPECT_EQ(c.files.secret_key_file, "s3.pw");
    EXPECT_TRUE(c.files.presigned_downloads);
    EXPECT_EQ(c.virus_scan.address.hosts.front().port, 3310);
    EXPECT_EQ(c.virus_scan.on_failure, Config::ScanFailure::accept);

    const std::string printed = print_config(c);
    EXPECT_FALSE(std::regex_search(printed, std::regex("\n#[^ ]"))) << "nothing has its default: " << printed;
    const auto again = parse_config(printed, "printed");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(print_config(*again), printed);
}

TEST(Config, the_printed_defaults_are_a_file_that_changes_nothing) {
    const std::string printed = print_config(Config{});
    const auto again = parse_config(printed, "printed");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(print_config(*again), printed);
    // Without the marks, the same values are given one by one.
    std::string given;
    for (std::size_t from = 0; from < printed.size();) {
        const std::size_t end = printed.find('\n', from);
        std::string line = printed.substr(from, end - from);
        if (line.starts_with("#") && !line.starts_with("# ")) line.erase(0, 1);
        EXPECT_LE(line.size(), 120U) << line;
        given += line + "\n";
        from = end + 1;
    }
    const auto same = parse_config(given, "given");
    ASSERT_TRUE(same) << same.error().message;
    EXPECT_EQ(print_config(*same), printed);
}

TEST(Config, values_are_printed_as_toml) {
    Config c;
    c.data_dir = "a \"b\" \\ \n";
    c.rest.bucket_drain_per_s = 1e-300;
    const auto again = parse_config(print_config(c), "printed");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->data_dir, c.data_dir);
    EXPECT_EQ(again->rest.bucket_drain_per_s, 1e-300);
}

TEST(Config, passwords_are_not_printed) {
    const auto c = parse_config("[cache]\nurl = \"redis://:hush@h:1\"", "x");
    EXPECT_NE(print_config(*c).find("redis://h:1"), std::string::npos);
    EXPECT_EQ(print_config(*c).find("hush"), std::string::npos);
}

TEST(Config, addresses_of_engines_are_checked) {
    EXPECT_EQ(error_of("[cache]\nurl = \"\""), "");
    EXPECT_EQ(error_of("[cache]\nurl = \"mariadb://h\""),
              "stoa.toml:2: cache.url must begin with one of redis: redis+sentinel: memcached: memory:.");
    EXPECT_EQ(error_of("[cache]\nurl = \"redis://h:0\"").rfind("stoa.toml:2: cache.url is refused. The address", 0),
              0U);
    EXPECT_EQ(error_of("[cache]\nurl = 1"), "stoa.toml:2: cache.url must be a string.");
    EXPECT_EQ(error_of("[cache]\nurl = \"redis://:pw@h\"\npassword_file = \"f\""),
              "stoa.toml: cache.password_file is given, and the address holds a password, too.");
}

TEST(Config, a_password_comes_from_its_file) {
    const EngineUrl url = parse_engine_url("redis://h").value();
    const std::string path = ::testing::TempDir() + "stoa_config_password";
    EXPECT_EQ(address_of(url, "", "k")->password, "");
    EXPECT_EQ(address_of(url, path + ".none", "cache.password_file").error().field, "cache.password_file");
    ASSERT_TRUE(write_file_atomic(path, "p w\n", 0600));
    EXPECT_EQ(address_of(url, path, "k")->password, "p w");
    ASSERT_TRUE(write_file_atomic(path, "\n", 0600));
    EXPECT_EQ(address_of(url, path, "k").error().code, Errc::invalid_argument);
    ASSERT_TRUE(write_file_atomic(path, std::string(4097, 'x'), 0600));
    EXPECT_EQ(address_of(url, path, "k").error().code, Errc::too_large);
    ASSERT_TRUE(write_file_atomic(path, std::string(4096, 'x'), 0600));
    EXPECT_TRUE(address_of(url, path, "k"));
    ::unlink(path.c_str());
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
