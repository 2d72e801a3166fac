// Test support: one member in a process of its own, so that a test can freeze and kill it as an agent.
//   database_test_member DIR NAME PORT ETCD[,ETCD…] NAME[,NAME…] TEST_PID
// Ends with its test: what it started is killed then.

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "cluster/database/member.hpp"
#include "cluster/database/testing/child_database.hpp"

using namespace stoa;
using namespace stoa::cluster;
using namespace stoa::cluster::database;

namespace {

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> out(1);
    for (const char c : text) {
        if (c == ',') {
            out.emplace_back();
        } else {
            out.back() += c;
        }
    }
    return out;
}

/// Outlives the member, not the test.
void leave_nothing_behind(const std::string& dir, pid_t test) {
    if (::fork() != 0) return;
    ::setsid();
    const int lock = ::open((dir + "/guard").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) ::_exit(0);
    while (::kill(test, 0) == 0)
        ::usleep(200'000);
    pid_t server = 0;
    std::string identity;
    std::ifstream(dir + "/pid") >> server >> identity;
    if (server > 0 && process_identity(server) == identity) ::kill(server, SIGKILL);
    ::_exit(0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) return 2;
    const std::string dir = argv[1];
    ::signal(SIGPIPE, SIG_IGN);
    leave_nothing_behind(dir, std::stoi(argv[6]));
    MemberOptions options;
    options.settings.name = argv[2];
    options.settings.address = std::string("127.0.0.1:") + argv[3];
    options.settings.members = split(argv[5]);
    options.etcd.endpoints = split(argv[4]);
    options.work_dir = dir;
    options.server.server = {dir + "/socket", 0};
    options.server.user = "root";
    options.server_log = dir + "/output.txt";
    options.accounts = {"only-for-this-test", "only-for-this-test"};
    options.reseed = {dir, "127.0.0.1", std::stoi(argv[3]) + 1};
    testing::ChildDatabase process(dir);
    MemberRuntime member(std::move(options), process);
    if (const auto started = member.start(); !started) {
        std::fprintf(stderr, "%s\n", started.error().message.c_str());
        return 1;
    }
    for (;;) {
        // A file "policy" beside the data sets it, as a service's does.
        std::string policy;
        std::ifstream(dir + "/policy") >> policy;
        member.set_policy(policy == "alarm");
        ::usleep(200'000);
    }
}
