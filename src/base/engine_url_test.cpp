#include "base/engine_url.hpp"

#include <gtest/gtest.h>

namespace stoa {
namespace {

using Host = EngineUrl::Host;

EngineUrl parsed(std::string_view text) {
    auto url = parse_engine_url(text);
    EXPECT_TRUE(url) << text << ": " << (url ? "" : url.error().message);
    return url.value_or({});
}

std::string error_of(std::string_view text) {
    const auto url = parse_engine_url(text);
    EXPECT_FALSE(url) << text;
    return url ? "" : url.error().message;
}

TEST(EngineUrl, names_hosts_path_and_parameters) {
    const EngineUrl url = parsed("mariadb://stoa@10.0.0.1:3306,db2.example.org,[fe80::1]:3307/stoa?mode=galera&tls=1");
    EXPECT_EQ(url.scheme, "mariadb");
    EXPECT_EQ(url.user, "stoa");
    EXPECT_EQ(url.password, "");
    EXPECT_EQ(url.hosts, (std::vector<Host>{{"10.0.0.1", 3306}, {"db2.example.org", 0}, {"fe80::1", 3307}}));
    EXPECT_EQ(url.path, "stoa");
    EXPECT_EQ(url.parameter("mode"), "galera");
    EXPECT_EQ(url.parameter("tls", "0"), "1");
    EXPECT_EQ(url.parameter("none", "otherwise"), "otherwise");
}

TEST(EngineUrl, a_unix_socket_is_a_host_that_is_percent_encoded) {
    const EngineUrl url = parsed("mariadb://stoa@%2Frun%2Fmysqld%2Fmysqld.sock/stoa");
    EXPECT_EQ(url.hosts, (std::vector<Host>{{"/run/mysqld/mysqld.sock", 0}}));
    EXPECT_EQ(url.printable(), "mariadb://stoa@%2Frun%2Fmysqld%2Fmysqld.sock/stoa");
}

TEST(EngineUrl, the_scheme_is_lower_case) {
    EXPECT_EQ(parsed("Redis+Sentinel://a:1/mymaster").scheme, "redis+sentinel");
    EXPECT_EQ(parsed("s3+https://s3.example.org/bucket/pre/fix?region=eu").path, "bucket/pre/fix");
}

TEST(EngineUrl, folders_are_kept_as_they_are_given) {
    EXPECT_EQ(parsed("dir:/srv/100%/a b@c?d").path, "/srv/100%/a b@c?d");
    EXPECT_EQ(parsed("dir:files").path, "files");
    EXPECT_EQ(parsed("dir:/srv/a b").printable(), "dir:/srv/a b");
    EXPECT_EQ(parsed("memory:").scheme, "memory");
    error_of("dir:");
    error_of("memory:x");
}

TEST(EngineUrl, passwords_are_decoded_and_never_printed) {
    const EngineUrl url = parsed("redis://me:p%40ss%3Aw%2Ford@10.0.0.1:6379/0");
    EXPECT_EQ(url.password, "p@ss:w/ord");
    EXPECT_EQ(url.printable(), "redis://me@10.0.0.1:6379/0");
    EXPECT_EQ(parsed("redis://:secret@h").password, "secret");
    EXPECT_EQ(parsed("redis://:secret@h").printable(), "redis://h");
}

TEST(EngineUrl, a_password_that_is_not_encoded_is_refused_and_not_repeated) {
    for (const char* text : {"redis://me:hush/me@h:1", "redis://me:hush?me@h:1", "redis://me:hu@sh@h:1",
                             "redis://me:hush#me@h:1", "redis://me:hush me@h:1", "redis://me:hush%zz@h:1"}) {
        EXPECT_EQ(error_of(text).find("hu"), std::string::npos) << text;
    }
    EXPECT_NE(error_of("redis://me:hu@sh@h:1").find("%40"), std::string::npos);
}

TEST(EngineUrl, what_is_wrong_is_said) {
    EXPECT_EQ(error_of("10.0.0.1:6379"),
              "The address of the engine is wrong: it must begin with a scheme, as in redis://10.0.0.1:6379 or "
              "dir:/srv/files.");
    for (const char* text : {"",
                             "redis",
                             "localhost:6379",
                             ":",
                             "://h",
                             "1a://h",
                             "redis:/h",
                             "redis://",
                             "redis://h,",
                             "redis://,h",
                             "redis:///0",
                             "redis://h:",
                             "redis://h:0",
                             "redis://h:65536",
                             "redis://h:1x",
                             "redis://::1",
                             "redis://[::1",
                             "redis://[::1]x",
                             "redis://[name]:1",
                             "redis://[]:1",
                             "redis://h/%",
                             "redis://h/%4",
                             "redis://h/%00",
                             "redis://h/\n",
                             "redis://h?=1",
                             "redis://h?a=1&a=2",
                             "redis://h?a=1&&b=2",
                             "redis://u@"}) {
        EXPECT_EQ(error_of(text).rfind("The address of the engine is wrong: ", 0), 0U) << text;
    }
    EXPECT_EQ(parsed("redis://h:65535").hosts.front().port, 65535);
    EXPECT_EQ(parsed("redis://[::1]").hosts, (std::vector<Host>{{"::1", 0}}));
}

TEST(EngineUrl, length_and_hosts_have_limits) {
    const std::string head = "redis://h/";
    EXPECT_TRUE(parse_engine_url(head + std::string(4096 - head.size(), 'x')));
    EXPECT_NE(error_of(head + std::string(4097 - head.size(), 'x')).find("longer than 4096 bytes"), std::string::npos);
    std::string hosts = "redis://h";
    for (int i = 1; i < 64; ++i)
        hosts += ",h";
    EXPECT_EQ(parsed(hosts).hosts.size(), 64U);
    EXPECT_NE(error_of(hosts + ",h").find("more than 64 hosts"), std::string::npos);
}

TEST(EngineUrl, what_is_printed_reads_the_same) {
    for (const char* text : {"mariadb://a%20b@h%3Ai:1,[::1],%2Fs/na%3Fme/%C3%A9?x=%26&y=", "dir:/a b",
                             "memory:", "s3+http://key@h:80/b/p?region=r"}) {
        const EngineUrl url = parsed(text);
        const EngineUrl again = parsed(url.printable());
        EXPECT_EQ(again.user, url.user);
        EXPECT_EQ(again.hosts, url.hosts);
        EXPECT_EQ(again.path, url.path);
        EXPECT_EQ(again.parameters, url.parameters);
    }
}

}  // namespace
}  // namespace stoa
