// Real processes: shells, python, engines.
#include "cluster/node/supervisor.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/file_util.hpp"
#include "base/testing/engine_process.hpp"

namespace stoa::cluster::node {
namespace {

using fixture::eventually;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::int64_t ms_since(steady_clock::time_point start) {
    return duration_cast<milliseconds>(steady_clock::now() - start).count();
}

Service shell(const std::string& name, const std::string& script) {
    Service service;
    service.name = name;
    service.argv = {"sh", "-c", script};
    service.health.interval_ms = 50;
    service.stop_grace_ms = 2'000;
    service.restart_first_ms = 20;
    service.restart_longest_ms = 200;
    return service;
}

class SupervisorTest : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(make_dir(secrets()).ok());
        open();
    }
    void TearDown() override {
        open();
        supervisor->stop_all();
    }
    /// As a new agent would.
    void open() {
        supervisor.reset();
        supervisor = std::make_unique<Supervisor>(
            RunnerOptions{"host", dir.path(), secrets(), 64 * 1024, [this] { ++changes; }});
    }
    std::string secrets() const { return dir.path("secrets"); }
    void apply(std::vector<Service> services) { supervisor->apply({1, std::move(services)}); }
    LiveService live(const std::string& name) const {
        for (const LiveService& service : supervisor->live()) {
            if (service.name == name) return service;
        }
        return {};
    }
    bool becomes(const std::string& name, ServiceState state, int timeout_ms = 10'000) {
        return eventually([&] { return live(name).state == state; }, timeout_ms);
    }
    std::string text(const std::string& path) const { return read_file(dir.path(path), 1 << 20).value_or(""); }

    fixture::TempDir dir;
    std::atomic<int> changes{0};
    std::unique_ptr<Supervisor> supervisor;
};

TEST_F(SupervisorTest, RunsServicesInTheirFoldersWithTheirFiles) {
    ASSERT_TRUE(write_file_atomic(secrets() + "/password", "s3cret\n", 0600).ok());
    Service service = shell("one", "echo \"$GREETING\" > said; cat conf/app.conf >> said; exec sleep 1000");
    service.environment = {{"GREETING", "hello from {{dir}}"}};
    service.files = {{"conf/app.conf", "dir={{dir}} password={{secret:password}} {{other}}\n", 0600, true},
                     {"run.sh", "#!/bin/sh\n", 0755, false}};
    service.folders = {"data", "data/deep"};
    apply({service});
    ASSERT_TRUE(becomes("one", ServiceState::well));
    const std::string folder = dir.path("one");
    EXPECT_TRUE(eventually([&] { return text("one/said").find("password") != std::string::npos; }));
    EXPECT_EQ(text("one/said"), "hello from " + folder + "\ndir=" + folder + " password=s3cret {{other}}\n");
    struct stat found {};
    ASSERT_EQ(::stat((folder + "/conf/app.conf").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0600u);
    ASSERT_EQ(::stat((folder + "/run.sh").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0755u);
    EXPECT_TRUE(std::filesystem::is_directory(folder + "/data/deep"));
    EXPECT_EQ(::getsid(live("one").pid), live("one").pid) << "a session of its own";
    EXPECT_EQ(live("one").config_hash, config_hash(service));
    EXPECT_GT(changes, 0);
}

TEST_F(SupervisorTest, StartsAgainWhatWasKilledAndSaysSoAtOnce) {
    apply({shell("one", "exec sleep 1000")});
    ASSERT_TRUE(becomes("one", ServiceState::well));
    const pid_t first = live("one").pid;
    const auto start = steady_clock::now();
    ::kill(first, SIGKILL);
    ASSERT_TRUE(eventually([&] { return live("one").restarts == 1; }));
    std::printf("an end was seen after %lld ms\n", static_cast<long long>(ms_since(start)));
    ASSERT_TRUE(eventually([&] { return live("one").state == ServiceState::well && live("one").pid != first; }));
    std::printf("well again after %lld ms\n", static_cast<long long>(ms_since(start)));
    EXPECT_EQ(live("one").problem, "");
}

Service reloading(const std::string& content) {
    Service service = shell("one", "trap 'cat conf >> said' USR1; cat conf >> said; while :; do sleep 0.02; done");
    service.files = {{"conf", content, 0600, true}};
    service.reload_signal = SIGUSR1;
    return service;
}

TEST_F(SupervisorTest, GivesNewFilesToAProcessThatReadsThemAgain) {
    apply({reloading("first\n")});
    ASSERT_TRUE(becomes("one", ServiceState::well));
    ASSERT_TRUE(eventually([&] { return text("one/said") == "first\n"; }));
    const pid_t pid = live("one").pid;
    apply({reloading("second\n")});
    EXPECT_TRUE(eventually([&] { return text("one/said") == "first\nsecond\n"; }));
    ASSERT_TRUE(becomes("one", ServiceState::well));
    EXPECT_EQ(live("one").pid, pid);
    EXPECT_EQ(live("one").config_hash, config_hash(reloading("second\n")));
    open();  // the next agent knows what it runs, and reloads what has changed in the meantime
    apply({reloading("third\n")});
    EXPECT_TRUE(eventually([&] { return text("one/said") == "first\nsecond\nthird\n"; }));
    ASSERT_TRUE(becomes("one", ServiceState::well));
    EXPECT_EQ(live("one").pid, pid);
    Service other = reloading("third\n");
    other.environment = {{"NEW", "1"}};
    apply({other});
    EXPECT_TRUE(eventually([&] { return live("one").state == ServiceState::well && live("one").pid != pid; }));
}

TEST_F(SupervisorTest, DoesNotCallWellWhatRunsAnOlderDefinition) {
    Service slow = shell("one", "trap '' TERM; sleep 1000");
    slow.stop_grace_ms = 500;
    apply({slow});
    ASSERT_TRUE(becomes("one", ServiceState::well));
    slow.environment = {{"NEW", "1"}};
    const pid_t pid = live("one").pid;
    apply({slow});
    for (LiveService now = live("one"); now.pid == pid; now = live("one"))
        ASSERT_NE(now.state, ServiceState::well);
}

TEST_F(SupervisorTest, WaitsLongerAndLongerForWhatKeepsDying) {
    Service service = shell("one", "date +%s%N >> starts; exit 3");
    service.restart_first_ms = 100;
    service.restart_longest_ms = 400;
    apply({service});
    ASSERT_TRUE(eventually([&] { return live("one").restarts >= 5; }));
    EXPECT_EQ(live("one").problem, "ended with code 3");
    std::istringstream lines(text("one/starts"));
    std::vector<std::int64_t> starts_ms;
    for (std::int64_t ns = 0; lines >> ns;)
        starts_ms.push_back(ns / 1'000'000);
    ASSERT_GE(starts_ms.size(), 5u);
    EXPECT_GE(starts_ms[1] - starts_ms[0], 100);
    EXPECT_GE(starts_ms[2] - starts_ms[1], 200);
    EXPECT_GE(starts_ms[3] - starts_ms[2], 400);
    EXPECT_GE(starts_ms[4] - starts_ms[3], 400);
}

TEST_F(SupervisorTest, SaysThatThereIsNoSuchProgram) {
    Service service = shell("one", "");
    service.argv = {"no-such-program-here"};
    apply({service});
    EXPECT_TRUE(eventually([&] { return live("one").problem == "there is no program no-such-program-here"; }));
    EXPECT_EQ(live("one").state, ServiceState::preparing);
    apply({shell("one", "exec sleep 1000")});
    EXPECT_TRUE(becomes("one", ServiceState::well)) << "a better definition is taken at once";
}

TEST_F(SupervisorTest, ChecksAPortAndResetsItsConnectionsWhenTheServerHangs) {
    const auto port = fixture::free_port();
    Service redis = shell("redis", "");
    redis.argv = {"redis-server", "--port", std::to_string(port), "--save", "", "--bind", "127.0.0.1"};
    redis.health.kind = HealthCheck::Kind::command;
    redis.health.command = {"redis-cli", "-p", std::to_string(port), "ping"};
    redis.health.timeout_ms = 400;
    redis.health.kill_after_ms = 300;
    apply({redis});
    ASSERT_TRUE(becomes("redis", ServiceState::well));
    const pid_t first = live("redis").pid;
    const auto start = steady_clock::now();
    ::kill(first, SIGSTOP);
    ASSERT_TRUE(becomes("redis", ServiceState::sick));
    std::printf("a stopped process was sick after %lld ms\n", static_cast<long long>(ms_since(start)));
    EXPECT_LT(ms_since(start), 4'000);
    EXPECT_EQ(live("redis").problem, "the process is stopped (SIGSTOP)");
    ASSERT_TRUE(eventually([&] { return live("redis").pid != first && live("redis").state == ServiceState::well; }));
    std::printf("and another was well after %lld ms\n", static_cast<long long>(ms_since(start)));
    EXPECT_EQ(live("redis").restarts, 1);
}

TEST_F(SupervisorTest, FindsOutThatARunningServiceDoesNotAnswer) {
    // It runs, but at a word answers no more: a hang that /proc does not show.
    const auto port = fixture::free_port();
    Service web = shell("web", "");
    web.argv = {"python3", "-u", "-c",
                "import http.server, os, time\n"
                "class H(http.server.BaseHTTPRequestHandler):\n"
                "  def do_GET(self):\n"
                "    if os.path.exists('hang'): os.remove('hang'); time.sleep(1000)\n"
                "    self.send_response(500 if os.path.exists('sick') else 200)\n"
                "    self.send_header('X-Stoa-Version', '9.8.7'); self.end_headers()\n"
                "  def log_message(self, *a): pass\n"
                "http.server.HTTPServer(('127.0.0.1', " +
                    std::to_string(port) + "), H).serve_forever()\n"};
    web.health.kind = HealthCheck::Kind::http;
    web.health.address = "http://127.0.0.1:" + std::to_string(port) + "/";
    web.health.timeout_ms = 300;
    web.health.fall = 2;
    web.health.kill_after_ms = 500;
    apply({web});
    ASSERT_TRUE(becomes("web", ServiceState::well));
    EXPECT_EQ(live("web").version, "9.8.7");
    const pid_t first = live("web").pid;

    ASSERT_TRUE(write_file_atomic(dir.path("web/sick"), "").ok());
    ASSERT_TRUE(becomes("web", ServiceState::sick));
    EXPECT_NE(live("web").problem.find("answers 500"), std::string::npos);
    std::this_thread::sleep_for(std::chrono::milliseconds(2 * web.health.kill_after_ms));
    std::filesystem::remove(dir.path("web/sick"));
    ASSERT_TRUE(becomes("web", ServiceState::well));
    EXPECT_EQ(live("web").pid, first) << "who answers does not hang, and may be finishing its requests";

    ASSERT_TRUE(write_file_atomic(dir.path("web/hang"), "").ok());
    ASSERT_TRUE(eventually([&] { return live("web").pid != first && live("web").state == ServiceState::well; }));
    EXPECT_EQ(live("web").restarts, 1);
}

TEST_F(SupervisorTest, LetsAServiceThatEndsByItselfFinishItsRequests) {
    // Somebody else told it to stop: it takes no more connections, and works on.
    const auto port = fixture::free_port();
    Service web = shell("web", "");
    web.argv = {"python3", "-u", "-c",
                "import os, signal, socket, time\n"
                "s = socket.create_server(('127.0.0.1', " +
                    std::to_string(port) +
                    "))\n"
                    "def end(*_):\n"
                    "  s.close(); open('closed', 'w')\n"
                    "  while not os.path.exists('go'): time.sleep(0.02)\n"
                    "  open('finished', 'w'); os._exit(0)\n"
                    "signal.signal(signal.SIGTERM, end)\n"
                    "while True: signal.pause()\n"};
    web.health.kind = HealthCheck::Kind::tcp;
    web.health.address = "127.0.0.1:" + std::to_string(port);
    web.health.fall = 2;
    web.health.kill_after_ms = 200;
    apply({web});
    ASSERT_TRUE(becomes("web", ServiceState::well));
    const pid_t first = live("web").pid;
    ::kill(first, SIGTERM);
    ASSERT_TRUE(becomes("web", ServiceState::sick));
    std::this_thread::sleep_for(std::chrono::milliseconds(4 * web.health.kill_after_ms));
    EXPECT_EQ(live("web").pid, first);
    ASSERT_TRUE(write_file_atomic(dir.path("web/go"), "").ok());
    ASSERT_TRUE(eventually([&] { return live("web").pid != first && live("web").state == ServiceState::well; }));
    EXPECT_EQ(::access(dir.path("web/finished").c_str(), F_OK), 0);

    // But not for ever.
    web.stop_grace_ms = 600;
    apply({web});
    ASSERT_TRUE(becomes("web", ServiceState::well));
    std::filesystem::remove(dir.path("web/go"));
    const pid_t second = live("web").pid;
    ::kill(second, SIGTERM);
    ASSERT_TRUE(eventually([&] { return live("web").pid != second && live("web").state == ServiceState::well; }));
    ASSERT_TRUE(write_file_atomic(dir.path("web/go"), "").ok());
}

TEST_F(SupervisorTest, GivesAServiceThatStartsSlowlyItsTime) {
    const auto port = fixture::free_port();
    Service slow = shell("slow", "sleep 2; exec memcached -u nobody -l 127.0.0.1 -p " + std::to_string(port));
    slow.health.kind = HealthCheck::Kind::tcp;
    slow.health.address = "127.0.0.1:" + std::to_string(port);
    slow.health.fall = 2;
    slow.health.kill_after_ms = 100;
    apply({slow});
    ASSERT_TRUE(eventually([&] { return live("slow").problem.find("refused") != std::string::npos; }));
    EXPECT_EQ(live("slow").state, ServiceState::starting);
    EXPECT_TRUE(becomes("slow", ServiceState::well));
    EXPECT_EQ(live("slow").restarts, 0);
}

TEST_F(SupervisorTest, StopsPolitelyAndThenNot) {
    Service polite = shell("polite", "trap 'echo bye > end; exit 0' TERM; touch up; while :; do sleep 0.05; done");
    Service deaf = shell("deaf", "trap '' TERM; touch up; while :; do sleep 0.05; done");
    deaf.stop_grace_ms = 300;
    apply({polite, deaf});
    ASSERT_TRUE(eventually([&] {
        return ::access(dir.path("polite/up").c_str(), F_OK) == 0 && ::access(dir.path("deaf/up").c_str(), F_OK) == 0;
    }));
    const pid_t deaf_pid = live("deaf").pid;
    apply({});
    ASSERT_TRUE(eventually([&] { return supervisor->live().empty(); }));
    EXPECT_EQ(text("polite/end"), "bye\n");
    EXPECT_EQ(::kill(deaf_pid, 0), -1);
    EXPECT_NE(::access(dir.path("deaf/pid").c_str(), F_OK), 0);
    apply({polite});
    EXPECT_TRUE(becomes("polite", ServiceState::well)) << "and it can be wanted again";
}

TEST_F(SupervisorTest, StopsAProcessThatIsStopped) {
    apply({shell("one", "exec sleep 1000")});
    ASSERT_TRUE(becomes("one", ServiceState::well));
    const pid_t pid = live("one").pid;
    ::kill(pid, SIGSTOP);
    apply({});
    EXPECT_TRUE(eventually([&] { return supervisor->live().empty(); }));
    EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(SupervisorTest, KillsWhatAServiceLeavesBehind) {
    apply({shell("one", "sleep 1000 & echo $! > child; wait")});
    ASSERT_TRUE(becomes("one", ServiceState::well));
    ASSERT_TRUE(eventually([&] { return !text("one/child").empty(); }));
    const pid_t child = std::stoi(text("one/child"));
    ::kill(live("one").pid, SIGKILL);
    EXPECT_TRUE(eventually([&] { return state_of(child) == 0 || state_of(child) == 'Z'; }));
}

TEST_F(SupervisorTest, RestartsForAnotherDefinitionAndOnlyThen) {
    Service service = shell("one", "exec sleep 1000");
    apply({service, shell("two", "exec sleep 1000")});
    ASSERT_TRUE(becomes("one", ServiceState::well));
    ASSERT_TRUE(becomes("two", ServiceState::well));
    const pid_t one = live("one").pid, two = live("two").pid;
    apply({shell("two", "exec sleep 1000"), service});
    std::this_thread::sleep_for(milliseconds(300));
    EXPECT_EQ(live("one").pid, one);
    EXPECT_EQ(supervisor->live()[0].name, "two") << "in the order of the list";
    service.files = {{"new.conf", "x", 0600, true}};
    apply({service, shell("two", "exec sleep 1000")});
    ASSERT_TRUE(eventually([&] { return live("one").pid != one && live("one").state == ServiceState::well; }));
    EXPECT_EQ(text("one/new.conf"), "x");
    EXPECT_EQ(live("two").pid, two);
    EXPECT_EQ(live("one").restarts, 0) << "that was no crash";
}

TEST_F(SupervisorTest, DoesWhatAComponentAsks) {
    apply({shell("one", "trap 'echo usr >> got' USR1; touch up; while :; do sleep 0.05; done")});
    ASSERT_TRUE(eventually([&] { return ::access(dir.path("one/up").c_str(), F_OK) == 0; }));
    ASSERT_TRUE(supervisor->signal("one", SIGUSR1).ok());
    EXPECT_TRUE(eventually([&] { return text("one/got") == "usr\n"; }));
    const pid_t first = live("one").pid;
    ASSERT_TRUE(supervisor->restart("one", "somebody asked").ok());
    ASSERT_TRUE(eventually([&] { return live("one").pid != first && live("one").state == ServiceState::well; }));
    EXPECT_EQ(live("one").restarts, 0);
    const pid_t second = live("one").pid;
    ASSERT_TRUE(supervisor->kill("one", "somebody asked").ok());
    ASSERT_TRUE(eventually([&] { return live("one").pid != second && live("one").state == ServiceState::well; }));
    EXPECT_EQ(live("one").restarts, 1);
    EXPECT_EQ(supervisor->signal("none", SIGUSR1).error().code, Errc::not_found);
}

TEST_F(SupervisorTest, AdoptsWhatAnEarlierOneStarted) {
    apply({shell("same", "exec sleep 1000"), shell("changed", "exec sleep 1000"), shell("gone", "exec sleep 1000")});
    for (const char* name : {"same", "changed", "gone"})
        ASSERT_TRUE(becomes(name, ServiceState::well));
    const pid_t same = live("same").pid, changed = live("changed").pid, gone = live("gone").pid;
    open();
    EXPECT_NE(state_of(same), 0);
    apply({shell("same", "exec sleep 1000"), shell("changed", "exec sleep 2000")});
    ASSERT_TRUE(becomes("same", ServiceState::well));
    EXPECT_EQ(live("same").pid, same);
    ASSERT_TRUE(
        eventually([&] { return live("changed").pid != changed && live("changed").state == ServiceState::well; }));
    EXPECT_TRUE(eventually([&] { return supervisor->live().size() == 2; }));
    EXPECT_TRUE(state_of(gone) == 0 || state_of(gone) == 'Z') << "nobody wants it";

    ::kill(same, SIGKILL);
    EXPECT_TRUE(eventually([&] { return live("same").pid != same && live("same").state == ServiceState::well; }))
        << "its end is seen, though it is not a child any more";
}

TEST_F(SupervisorTest, IsNotFooledByAnotherProcessWithTheOldNumber) {
    apply({shell("one", "exec sleep 1000")});
    ASSERT_TRUE(becomes("one", ServiceState::well));
    supervisor->stop_all();
    auto other = fixture::EngineProcess::start({{"sleep", "1000"}, dir.path()});
    ASSERT_TRUE(other.ok());
    ASSERT_TRUE(write_file_atomic(dir.path("one/pid"), std::to_string((*other)->pid()) + " 12345 boot\nhash\n").ok());
    open();
    apply({shell("one", "exec sleep 1000")});
    ASSERT_TRUE(becomes("one", ServiceState::well));
    EXPECT_TRUE((*other)->running());
    EXPECT_NE(live("one").pid, (*other)->pid());
}

TEST_F(SupervisorTest, PreparesOnceAndTriesAgainWhenThatFails) {
    Service service = shell("one", "exec sleep 1000");
    service.prepare = {{"sh", "-c", "echo s3cret; echo first >> prepared-by; test -e {{dir}}/../ready"},
                       {"sh", "-c", "echo second >> prepared-by"}};
    apply({service});
    ASSERT_TRUE(eventually([&] { return live("one").problem.find("ended with code 1") != std::string::npos; }));
    EXPECT_EQ(live("one").state, ServiceState::preparing);
    EXPECT_EQ(live("one").problem.find("s3cret"), std::string::npos) << "what it prints stays on the host";
    ASSERT_TRUE(write_file_atomic(dir.path("ready"), "").ok());
    ASSERT_TRUE(becomes("one", ServiceState::well));
    const std::string prepared = text("one/prepared-by");
    EXPECT_EQ(prepared.substr(prepared.size() - 13), "first\nsecond\n");
    ASSERT_TRUE(supervisor->kill("one", "test").ok());
    ASSERT_TRUE(eventually([&] { return live("one").restarts == 1 && live("one").state == ServiceState::well; }));
    EXPECT_EQ(text("one/prepared-by"), prepared) << "once";
}

TEST_F(SupervisorTest, BreaksAPreparationOffWhenSomethingElseIsWanted) {
    Service service = shell("one", "exec sleep 1000");
    service.prepare = {{"sleep", "1000"}};
    apply({service});
    ASSERT_TRUE(eventually([&] { return ::access(dir.path("one/pid").c_str(), F_OK) == 0; }));
    service.prepare = {{"true"}};
    apply({service});
    EXPECT_TRUE(becomes("one", ServiceState::well));
}

TEST_F(SupervisorTest, NamesASecretThatIsMissingAndStartsOnceItIsThere) {
    Service service = shell("one", "exec sleep 1000");
    service.files = {{"a", "{{secret:db-password}}", 0600, false}};
    apply({service});
    ASSERT_TRUE(eventually([&] { return live("one").problem.find("secret db-password") != std::string::npos; }))
        << live("one").problem;
    ASSERT_TRUE(write_file_atomic(secrets() + "/db-password", "x", 0600).ok());
    ASSERT_TRUE(becomes("one", ServiceState::well));
    service.files = {{"a", "{{secret:../../etc/passwd}}", 0600, false}};
    apply({service});
    EXPECT_TRUE(eventually([&] { return live("one").problem.find("no name of one") != std::string::npos; }));
    service.files = {{"pid", "1", 0600, false}};
    apply({service});
    EXPECT_TRUE(eventually([&] { return live("one").problem.find("agent's own") != std::string::npos; }));
}

TEST_F(SupervisorTest, ShowsAFileThatWasEditedByHand) {
    Service service = shell("one", "exec sleep 1000");
    service.files = {{"a.conf", "dir={{dir}}\n", 0644, true}, {"own.conf", "1", 0644, false}};
    apply({service});
    ASSERT_TRUE(becomes("one", ServiceState::well));
    const std::string right = config_hash(service);
    ASSERT_TRUE(eventually([&] { return live("one").config_hash == right; }));
    ASSERT_TRUE(write_file_atomic(dir.path("one/own.conf"), "2").ok());
    ASSERT_TRUE(write_file_atomic(dir.path("one/a.conf"), "dir=elsewhere\n").ok());
    ASSERT_TRUE(eventually([&] { return live("one").config_hash != right; }));
    open();
    apply({service});
    ASSERT_TRUE(becomes("one", ServiceState::well));
    EXPECT_TRUE(eventually([&] { return !live("one").config_hash.empty(); }));
    EXPECT_NE(live("one").config_hash, right) << "adopting it changes nothing on the disk";
    ASSERT_TRUE(supervisor->restart("one", "heal").ok());
    EXPECT_TRUE(eventually([&] { return live("one").config_hash == right; }));
    std::filesystem::remove(dir.path("one/a.conf"));
    EXPECT_TRUE(eventually([&] { return live("one").config_hash != right; }));
}

TEST_F(SupervisorTest, BoundsTheOutput) {
    apply({shell("one", "while :; do head -c 4000 /dev/zero | tr '\\0' x; echo; sleep 0.01; done")});
    ASSERT_TRUE(eventually([&] { return ::access(dir.path("one/output.log.1").c_str(), F_OK) == 0; }, 20'000));
    std::this_thread::sleep_for(milliseconds(2'500));
    apply({});
    ASSERT_TRUE(eventually([&] { return supervisor->live().empty(); }));
    EXPECT_LT(std::filesystem::file_size(dir.path("one/output.log")), 1'000'000u);
    EXPECT_LE(std::filesystem::file_size(dir.path("one/output.log.1")), 64u * 1024);
}

TEST_F(SupervisorTest, StopsAllAtOnce) {
    std::vector<Service> services;
    for (int i = 0; i < 5; ++i) {
        services.push_back(
            shell("s" + std::to_string(i), "trap 'sleep 1; exit 0' TERM; touch up; while :; do sleep 0.05; done"));
        services.back().stop_grace_ms = 10'000;
    }
    apply(services);
    for (const Service& service : services)
        ASSERT_TRUE(eventually([&] { return std::filesystem::exists(dir.path(service.name + "/up")); }));
    const auto start = steady_clock::now();
    supervisor->stop_all();
    EXPECT_LT(ms_since(start), 4'500) << "not one after the other";
    EXPECT_TRUE(supervisor->live().empty());
}

}  // namespace
}  // namespace stoa::cluster::node
