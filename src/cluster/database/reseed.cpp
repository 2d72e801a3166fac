#include "cluster/database/reseed.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/file_util.hpp"
#include "base/log.hpp"
#include "base/random.hpp"

namespace stoa::cluster::database {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kInfoBytesMax = 4'096;
constexpr std::size_t kOutputBytesMax = 64 * 1024 * 1024;

std::string last_line(const std::string& path) {
    auto text = read_file(path, kOutputBytesMax);
    if (!text) return {};
    while (text->ends_with('\n'))
        text->pop_back();
    const auto at = text->rfind('\n');
    return text->substr(at == std::string::npos ? 0 : at + 1).substr(0, 300);
}

/// A pipeline of bash in a process group of its own; fails when any part does. Values come as its arguments.
Status run(const std::string& script, std::vector<std::string> arguments, const std::string& output, int timeout_s,
           const std::function<bool()>& stopping) {
    std::vector<std::string> texts{"bash", "-c", "set -o pipefail; PATH=$PATH:/usr/sbin:/sbin; " + script, "copy"};
    for (auto& argument : arguments)
        texts.push_back(std::move(argument));
    std::vector<char*> argv;
    for (auto& text : texts)
        argv.push_back(text.data());
    argv.push_back(nullptr);
    const Fd out(::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const Fd in(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!out) return internal_error("Cannot write " + output + ": " + std::strerror(errno));
    const pid_t child = ::fork();
    if (child < 0) return internal_error(std::string("fork: ") + std::strerror(errno));
    if (child == 0) {
        ::setpgid(0, 0);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::dup2(in.get(), 0);
        ::dup2(out.get(), 1);
        ::dup2(out.get(), 2);
        ::execv("/bin/bash", argv.data());
        ::_exit(127);
    }
    const auto deadline = system_clock().monotonic_us() + timeout_s * 1'000'000LL;
    for (;;) {
        int status = 0;
        const pid_t ended = ::waitpid(child, &status, WNOHANG);
        if (ended == child) {
            if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
            return internal_error("The copy broke off: " + last_line(output));
        }
        if (stopping() || system_clock().monotonic_us() >= deadline) {
            ::kill(-child, SIGKILL);
            ::waitpid(child, nullptr, 0);
            return Error{Errc::timeout, "The copy did not end in time: " + last_line(output)};
        }
        ::usleep(20'000);
    }
}

/// Where the copy stands: the end of its giver's log while commits were blocked. (What --slave-info writes for a
/// replica is older than the data by then.)
Result<Position> position_of(const std::string& dir) {
    for (const char* name : {"mariadb_backup_binlog_info", "xtrabackup_binlog_info"}) {
        const auto info = read_file(dir + "/" + name, kInfoBytesMax);
        if (!info) continue;
        const auto tab = info->rfind('\t');
        if (tab == std::string::npos) continue;
        Position position(info->substr(tab + 1));
        if (!position.empty()) return position;
    }
    return internal_error("The copy does not say where it stands.");
}

}  // namespace

Result<Position> fetch_copy(const ReseedOptions& options, etcd::Client& etcd, const DatabaseKeys& keys,
                            const std::string& member, const std::string& from, const std::function<bool()>& stopping) {
    const std::string fresh = options.dir + "/data.new";
    const std::string old = options.dir + "/data.old";
    std::error_code error;
    fs::remove_all(fresh, error);
    STOA_CHECK(make_dir(fresh, 0700));
    const std::string to = options.address + ":" + std::to_string(options.port);
    const Copy copy{random_alnum(12), from, to};
    STOA_CHECK(etcd.put(keys.copy(member), to_json(copy)));
    // Nobody sends within a minute: the giver's agent is not there.
    const auto received = run(
        "socat -u \"TCP-LISTEN:$2,bind=$1,reuseaddr,accept-timeout=60\" STDOUT | "
        "mbstream -x -C \"$3\"",
        {options.address, std::to_string(options.port), fresh}, options.dir + "/copy.log", options.timeout_s, stopping);
    (void)etcd.remove(keys.copy(member));
    STOA_CHECK(received);
    if (fs::is_empty(fresh, error)) return Error{Errc::unavailable, from + " sent nothing."};
    STOA_CHECK(run("mariabackup --no-defaults --prepare --target-dir=\"$1\"", {fresh}, options.dir + "/prepare.log",
                   options.timeout_s, stopping));
    STOA_TRY(auto position, position_of(fresh));
    fs::remove_all(old, error);
    fs::rename(options.dir + "/data", old, error);
    if (error) return internal_error("The old data cannot be moved away: " + error.message());
    fs::rename(fresh, options.dir + "/data", error);
    if (error) return internal_error("The copy cannot be moved into its place: " + error.message());
    return position;
}

Status send_copy(const ReseedOptions& options, const std::string& to, const std::function<bool()>& stopping) {
    const std::string scratch = options.dir + "/copy-scratch";
    std::error_code error;
    fs::remove_all(scratch, error);
    STOA_CHECK(make_dir(scratch, 0700));
    return run(
        "mariabackup --no-defaults --backup --stream=mbstream --user=root --socket=\"$1/socket\" "
        "--datadir=\"$1/data\" --target-dir=\"$2\" | socat -u STDIN \"TCP:$3,retry=20,interval=0.25\"",
        {options.dir, scratch, to}, options.dir + "/send.log", options.timeout_s, stopping);
}

}  // namespace stoa::cluster::database
