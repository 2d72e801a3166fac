#include "cluster/lab/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/clock.hpp"
#include "base/fd.hpp"

namespace stoa::cluster::lab {
namespace {

constexpr std::size_t kOutputBytesMax = 4 * 1024 * 1024;

struct Prepared {
    std::string program;
    std::vector<char*> argv;
    Fd name_space;
};

Result<Prepared> prepare(const Command& command) {
    Prepared prepared;
    prepared.program = find_program(command.argv.front());
    if (prepared.program.empty()) return not_found("The program " + command.argv.front() + " is missing.");
    for (const std::string& word : command.argv)
        prepared.argv.push_back(const_cast<char*>(word.c_str()));  // NOLINT: execv takes them so and leaves them
    prepared.argv.push_back(nullptr);
    if (!command.name_space.empty()) {
        prepared.name_space = Fd(::open(("/run/netns/" + command.name_space).c_str(), O_RDONLY | O_CLOEXEC));
        if (!prepared.name_space) return not_found("The namespace " + command.name_space + " is not there.");
    }
    return prepared;
}

/// After fork(): only calls that are safe there.
[[noreturn]] void become(const Prepared& prepared, int in, int out, int err) {
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::dup2(err, 2);
    if (prepared.name_space && ::setns(prepared.name_space.get(), CLONE_NEWNET) != 0) ::_exit(126);
    ::close_range(3, ~0U, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::execv(prepared.program.c_str(), prepared.argv.data());
    ::_exit(127);
}

struct Pipe {
    Fd read, write;
};
Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return internal_error(std::string("No pipe: ") + std::strerror(errno));
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

/// Feeds and reads until the child has closed its ends. False when the time was over.
bool exchange(const Command& command, Pipe& in, Pipe& out, Pipe& err, Output& output) {
    const std::int64_t deadline = system_clock().monotonic_us() + std::int64_t{command.timeout_ms} * 1000;
    std::size_t sent = 0;
    if (command.input.empty()) in.write.reset();
    ::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
    while (out.read || err.read) {
        const std::int64_t left_ms = (deadline - system_clock().monotonic_us()) / 1000;
        if (left_ms <= 0) return false;
        pollfd fds[3] = {{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}, {in.write.get(), POLLOUT, 0}};
        if (::poll(fds, 3, static_cast<int>(left_ms)) < 0 && errno != EINTR) return false;
        const auto take = [](pollfd& fd, Fd& from, std::string& to) {
            if (!from || fd.revents == 0) return;
            char buffer[16 * 1024];
            const ssize_t got = ::read(from.get(), buffer, sizeof buffer);
            if (got > 0 && to.size() < kOutputBytesMax) to.append(buffer, static_cast<std::size_t>(got));
            if (got == 0 || (got < 0 && errno != EINTR)) from.reset();
        };
        take(fds[0], out.read, output.out);
        take(fds[1], err.read, output.err);
        if (in.write && fds[2].revents != 0) {
            const ssize_t put = ::write(in.write.get(), command.input.data() + sent, command.input.size() - sent);
            if (put > 0) sent += static_cast<std::size_t>(put);
            if ((put < 0 && errno != EINTR && errno != EAGAIN) || sent == command.input.size()) in.write.reset();
        }
    }
    return true;
}

std::string last_line(const std::string& text) {
    const auto end = text.find_last_not_of(" \n\r\t");
    if (end == std::string::npos) return {};
    const auto begin = text.rfind('\n', end);
    return text.substr(begin == std::string::npos ? 0 : begin + 1,
                       end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

}  // namespace

std::string find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : std::string();
    const char* path = ::getenv("PATH");
    std::string folders = std::string(path ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin";
    for (std::size_t begin = 0; begin < folders.size();) {
        const auto end = std::min(folders.find(':', begin), folders.size());
        const std::string file = folders.substr(begin, end - begin) + "/" + name;
        if (::access(file.c_str(), X_OK) == 0) return file;
        begin = end + 1;
    }
    return {};
}

Result<Output> run(const Command& command) {
    STOA_TRY(Prepared prepared, prepare(command));
    STOA_TRY(Pipe in, make_pipe());
    STOA_TRY(Pipe out, make_pipe());
    STOA_TRY(Pipe err, make_pipe());
    const pid_t pid = ::fork();
    if (pid < 0) return internal_error(std::string("Cannot start a process: ") + std::strerror(errno));
    if (pid == 0) become(prepared, in.read.get(), out.write.get(), err.write.get());
    in.read.reset();
    out.write.reset();
    err.write.reset();
    ::signal(SIGPIPE, SIG_IGN);  // its end may close while we write
    Output output;
    const bool in_time = exchange(command, in, out, err, output);
    if (!in_time) ::kill(pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!in_time)
        return Error{Errc::timeout,
                     command.argv.front() + " did not end within " + std::to_string(command.timeout_ms) + " ms."};
    output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return output;
}

Result<std::string> run_well(const Command& command) {
    STOA_TRY(Output output, run(command));
    if (output.exit_code == 0) return std::move(output.out);
    std::string said = last_line(output.err);
    if (said.empty()) said = last_line(output.out);
    return internal_error(command.argv.front() + " failed (" + std::to_string(output.exit_code) + "): " + said);
}

Result<pid_t> launch(const Command& command, const std::string& output_file) {
    STOA_TRY(const Prepared prepared, prepare(command));
    const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const Fd log(::open(output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!null || !log) return internal_error("Cannot write " + output_file + ": " + std::strerror(errno));
    STOA_TRY(Pipe told, make_pipe());
    const pid_t pid = ::fork();
    if (pid < 0) return internal_error(std::string("Cannot start a process: ") + std::strerror(errno));
    if (pid == 0) {
        // Through a child that ends at once, so that nobody has to bury the program.
        ::setsid();
        const pid_t program = ::fork();
        if (program == 0) become(prepared, null.get(), log.get(), log.get());
        if (::write(told.write.get(), &program, sizeof program) != sizeof program) ::_exit(1);
        ::_exit(0);
    }
    told.write.reset();
    pid_t program = -1;
    const ssize_t got = ::read(told.read.get(), &program, sizeof program);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (got != sizeof program || program < 0) return internal_error("Cannot start " + command.argv.front() + ".");
    return program;
}

}  // namespace stoa::cluster::lab
