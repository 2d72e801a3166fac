#include "cluster/node/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>
#include <sstream>

#include "base/file_util.hpp"

namespace stoa::cluster::node {
namespace {

constexpr std::size_t kProcBytesMax = 64 * 1024;
constexpr int kCannotRun = 127;

std::string find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
    const char* path = ::getenv("PATH");
    std::istringstream folders(std::string(path ? path : "/usr/local/bin:/usr/bin:/bin") +
                               ":/usr/local/sbin:/usr/sbin:/sbin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::string candidate = folder + "/" + name;
        if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return "";
}

std::vector<std::string> merged(const Environment& more) {
    std::vector<std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const bool replaced =
            std::any_of(more.begin(), more.end(), [&](const auto& pair) { return text.starts_with(pair.first + "="); });
        if (!replaced) out.emplace_back(text);
    }
    for (const auto& [name, value] : more)
        out.push_back(name + "=" + value);
    return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

// glibc 2.36 declares these for C only.
int open_pidfd(pid_t pid) {
    return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U));
}

struct Pipe {
    Fd read, write;
    Pipe() {
        std::array<int, 2> ends{-1, -1};
        if (::pipe2(ends.data(), O_CLOEXEC) == 0) read.reset(ends[0]), write.reset(ends[1]);
    }
};

struct Child {
    const char* program;
    char* const* argv;
    char* const* environment;
    const char* work_dir;
    int input, output, gate, trouble;
};

/// After fork() in a program with threads: nothing here may allocate or lock.
[[noreturn]] void become(const Child& child) {
    ::setsid();
    for (int signal = 1; signal < NSIG; ++signal)
        ::signal(signal, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // The agent may be one of the last that the kernel kills for memory; what it runs is not.
    if (const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); score >= 0) {
        (void)!::write(score, "0", 1);
        ::close(score);
    }
    ::dup2(child.input, 0);
    ::dup2(child.output, 1);
    ::dup2(child.output, 2);
    ::close_range(3, std::numeric_limits<unsigned>::max(), CLOSE_RANGE_CLOEXEC);
    char go = 0;
    // Who started us has died before it wrote us down: nobody would know of us.
    if (::read(child.gate, &go, 1) != 1) ::_exit(kCannotRun);
    if (::chdir(child.work_dir) == 0) ::execve(child.program, child.argv, child.environment);
    const int error = errno;
    (void)!::write(child.trouble, &error, sizeof error);
    ::_exit(kCannotRun);
}

/// Fields of /proc/PID/stat from the third on ("state"); the second holds spaces.
std::vector<std::string> stat_fields(pid_t pid) {
    std::vector<std::string> out;
    const auto text = read_file("/proc/" + std::to_string(pid) + "/stat", kProcBytesMax);
    if (!text) return out;
    const std::size_t end = text->rfind(')');
    if (end == text->npos) return out;
    std::istringstream fields(text->substr(end + 1));
    for (std::string field; fields >> field;)
        out.push_back(field);
    return out;
}

const std::string& boot_id() {
    static const std::string id = [] {
        std::string text = read_file("/proc/sys/kernel/random/boot_id", 64).value_or("");
        while (!text.empty() && text.back() == '\n')
            text.pop_back();
        return text;
    }();
    return id;
}

}  // namespace

std::string identity_of(pid_t pid) {
    constexpr std::size_t kState = 0, kStart = 19;
    const std::vector<std::string> fields = stat_fields(pid);
    if (fields.size() <= kStart || fields[kState] == "Z" || fields[kState] == "X") return "";
    return std::to_string(pid) + " " + fields[kStart] + " " + boot_id();
}

char state_of(pid_t pid) {
    const std::vector<std::string> fields = stat_fields(pid);
    return fields.empty() ? '\0' : fields[0][0];
}

Result<Process> Process::launch(const Launch& launch) {
    // Everything that allocates comes before fork().
    const std::string program = find_program(launch.argv.at(0));
    if (program.empty()) return not_found("there is no program " + launch.argv[0]);
    std::vector<std::string> arguments = launch.argv;
    const std::vector<char*> argv = pointers(arguments);
    std::vector<std::string> variables = merged(launch.environment);
    const std::vector<char*> environment = pointers(variables);
    const Fd input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const Fd output(::open(launch.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    if (!output) return internal_error("cannot write " + launch.output + ": " + std::strerror(errno));
    Pipe gate, trouble;
    if (!gate.write || !trouble.write) return internal_error(std::string("pipe: ") + std::strerror(errno));

    const Child child{program.c_str(), argv.data(),  environment.data(), launch.work_dir.c_str(),
                      input.get(),     output.get(), gate.read.get(),    trouble.write.get()};
    const pid_t pid = ::fork();
    if (pid < 0) return internal_error(std::string("fork: ") + std::strerror(errno));
    if (pid == 0) {
        ::close(gate.write.get());  // or it would wait for itself
        become(child);
    }
    gate.read.reset();
    trouble.write.reset();
    Process process(pid, Fd(open_pidfd(pid)), true);
    Status noted = launch.note ? launch.note(pid) : ok_status();
    if (!process.pidfd_ && noted) noted = internal_error(std::string("pidfd_open: ") + std::strerror(errno));
    if (noted) (void)!::write(gate.write.get(), "g", 1);
    gate.write.reset();
    int error = 0;
    const ssize_t got = ::read(trouble.read.get(), &error, sizeof error);  // ends when it has begun, or cannot
    if (noted && got <= 0) return process;
    ::waitpid(pid, nullptr, 0);
    if (!noted) return noted.error();
    return internal_error("cannot start " + program + " in " + launch.work_dir + ": " + std::strerror(error));
}

std::optional<Process> Process::find(std::string_view identity) {
    pid_t pid = 0;
    std::from_chars(identity.data(), identity.data() + identity.size(), pid);
    if (pid <= 0) return std::nullopt;
    Fd pidfd(open_pidfd(pid));
    // Looked at after it was opened: the descriptor is of the process that has this identity.
    if (!pidfd || identity_of(pid) != identity) return std::nullopt;
    return Process(pid, std::move(pidfd), false);
}

bool Process::ended() const {
    return wait_readable(pidfd_.get(), -1, 0);
}

void Process::signal(int signal) const {
    ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0U);
}

void Process::kill_group() const {
    // Of one that is not our child the number may be given to a stranger, with a group of its own, once it has ended
    // and its group is empty; while the group lives, the number is not given away.
    const bool stranger = !child_ && ended() && state_of(pid_) != '\0';
    if (!stranger) ::kill(-pid_, SIGKILL);
    signal(SIGKILL);
}

std::string Process::reap() {
    int status = 0;
    pid_t got = -1;
    while (child_ && (got = ::waitpid(pid_, &status, 0)) < 0 && errno == EINTR) {
    }
    if (got != pid_) return "ended";  // not our child, so its code went to another
    if (WIFSIGNALED(status)) return "was killed by signal " + std::to_string(WTERMSIG(status));
    return "ended with code " + std::to_string(WEXITSTATUS(status));
}

bool wait_readable(int first, int second, std::int64_t timeout_ms) {
    std::array<pollfd, 2> fds{{{first, POLLIN, 0}, {second, POLLIN, 0}}};
    const auto limit = std::clamp<std::int64_t>(timeout_ms, 0, std::numeric_limits<int>::max());
    return ::poll(fds.data(), fds.size(), static_cast<int>(limit)) > 0;
}

}  // namespace stoa::cluster::node
