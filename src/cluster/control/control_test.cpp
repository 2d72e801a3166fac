// Leadership and the provider on a real etcd.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/file_util.hpp"
#include "base/testing/engine_process.hpp"
#include "cluster/control/leadership.hpp"
#include "cluster/control/provider.hpp"
#include "cluster/limits.hpp"

namespace stoa::cluster::control {
namespace {

using fixture::eventually;

class OneEtcd {
  public:
    OneEtcd() {
        const std::string client = "http://127.0.0.1:" + std::to_string(port_);
        const std::string peer = "http://127.0.0.1:" + std::to_string(fixture::free_port());
        auto started = fixture::EngineProcess::start(
            {{"etcd", "--name", "e1", "--data-dir", dir_.path("data"), "--listen-client-urls", client,
              "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
              "--initial-cluster", "e1=" + peer, "--log-level", "error"},
             dir_.path()});
        process_ = std::move(*started);
        const Status up = process_->wait_for_port(port_);
        EXPECT_TRUE(up.ok());
        options_.endpoints = {client};
    }
    const etcd::ClientOptions& options() const { return options_; }
    fixture::EngineProcess& process() { return *process_; }

  private:
    fixture::TempDir dir_;
    const std::uint16_t port_ = fixture::free_port();
    std::unique_ptr<fixture::EngineProcess> process_;
    etcd::ClientOptions options_;
};

TEST(Leadership, is_held_by_exactly_one_and_taken_over_when_it_is_given_up) {
    OneEtcd etcd;
    etcd::Client client(etcd.options());
    std::vector<std::unique_ptr<Leadership>> all;
    for (int i = 0; i < 3; ++i) {
        all.push_back(std::make_unique<Leadership>(client, "/stoa/test/leader/control", "host" + std::to_string(i)));
        all.back()->start();
    }
    const auto leaders = [&] {
        return std::count_if(all.begin(), all.end(), [](const auto& one) { return one && one->leading(); });
    };
    ASSERT_TRUE(eventually([&] { return leaders() == 1; }));
    for (auto& one : all) {
        if (!one->leading()) continue;
        one.reset();
        break;
    }
    EXPECT_TRUE(eventually([&] { return leaders() == 1; }));
}

TEST(Leadership, ends_by_itself_when_etcd_is_away_and_comes_back_with_it) {
    OneEtcd etcd;
    etcd::Client client(etcd.options());
    Leadership one(client, "/stoa/test/leader/control", "host1");
    one.start();
    ASSERT_TRUE(eventually([&] { return one.leading(); }));
    etcd.process().freeze();
    EXPECT_TRUE(eventually([&] { return !one.leading(); }, 10'000));
    etcd.process().thaw();
    EXPECT_TRUE(eventually([&] { return one.leading(); }, 20'000));
}

class Script {
  public:
    explicit Script(const std::string& body) : path_(dir_.path("provider")) {
        EXPECT_TRUE(write_file_atomic(path_, "#!/bin/sh\n" + body, 0700).ok());
    }
    const std::string& path() const { return path_; }
    const fixture::TempDir& dir() const { return dir_; }

  private:
    fixture::TempDir dir_;
    std::string path_;
};

TEST(CommandProvider, adds_a_host_and_takes_it_away) {
    const Script script(
        R"(echo "$@" >>"$(dirname "$0")/calls"; [ "$1" = remove ] || echo '{"name":"web7","address":"10.0.0.7"}')");
    const auto provider = command_provider({script.path()});
    const auto host = provider->add("web");
    ASSERT_TRUE(host.ok()) << host.error().message;
    EXPECT_EQ(host->name, "web7");
    EXPECT_EQ(host->address, "10.0.0.7");
    EXPECT_TRUE(provider->remove("web7").ok());
    EXPECT_EQ(*read_file(script.dir().path("calls"), 1000), "add web\nremove web7\n");
}

TEST(CommandProvider, says_what_the_command_said_when_it_fails) {
    const Script script("echo 'quota used up' >&2; exit 3");
    const auto host = command_provider({script.path()})->add("web");
    ASSERT_FALSE(host.ok());
    EXPECT_EQ(host.error().code, Errc::unavailable);
    EXPECT_NE(host.error().message.find("quota used up"), std::string::npos);
}

TEST(CommandProvider, refuses_an_answer_without_name_or_address) {
    for (const char* answer : {"", "web7", "{}", R"({"name":"web7"})", R"({"name":7,"address":"10.0.0.7"})"}) {
        const Script script("printf '%s' '" + std::string(answer) + "'");
        const auto host = command_provider({script.path()})->add("web");
        ASSERT_FALSE(host.ok()) << answer;
        EXPECT_EQ(host.error().code, Errc::invalid_argument) << answer;
    }
    EXPECT_FALSE(command_provider({"/no/such/program"})->add("web").ok());
}

}  // namespace
}  // namespace stoa::cluster::control
