// Agents in processes of their own, on a real etcd.
#include "cluster/node/agent.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/file_util.hpp"
#include "cluster/etcd/mirror.hpp"
#include "cluster/etcd/testing/etcd_servers.hpp"
#include "cluster/node/process.hpp"
#include "cluster/state/live.hpp"
#include "cluster/state/service.hpp"
#include "net/http_client.hpp"

namespace stoa::cluster::node {
namespace {

using fixture::eventually;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kConfigVariable = "STOA_AGENT_TEST_CONFIG";

std::int64_t ms_since(steady_clock::time_point start) {
    return duration_cast<milliseconds>(steady_clock::now() - start).count();
}

/// The program of the agents below: this very test program, asked for this one test. They end by kill -9 or SIGTERM.
TEST(AgentProcess, DISABLED_Runs) {
    const char* config = ::getenv(kConfigVariable);
    ASSERT_NE(config, nullptr);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    auto options = load_agent_options(config);
    ASSERT_TRUE(options.ok()) << options.error().message;
    options->version = "test";
    Agent agent(std::move(*options), {});
    if (const Status started = agent.start(); !started) {
        std::fprintf(stderr, "refused: %s\n", started.error().message.c_str());
        FAIL();
    }
    int signal = 0;
    sigwait(&signals, &signal);
    agent.stop();
}

Service sleeper(const std::string& name, const std::string& seconds = "1000") {
    Service service;
    service.name = name;
    service.argv = {"sleep", seconds};
    service.health.interval_ms = 50;
    service.restart_first_ms = 20;
    return service;
}

/// A host: its folder, its node.toml, its agent's process.
class Host {
  public:
    Host(std::string name, std::vector<std::string> etcd, const std::string& more = "") : name_(std::move(name)) {
        std::string list;
        for (const std::string& url : etcd)
            list += (list.empty() ? "\"" : ", \"") + url + "\"";
        toml_ = "cluster = \"test\"\nname = \"" + name_ + "\"\nrole = \"web\"\naddress = \"127.0.0.1\"\netcd = [" +
                list + "]\nwork_dir = \"" + work() + "\"\nsecrets_dir = \"" + dir_.path("secrets") + "\"\n" + more;
        EXPECT_TRUE(make_dir(dir_.path("secrets"), 0700).ok());
        EXPECT_TRUE(write_file_atomic(dir_.path("node.toml"), toml_).ok());
    }
    ~Host() {
        agent.reset();
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator(work(), error)) {
            const std::string text = read_file(entry.path().string() + "/pid", 4096).value_or("");
            if (const auto left = Process::find(text.substr(0, text.find('\n')))) left->kill_group();
        }
    }

    Status start() {
        auto started = command("agent.log");
        if (!started) return started.error();
        agent = std::move(*started);
        return agent->wait_until([this] { return agent->output().find("agent_started") != std::string::npos; });
    }
    Result<std::unique_ptr<fixture::EngineProcess>> command(const std::string& output) const {
        return fixture::EngineProcess::start(
            {{std::filesystem::read_symlink("/proc/self/exe").string(), "--gtest_filter=AgentProcess.DISABLED_Runs",
              "--gtest_also_run_disabled_tests"},
             dir_.path(),
             output,
             {{kConfigVariable, dir_.path("node.toml")}}});
    }
    std::string work() const { return dir_.path("work"); }
    std::string path(const std::string& name) const { return dir_.path(name); }
    const std::string& name() const { return name_; }

    std::unique_ptr<fixture::EngineProcess> agent;

  private:
    fixture::TempDir dir_;
    std::string name_, toml_;
};

class AgentTest : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(etcd.start().ok()); }
    void want(const Host& host, std::vector<Service> services) {
        const auto written =
            client.put(keys.services(host.name()), to_json(HostServices{++revision, std::move(services)}));
        ASSERT_TRUE(written.ok()) << written.error().message;
    }
    LiveHost live(const Host& host) {
        const auto found = client.get(keys.live(host.name()));
        if (!found || !*found) return {};
        return live_host_from_json((*found)->value).value_or(LiveHost());
    }
    LiveService live(const Host& host, const std::string& service) {
        const LiveHost all = live(host);
        const LiveService* found = all.service(service);
        return found ? *found : LiveService();
    }
    bool becomes(const Host& host, const std::string& service, ServiceState state, int timeout_ms = 10'000) {
        return eventually([&] { return live(host, service).state == state; }, timeout_ms);
    }

    fixture::EtcdServers etcd{1};
    etcd::Client client{{etcd.endpoints(), 10'000, 30'000}};
    const Keys keys{"test"};
    std::int64_t revision = 0;
};

TEST_F(AgentTest, RunsWhatEtcdSaysAndRegistersItsHost) {
    const auto port = fixture::free_port();
    Host host("web1", etcd.endpoints(), "metrics = \"127.0.0.1:" + std::to_string(port) + "\"\n");
    ASSERT_TRUE(host.start().ok());
    ASSERT_TRUE(eventually([&] { return live(host).name == "web1"; }));
    EXPECT_TRUE(live(host).services.empty());
    Service one = sleeper("one");
    one.files = {{"a.conf", "dir={{dir}}\n", 0644, true}};
    want(host, {one, sleeper("two")});
    ASSERT_TRUE(becomes(host, "one", ServiceState::well));
    ASSERT_TRUE(becomes(host, "two", ServiceState::well));
    const LiveHost now = live(host);
    EXPECT_EQ(now.role, "web");
    EXPECT_EQ(now.revision, revision);
    EXPECT_EQ(now.agent_version, "test");
    EXPECT_EQ(now.agent_pid, host.agent->pid());
    EXPECT_GT(now.load.disk_free_bytes, 0);
    EXPECT_TRUE(eventually([&] { return live(host).load.memory_bytes > 0; }));
    EXPECT_EQ(now.service("one")->config_hash, config_hash(one));

    net::ClientRequest request;
    request.url = now.metrics_url + "/metrics";
    request.allow_private_targets = true;
    const auto metrics = net::fetch(request);
    ASSERT_TRUE(metrics.ok()) << metrics.error().message;
    EXPECT_NE(metrics->body.find("stoa_node_service_well{service=\"one\"} 1"), std::string::npos) << metrics->body;
    EXPECT_NE(metrics->body.find("stoa_node_etcd_fresh 1"), std::string::npos);
    request.url = now.metrics_url + "/status";
    EXPECT_EQ(live_host_from_json(net::fetch(request)->body).value_or(LiveHost()).services.size(), 2u);
    request.url = now.metrics_url + "/health";
    EXPECT_EQ(net::fetch(request)->status, 200);

    want(host, {sleeper("two")});
    EXPECT_TRUE(eventually([&] { return live(host).services.size() == 1 && live(host).revision == revision; }));
}

TEST_F(AgentTest, SaysAtOnceThatAServiceDied) {
    Host host("web1", etcd.endpoints());
    ASSERT_TRUE(host.start().ok());
    Service one = sleeper("one");
    one.restart_first_ms = 3'000;
    want(host, {one});
    ASSERT_TRUE(becomes(host, "one", ServiceState::well));
    std::mutex mutex;
    std::condition_variable changed;
    etcd::Mirror watching({etcd.endpoints()}, keys.live(), [&] {
        const std::lock_guard lock(mutex);
        changed.notify_all();
    });
    watching.start();
    ASSERT_TRUE(eventually([&] { return watching.fresh(); }));
    const auto says_so = [&](std::string_view state) {
        const auto snapshot = watching.snapshot();
        const auto found = snapshot->values.find(keys.live("web1"));
        return found != snapshot->values.end() && found->second.find(state) != std::string::npos;
    };
    std::int64_t best_ms = 10'000;
    for (int round = 0; round < 5 && best_ms > 500; ++round) {
        ASSERT_TRUE(becomes(host, "one", ServiceState::well));
        ASSERT_TRUE(eventually([&] { return says_so("well"); }));
        const pid_t pid = live(host, "one").pid;
        std::unique_lock lock(mutex);
        const auto start = steady_clock::now();
        ::kill(pid, SIGKILL);
        ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return says_so("restarting"); }));
        best_ms = std::min(best_ms, ms_since(start));
    }
    std::printf("another host knew of the death after %lld ms\n", static_cast<long long>(best_ms));
    EXPECT_LT(best_ms, 900) << "not at the next second";
}

TEST_F(AgentTest, DiesWithoutEndingServicesAndTheNextAdoptsThem) {
    Host host("web1", etcd.endpoints());
    ASSERT_TRUE(host.start().ok());
    want(host, {sleeper("same"), sleeper("changed"), sleeper("gone"), sleeper("dead")});
    for (const char* name : {"same", "changed", "gone", "dead"})
        ASSERT_TRUE(becomes(host, name, ServiceState::well));
    const LiveHost before = live(host);
    host.agent->kill();
    for (const LiveService& service : before.services)
        EXPECT_NE(state_of(service.pid), 0) << service.name;
    // While nobody looks, one dies and other things are wanted.
    ::kill(before.service("dead")->pid, SIGKILL);
    want(host, {sleeper("same"), sleeper("changed", "2000"), sleeper("dead")});
    EXPECT_TRUE(eventually([&] { return live(host).name.empty(); })) << "its registration runs out";
    ASSERT_TRUE(host.start().ok());
    ASSERT_TRUE(eventually([&] { return live(host).services.size() == 3; }));
    for (const char* name : {"same", "changed", "dead"})
        ASSERT_TRUE(becomes(host, name, ServiceState::well));
    const LiveHost after = live(host);
    EXPECT_EQ(after.service("same")->pid, before.service("same")->pid);
    EXPECT_NE(after.service("changed")->pid, before.service("changed")->pid);
    EXPECT_NE(after.service("dead")->pid, before.service("dead")->pid);
    EXPECT_TRUE(eventually([&] { return state_of(before.service("gone")->pid) == 0; }));

    const pid_t adopted = after.service("same")->pid;
    ::kill(adopted, SIGKILL);
    EXPECT_TRUE(eventually(
        [&] { return live(host, "same").state == ServiceState::well && live(host, "same").pid != adopted; }));
}

TEST_F(AgentTest, IsReplacedByTheNextWithoutLeavingEtcd) {
    Host host("web1", etcd.endpoints());
    ASSERT_TRUE(host.start().ok());
    want(host, {sleeper("one")});
    ASSERT_TRUE(becomes(host, "one", ServiceState::well));
    const pid_t pid = live(host, "one").pid;
    ASSERT_TRUE(host.agent->terminate());
    EXPECT_FALSE(live(host).name.empty()) << "the next one has the lease's time to come";
    ASSERT_TRUE(host.start().ok());
    const pid_t agent = host.agent->pid();
    ASSERT_TRUE(eventually([&] { return live(host).agent_pid == agent; }));
    EXPECT_TRUE(eventually([&] { return live(host, "one").pid == pid; })) << "it says who it is before it has looked";
}

TEST_F(AgentTest, StopsServicesAtItsExitWhenTold) {
    Host host("web1", etcd.endpoints(), "stop_services_at_exit = true\n");
    ASSERT_TRUE(host.start().ok());
    want(host, {sleeper("one")});
    ASSERT_TRUE(becomes(host, "one", ServiceState::well));
    const pid_t pid = live(host, "one").pid;
    ASSERT_TRUE(host.agent->terminate());
    EXPECT_EQ(state_of(pid), 0);
    EXPECT_TRUE(live(host).name.empty()) << "taken out at once";
}

TEST_F(AgentTest, GoesOnWithoutEtcd) {
    Host host("web1", etcd.endpoints());
    ASSERT_TRUE(host.start().ok());
    want(host, {sleeper("one")});
    ASSERT_TRUE(becomes(host, "one", ServiceState::well));
    const pid_t first = live(host, "one").pid;
    etcd.server(0).kill();
    std::this_thread::sleep_for(milliseconds(2'000));
    EXPECT_NE(state_of(first), 0) << "etcd down changes nothing that runs";
    ::kill(first, SIGKILL);
    const auto pid_now = [&] { return std::atoi(read_file(host.work() + "/one/pid", 4096).value_or("").c_str()); };
    ASSERT_TRUE(eventually([&] { return pid_now() > 0 && pid_now() != first; })) << "and services are still restarted";

    // The next agent starts while etcd is away: it knows from its folder.
    host.agent->kill();
    ::kill(pid_now(), SIGKILL);
    const pid_t second = pid_now();
    ASSERT_TRUE(host.start().ok());
    ASSERT_TRUE(eventually([&] { return pid_now() > 0 && pid_now() != second; }));
    const pid_t third = pid_now();
    ASSERT_TRUE(etcd.start().ok());
    ASSERT_TRUE(eventually([&] { return live(host, "one").pid == third; }, 15'000));
}

TEST_F(AgentTest, StartsFromAFileWhenItRunsEtcdItself) {
    const auto client_port = fixture::free_port(), peer_port = fixture::free_port();
    const std::string url = "http://127.0.0.1:" + std::to_string(client_port);
    const std::string peer = "http://127.0.0.1:" + std::to_string(peer_port);
    Service own = sleeper("etcd");
    own.argv = {"etcd",
                "--name",
                "e",
                "--data-dir",
                "{{dir}}/data",
                "--listen-client-urls",
                url,
                "--advertise-client-urls",
                url,
                "--listen-peer-urls",
                peer,
                "--initial-advertise-peer-urls",
                peer,
                "--initial-cluster",
                "e=" + peer,
                "--logger",
                "zap"};
    own.health.kind = HealthCheck::Kind::http;
    own.health.address = url + "/health";
    Host host("etcd1", {url}, "services_file = \"seed.json\"\n");
    ASSERT_TRUE(write_file_atomic(host.path("seed.json"), to_json(HostServices{1, {own}})).ok());
    ASSERT_TRUE(host.start().ok());
    etcd::Client there({{url}});
    ASSERT_TRUE(eventually(
        [&] {
            const auto found = there.get(keys.live("etcd1"));
            return found && *found && (*found)->value.find("\"state\":\"well\"") != std::string::npos;
        },
        20'000));
    ASSERT_TRUE(there.put(keys.services("etcd1"), to_json(HostServices{2, {own, sleeper("more")}})).ok());
    EXPECT_TRUE(eventually([&] {
        const auto found = there.get(keys.live("etcd1"));
        return found && *found && (*found)->value.find("\"more\"") != std::string::npos;
    }));
}

TEST_F(AgentTest, KeepsSecretsOutOfEtcdAndTheLog) {
    Host host("web1", etcd.endpoints());
    ASSERT_TRUE(write_file_atomic(host.path("secrets/db"), "TopSecretWord\n", 0600).ok());
    Service one = sleeper("one");
    one.files = {{"db.conf", "password={{secret:db}}\n", 0600, true}};
    want(host, {one});
    ASSERT_TRUE(host.start().ok());
    ASSERT_TRUE(becomes(host, "one", ServiceState::well));
    EXPECT_EQ(read_file(host.work() + "/one/db.conf", 4096).value_or(""), "password=TopSecretWord\n");
    const auto all = client.get_prefix("/");
    ASSERT_TRUE(all.ok());
    for (const auto& item : all->items)
        EXPECT_EQ(item.value.find("TopSecretWord"), std::string::npos) << item.key;
    EXPECT_EQ(host.agent->output().find("TopSecretWord"), std::string::npos);
    EXPECT_EQ(live(host, "one").config_hash, config_hash(one)) << "the same on each host";
}

TEST_F(AgentTest, KeepsWhatRunsWhenEtcdSaysNonsenseOrNothing) {
    Host host("web1", etcd.endpoints());
    ASSERT_TRUE(host.start().ok());
    want(host, {sleeper("one")});
    ASSERT_TRUE(becomes(host, "one", ServiceState::well));
    const pid_t pid = live(host, "one").pid;
    ASSERT_TRUE(client.put(keys.services("web1"), "{\"services\":[{\"name\":\"x\"}]}").ok());
    ASSERT_TRUE(eventually([&] { return host.agent->output().find("services_wrong") != std::string::npos; }));
    EXPECT_NE(host.agent->output().find("services[0].argv must name a program"), std::string::npos);
    ASSERT_TRUE(client.remove(keys.services("web1")).ok());
    std::this_thread::sleep_for(milliseconds(300));
    EXPECT_EQ(live(host, "one").pid, pid);
    want(host, {});
    EXPECT_TRUE(eventually([&] { return state_of(pid) == 0; })) << "an empty list does stop it";
}

TEST_F(AgentTest, IsRefusedASecondTimeInTheSameFolder) {
    Host host("web1", etcd.endpoints());
    ASSERT_TRUE(host.start().ok());
    auto second = host.command("second.log");
    ASSERT_TRUE(second.ok());
    ASSERT_TRUE(eventually([&] { return !(*second)->running(); }));
    EXPECT_NE((*second)->output().find("refused: Another agent looks after " + host.work() + " already."),
              std::string::npos)
        << (*second)->output();
}

AgentOptions plain_options(const std::string& work_dir) {
    AgentOptions options;
    options.name = "web1";
    options.etcd = {"http://127.0.0.1:1"};
    options.work_dir = work_dir;
    return options;
}

TEST(Agent, SaysInOneLineWhyItCannotStart) {
    fixture::TempDir dir;
    ASSERT_TRUE(write_file_atomic(dir.path("file"), "").ok());
    Agent nowhere(plain_options(dir.path("file") + "/work"), {});
    const Status no_folder = nowhere.start();
    ASSERT_FALSE(no_folder.ok());
    EXPECT_NE(no_folder.error().message.find(dir.path("file")), std::string::npos) << no_folder.error().message;

    const auto port = fixture::free_port();
    auto other = fixture::EngineProcess::start(
        {{"python3", "-m", "http.server", "--bind", "127.0.0.1", std::to_string(port)}, dir.path()});
    ASSERT_TRUE(other.ok());
    ASSERT_TRUE((*other)->wait_for_port(port).ok());
    AgentOptions options = plain_options(dir.path("work"));
    options.metrics = "127.0.0.1:" + std::to_string(port);
    Agent taken(options, {});
    const Status no_port = taken.start();
    ASSERT_FALSE(no_port.ok());
    EXPECT_NE(no_port.error().message.find(std::to_string(port)), std::string::npos) << no_port.error().message;
    options.metrics = "nonsense";
    Agent wrong(options, {});
    EXPECT_EQ(wrong.start().error().field, "metrics");
}

class Recorder final : public Component {
  public:
    explicit Recorder(std::atomic<int>& changes, bool& stopped) : changes_(changes), stopped_(stopped) {}
    std::string_view name() const override { return "recorder"; }
    Status start(AgentContext& context) override {
        context_ = &context;
        return {};
    }
    void stop() override { stopped_ = true; }
    void services_changed() override {
        ++changes_;
        (void)context_->services();  // allowed from here
    }

  private:
    std::atomic<int>& changes_;
    bool& stopped_;
    AgentContext* context_ = nullptr;
};

TEST(Agent, TellsItsComponentsAndLetsThemAct) {
    fixture::TempDir dir;
    std::atomic<int> changes{0};
    bool stopped = false;
    AgentOptions options = plain_options(dir.path("work"));
    options.services_file = dir.path("seed.json");
    options.stop_services_at_exit = true;
    ASSERT_TRUE(write_file_atomic(options.services_file, to_json(HostServices{7, {sleeper("one")}})).ok());
    std::vector<std::unique_ptr<Component>> components;
    components.push_back(std::make_unique<Recorder>(changes, stopped));
    Agent agent(options, std::move(components));
    ASSERT_TRUE(agent.start().ok());
    AgentContext& context = agent.context();
    const auto one = [&] {
        const auto all = context.services();
        return all.empty() ? LiveService() : all[0];
    };
    ASSERT_TRUE(eventually([&] { return one().state == ServiceState::well; }));
    EXPECT_EQ(agent.live().revision, 7);
    EXPECT_EQ(context.service_dir("one"), dir.path("work") + "/one");
    const int before = changes;
    const pid_t pid = one().pid;
    ASSERT_TRUE(context.kill_service("one", "test").ok());
    EXPECT_TRUE(eventually([&] { return one().state == ServiceState::well && one().pid != pid; }));
    EXPECT_GT(changes, before);
    EXPECT_FALSE(context.restart_service("two", "test").ok());
    agent.stop();
    EXPECT_TRUE(stopped);
    EXPECT_TRUE(context.services().empty());
}

TEST(Agent, CostsLittleWhileNothingHappens) {
    fixture::EtcdServers etcd(1);
    ASSERT_TRUE(etcd.start().ok());
    fixture::TempDir dir;
    AgentOptions options = plain_options(dir.path("work"));
    options.etcd = etcd.endpoints();
    options.services_file = dir.path("seed.json");
    options.stop_services_at_exit = true;
    HostServices services;
    for (int i = 0; i < 8; ++i) {
        services.services.push_back(sleeper("s" + std::to_string(i)));
        services.services.back().health.interval_ms = 200;
    }
    ASSERT_TRUE(write_file_atomic(options.services_file, to_json(services)).ok());
    Agent agent(options, {});
    ASSERT_TRUE(agent.start().ok());
    ASSERT_TRUE(eventually([&] {
        const LiveHost now = agent.live();
        return std::all_of(now.services.begin(), now.services.end(),
                           [](const LiveService& s) { return s.state == ServiceState::well; });
    }));
    const auto cpu_us = [] {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec +
               usage.ru_stime.tv_usec;
    };
    const auto before_us = cpu_us();
    std::this_thread::sleep_for(milliseconds(3'000));
    const auto used_us = cpu_us() - before_us;
    std::printf("8 services, nothing happens: %.2f %% of a core\n", static_cast<double>(used_us) / 30'000.0);
    EXPECT_LT(used_us, 300'000);
    agent.stop();
}

}  // namespace
}  // namespace stoa::cluster::node
