#include <gtest/gtest.h>

#include "cluster/state/keys.hpp"
#include "cluster/state/live.hpp"
#include "cluster/state/service.hpp"

namespace stoa::cluster {
namespace {

HostServices everything() {
    Service web;
    web.name = "web";
    web.argv = {"stoa", "serve", "--config", "{{dir}}/stoa.toml"};
    web.environment = {{"TZ", "UTC"}, {"GREETING", "say \"hello\"\n"}};
    web.files = {{"stoa.toml", "a = 1\n", 0640, true}, {"sub/key", "{{secret:key}}", 0600, false}};
    web.folders = {"data", "data/files"};
    web.prepare = {{"mkdir", "x"}, {"true"}};
    web.health.kind = HealthCheck::Kind::http;
    web.health.address = "http://10.0.0.1:8080/health";
    web.health.command = {"unused"};
    web.health.interval_ms = 100;
    web.health.timeout_ms = 250;
    web.health.fall = 2;
    web.health.kill_after_ms = 3'000;
    web.stop_signal = 2;
    web.stop_grace_ms = 1;
    web.restart_first_ms = 7;
    web.restart_longest_ms = 70;
    Service cache;
    cache.name = "redis-1";
    cache.argv = {"redis-server"};
    return {42, {web, cache}};
}

std::string wrong(const std::string& service) {
    const auto read = host_services_from_json(R"({"revision":1,"services":[)" + service + "]}");
    return read ? "accepted" : read.error().field + ": " + read.error().message;
}

TEST(HostServicesJson, ComesBackAsItWas) {
    const auto read = host_services_from_json(to_json(everything()));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(*read, everything());
    EXPECT_EQ(*host_services_from_json("{}"), HostServices());
}

TEST(HostServicesJson, FillsInDefaultsAndIgnoresWhatANewerProgramWrote) {
    const auto read = host_services_from_json(
        R"({"new":1,"services":[{"name":"a","argv":["true"],"later":{"x":[]},"health":{"kind":"tcp","address":"h:1"}}]})");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->services[0].health.interval_ms, HealthCheck().interval_ms);
    EXPECT_EQ(read->services[0].stop_grace_ms, Service().stop_grace_ms);
}

TEST(HostServicesJson, NamesTheMemberThatIsWrong) {
    EXPECT_EQ(wrong(R"({"name":"a"})"), "services[0].argv: services[0].argv must name a program.");
    EXPECT_EQ(wrong(R"({"name":"A/b","argv":["x"]})"),
              "services[0].name: services[0].name must be a name of a-z, 0-9 and '-'.");
    EXPECT_EQ(wrong(R"({"name":"a","argv":"x"})"), "services[0].argv: services[0].argv must be a list of strings.");
    EXPECT_EQ(wrong(R"({"name":"a","argv":["x"],"prepare":[["y"],[1]]})"),
              "services[0].prepare[1]: services[0].prepare[1] must be a list of strings.");
    EXPECT_EQ(wrong(R"({"name":"a","argv":["x"],"stop_grace_ms":-1})").substr(0, 26), "services[0].stop_grace_ms:");
    EXPECT_EQ(wrong(R"({"name":"a","argv":["x"],"health":{"kind":"tcp"}})"),
              "services[0].health.address: services[0].health.address must say where to look.");
    EXPECT_EQ(wrong(R"({"name":"a","argv":["x"],"environment":{"A=B":"c"}})").substr(0, 28),
              "services[0].environment.A=B:");
    EXPECT_EQ(wrong(R"({"name":"a","argv":["x"]},{"name":"a","argv":["x"]})"),
              "services: services must have each name once.");
    for (const char* path : {"", "/etc/passwd", "../x", "a/../../x", "a/.."}) {
        EXPECT_EQ(wrong(R"({"name":"a","argv":["x"],"files":[{"path":")" + std::string(path) + R"("}]})"),
                  "services[0].files[0].path: services[0].files[0].path must be a path inside the service's folder.")
            << path;
    }
    EXPECT_FALSE(host_services_from_json("[]").ok());
    EXPECT_FALSE(host_services_from_json("{").ok());
}

TEST(ConfigHash, CountsSharedFilesOnlyAndInAnyOrder) {
    Service service = everything().services[0];
    const std::string hash = config_hash(service);
    EXPECT_EQ(hash.size(), 16u);
    service.files[1].content = "another";
    service.argv.push_back("--more");
    EXPECT_EQ(config_hash(service), hash);
    service.files.push_back({"b", "2", 0600, true});
    const std::string two = config_hash(service);
    EXPECT_NE(two, hash);
    std::swap(service.files[0], service.files[2]);
    EXPECT_EQ(config_hash(service), two);
    service.files[0].content = "3";
    EXPECT_NE(config_hash(service), two);
}

TEST(ConfigHash, TellsWhereOneFileEnds) {
    Service a, b;
    a.files = {{"x", "1", 0600, true}, {"y", "2", 0600, true}};
    b.files = {{"x", "11:y1:2", 0600, true}};
    EXPECT_NE(config_hash(a), config_hash(b));
}

TEST(LiveHostJson, ComesBackAsItWas) {
    LiveHost host{"web1", "web", "10.0.0.11", "0.2.0", 77, "http://10.0.0.11:9100", 5, {0.25, 1 << 20, 1LL << 40}, {}};
    host.services = {{"web", ServiceState::well, 123, 2, "0.2.0", "0123456789abcdef", ""},
                     {"cache", ServiceState::restarting, 0, 9, "", "", "ended with code 1"}};
    const auto read = live_host_from_json(to_json(host));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(to_json(*read), to_json(host));
    EXPECT_EQ(read->load.cpu, 0.25);
    ASSERT_NE(read->service("cache"), nullptr);
    EXPECT_EQ(read->service("cache")->state, ServiceState::restarting);
    EXPECT_EQ(read->service("none"), nullptr);
    EXPECT_FALSE(live_host_from_json("{}").ok());
    EXPECT_EQ(live_host_from_json(R"({"name":"a","services":[{"name":"b","state":"odd"}]})").error().field,
              "services[0].state");
}

TEST(Release, LetsInWhatIsListedAndSaysWhyNot) {
    Release release;
    EXPECT_EQ(release.refuses("1", "a"), "the cluster has no release yet");
    release.allowed = {{"0.2.0", "aa"}};
    EXPECT_EQ(release.refuses("0.2.0", "aa"), "");
    EXPECT_EQ(release.refuses("0.3.0", "aa"), "has version 0.3.0, the cluster 0.2.0");
    EXPECT_EQ(release.refuses("0.2.0", "bb"), "has configuration bb, the cluster aa");
    EXPECT_EQ(release.refuses("", ""), "does not say its version");
    EXPECT_EQ(release.refuses("0.2.0", ""), "does not say its configuration");
    release.allowed.push_back({"0.3.0", "cc"});
    release.rollout = true;
    EXPECT_EQ(release.refuses("0.3.0", "cc"), "");
    EXPECT_EQ(release.refuses("0.3.0", "aa"), "has configuration aa, the cluster cc") << "pairs, not a cross product";
    EXPECT_EQ(release.refuses("0.4.0", "aa"), "has version 0.4.0, the cluster 0.2.0 or 0.3.0");

    const auto read = release_from_json(to_json(release));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->allowed, release.allowed);
    EXPECT_TRUE(read->rollout);
}

TEST(DrainJson, ComesBackAsItWas) {
    const auto read = drain_from_json(to_json(Drain{"new disk", 1'800'000'000}));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->reason, "new disk");
    EXPECT_EQ(read->since_s, 1'800'000'000);
}

TEST(Keys, LieBelowTheCluster) {
    const Keys keys("prod");
    EXPECT_EQ(keys.services("web1"), "/stoa/prod/hosts/web1/services");
    EXPECT_EQ(keys.live("web1"), "/stoa/prod/live/web1");
    EXPECT_EQ(keys.leader("control"), "/stoa/prod/leader/control");
}

}  // namespace
}  // namespace stoa::cluster
