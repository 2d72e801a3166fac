#pragma once
// Test support: a real engine (mariadbd, redis-server, memcached, …) as a child of the test, with a folder and ports of
// its own. Linked by tests only (TEST_DEPS stoa_base_testing).
//
//   fixture::TempDir dir;
//   const auto port = fixture::free_port();
//   auto redis = fixture::EngineProcess::start({{"redis-server", "--port", std::to_string(port)}, dir.path()});
//   ASSERT_TRUE(redis.ok());
//   ASSERT_TRUE((*redis)->wait_for_port(port).ok());
//
// One thread at a time per object. The kernel kills the child when the thread that started it ends, so that a crashed
// test leaves nothing behind: start engines from a thread that lives as long as they. (A child that changes its user
// escapes that; give mariadbd --user=root.) All waits have a deadline.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace stoa::fixture {

/// A new folder below TMPDIR (or /tmp), removed with everything in it at the end.
class TempDir {
  public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    const std::string& path() const { return path_; }
    std::string path(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

/// A TCP port of 127.0.0.1 that nobody used a moment ago, outside the range from which outgoing connections take
/// theirs; never the same twice in one process.
std::uint16_t free_port();

/// Asks every few ms; false when it was never true before the deadline.
bool eventually(const std::function<bool()>& is_true, int timeout_ms = 10'000);

/// Runs to its end and gives what it printed (both streams). Errors: timeout (it was killed), internal (exit code not
/// 0; the message holds the output).
Result<std::string> run_command(const std::vector<std::string>& argv, int timeout_ms = 30'000);

struct EngineCommand {
    std::vector<std::string> argv;  ///< argv[0] is looked for in PATH, /usr/sbin and /sbin
    std::string work_dir;           ///< current folder of the child; its output goes to "<output_name>" in there
    std::string output_name = "output.txt";
    std::vector<std::pair<std::string, std::string>> environment = {};  ///< on top of the test's own
};

class EngineProcess {
  public:
    /// Errors: not_found (no such program), internal. Does not wait until the engine answers.
    static Result<std::unique_ptr<EngineProcess>> start(EngineCommand command);
    /// kill -9.
    ~EngineProcess();
    EngineProcess(const EngineProcess&) = delete;
    EngineProcess& operator=(const EngineProcess&) = delete;

    pid_t pid() const { return pid_; }  ///< -1 when it is dead
    bool running();
    /// Of the last run: 128 + signal when one killed it, -1 while it runs.
    int exit_code() const { return exit_code_; }
    void send_signal(int signal);
    /// SIGSTOP, and SIGCONT: a hang, and its end. The first returns when no thread runs any more.
    void freeze();
    void thaw();
    /// SIGKILL, then waits for the end. Fine when it is dead already.
    void kill();
    /// SIGTERM, then SIGKILL after the deadline. Gives true when SIGTERM was enough.
    bool terminate(int timeout_ms = 10'000);
    /// Starts the same command again; kills it first when it still runs.
    Status restart();

    /// Until somebody accepts connections on 127.0.0.1:port. Errors: unavailable (the engine died), timeout; both hold
    /// the end of its output.
    Status wait_for_port(std::uint16_t port, int timeout_ms = 20'000);
    /// Until the function is true, giving up early when the engine dies. Errors as above.
    Status wait_until(const std::function<bool()>& is_true, int timeout_ms = 20'000);
    /// What it printed so far, over restarts; at most the last 64 KB.
    std::string output() const;
    const std::string& work_dir() const { return command_.work_dir; }

  private:
    explicit EngineProcess(EngineCommand command) : command_(std::move(command)) {}
    Status spawn();

    EngineCommand command_;
    pid_t pid_ = -1;
    int exit_code_ = -1;
};

}  // namespace stoa::fixture
