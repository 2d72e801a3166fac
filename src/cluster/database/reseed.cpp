#include "cluster/database/reseed.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

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

/// The giver's server number before and after the backup; last in the stream, so a copy without it is cut short.
constexpr const char* kGiverFile = "stoa_giver";

struct Info {
    Position position;
    std::string number;  ///< of the server that wrote the last change
};

/// Where the giver's log of changes ended while commits were blocked.
Result<Info> info_of(const std::string& dir) {
    for (const char* name : {"mariadb_backup_binlog_info", "xtrabackup_binlog_info"}) {
        const auto info = read_file(dir + "/" + name, kInfoBytesMax);
        if (!info) continue;
        const auto tab = info->rfind('\t');
        if (tab == std::string::npos) continue;
        const Position position(info->substr(tab + 1));
        if (position.empty()) continue;
        const auto& text = position.text();
        const auto first = text.find('-');
        const auto second = text.find('-', first + 1);
        if (second == std::string::npos) continue;
        return Info{position, text.substr(first + 1, second - first - 1)};
    }
    return internal_error("The copy does not say where it stands.");
}

/// Where the copy stands; nothing when its own mysql.gtid_slave_pos says it. Commits are blocked while the position is
/// read, but only those of clients: a replica's parallel appliers get through (seen with 10.11.19: the copy had up to
/// three changes more than its information file said). Theirs write the position with the change. A leader's table is
/// as old as its leadership; its clients are blocked.
Result<Position> position_of(const std::string& dir) {
    const auto giver = read_file(dir + "/" + kGiverFile, kInfoBytesMax);
    if (!giver) return Error{Errc::unavailable, "The copy was cut short."};
    std::error_code ignored;
    fs::remove(dir + "/" + kGiverFile, ignored);
    std::istringstream numbers(*giver);
    std::string before, after;
    numbers >> before >> after;
    if (before.empty() || before != after) {
        return Error{Errc::unavailable, "The giver's role changed while it gave its copy."};
    }
    STOA_TRY(const auto info, info_of(dir));
    return info.number == before ? info.position : Position();
}

/// Rolls back what the copy holds between its two phases of commit: a replica's changes that are not in its position
/// yet (the new server receives them again). Without it, a server that has no log of changes refuses to start. The
/// server ends by itself, as an error, when that is done.
/// https://mariadb.com/kb/en/mariadbd-options/#-tc-heuristic-recover
Status settle(const std::string& dir, const ReseedOptions& options, const std::function<bool()>& stopping) {
    const std::string scratch = options.dir + "/copy-settle";
    const std::string output = options.dir + "/settle.log";
    std::error_code error;
    fs::remove_all(scratch, error);
    STOA_CHECK(make_dir(scratch, 0700));
    const auto ended =
        run("mariadbd --defaults-file=\"$1/backup-my.cnf\" --user=\"$(id -un)\" --datadir=\"$1\" --tmpdir=\"$2\" "
            "--socket=\"$2/socket\" --pid-file=\"$2/pid\" --log-bin=\"$2/bin\" --skip-networking "
            "--innodb-buffer-pool-load-at-startup=0 --tc-heuristic-recover=ROLLBACK",
            {dir, scratch}, output, options.timeout_s, stopping);
    fs::remove_all(scratch, error);
    if (!ended && ended.error().code == Errc::timeout) return ended;
    const auto said = read_file(output, kOutputBytesMax);
    if (said && said->find("restart without --tc-heuristic-recover") != std::string::npos) return {};
    return internal_error("The copy cannot be settled: " + last_line(output));
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
    STOA_CHECK(settle(fresh, options, stopping));
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
        "number() { mariadb --no-defaults --user=root --socket=\"$1/socket\" -BN -e 'SELECT @@global.server_id'; }; "
        "give() { before=$(number \"$1\") && "
        "mariabackup --no-defaults --backup --stream=mbstream --user=root --socket=\"$1/socket\" --datadir=\"$1/data\" "
        "--target-dir=\"$2\" && after=$(number \"$1\") && echo \"$before $after\" >\"$2/$4\" && cd \"$2\" && "
        "mbstream -c \"$4\"; }; "
        "give \"$@\" | socat -u STDIN \"TCP:$3,retry=20,interval=0.25\"",
        {options.dir, scratch, to, kGiverFile}, options.dir + "/send.log", options.timeout_s, stopping);
}

}  // namespace stoa::cluster::database
