#include "base/testing/engine_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

#include "base/fd.hpp"

namespace stoa::fixture {

namespace {

constexpr int kPollMs = 5;
constexpr std::size_t kOutputBytesMax = 64 * 1024;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

bool can_bind(std::uint16_t port) {
    const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;  // connections of an earlier engine that linger in TIME_WAIT do not matter
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in address = loopback(port);
    return ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 && ::listen(fd.get(), 1) == 0;
}

bool can_connect(std::uint16_t port) {
    const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(port);
    return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
}

std::string find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
    const char* path = ::getenv("PATH");
    std::string folders = std::string(path ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin";
    std::size_t begin = 0;
    while (begin <= folders.size()) {
        const std::size_t end = std::min(folders.find(':', begin), folders.size());
        std::string candidate = folders.substr(begin, end - begin) + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
        begin = end + 1;
    }
    return "";
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

std::vector<std::string> merged_environment(const std::vector<std::pair<std::string, std::string>>& more) {
    std::vector<std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        bool replaced = false;
        for (const auto& [name, value] : more)
            replaced = replaced || text.starts_with(name + "=");
        if (!replaced) out.emplace_back(text);
    }
    for (const auto& [name, value] : more)
        out.push_back(name + "=" + value);
    return out;
}

/// Threads go on for a moment after kill() has returned.
bool all_threads_stopped(pid_t pid) {
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
        std::ifstream file(task.path() / "stat");
        const std::string stat((std::istreambuf_iterator<char>(file)), {});
        const auto name_end = stat.rfind(") ");
        if (name_end != stat.npos && stat.compare(name_end + 2, 1, "T") != 0) return false;
    }
    return true;
}

}  // namespace

TempDir::TempDir() {
    const char* base = ::getenv("TMPDIR");
    std::string pattern = std::string(base != nullptr ? base : "/tmp") + "/stoa-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::system_error(errno, std::generic_category(), "mkdtemp " + pattern);
    }
    path_ = pattern;
}

TempDir::~TempDir() {
    std::error_code ignored;  // an engine that was just killed may leave nothing that matters
    std::filesystem::remove_all(path_, ignored);
}

std::uint16_t free_port() {
    static std::mutex mutex;
    static std::mt19937 random{std::random_device{}()};
    static std::set<std::uint16_t> given;
    const std::lock_guard lock(mutex);
    for (int i = 0; i < 10'000; ++i) {
        const auto port = static_cast<std::uint16_t>(std::uniform_int_distribution<int>(15'000, 31'999)(random));
        if (can_bind(port) && given.insert(port).second) return port;
    }
    throw std::runtime_error("no free TCP port from 15000 to 31999");
}

bool eventually(const std::function<bool()>& is_true, int timeout_ms) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    while (true) {
        if (is_true()) return true;
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(kPollMs));
    }
}

Result<std::string> run_command(const std::vector<std::string>& argv, int timeout_ms) {
    const TempDir dir;
    STOA_TRY(const auto process, EngineProcess::start({argv, dir.path()}));
    if (!eventually([&] { return !process->running(); }, timeout_ms)) {
        process->kill();
        return Error{Errc::timeout, argv[0] + " did not end in time:\n" + process->output()};
    }
    if (process->exit_code() != 0) {
        return internal_error(argv[0] + " ended with " + std::to_string(process->exit_code()) + ":\n" +
                              process->output());
    }
    return process->output();
}

Result<std::unique_ptr<EngineProcess>> EngineProcess::start(EngineCommand command) {
    std::unique_ptr<EngineProcess> process(new EngineProcess(std::move(command)));
    STOA_CHECK(process->spawn());
    return process;
}

EngineProcess::~EngineProcess() {
    kill();
}

Status EngineProcess::spawn() {
    if (command_.argv.empty()) return invalid("No program given.", "argv");
    // Everything that allocates comes before fork(): the test has threads.
    const std::string program = find_program(command_.argv[0]);
    if (program.empty()) return not_found("There is no program " + command_.argv[0] + ". Run scripts/install-deps.");
    std::vector<std::string> arguments = command_.argv;
    const std::vector<char*> argv = pointers(arguments);
    std::vector<std::string> variables = merged_environment(command_.environment);
    const std::vector<char*> env = pointers(variables);
    const std::string output = command_.work_dir + "/" + command_.output_name;
    const Fd out(::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!out) return internal_error("Cannot write " + output + ": " + std::strerror(errno));
    const Fd in(::open("/dev/null", O_RDONLY | O_CLOEXEC));

    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return internal_error(std::string("fork: ") + std::strerror(errno));
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);  // it died before prctl()
        ::setpgid(0, 0);                          // Ctrl+C is for the test, which stops its engines itself
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::dup2(in.get(), 0);
        ::dup2(out.get(), 1);
        ::dup2(out.get(), 2);
        if (::chdir(command_.work_dir.c_str()) == 0) ::execve(program.c_str(), argv.data(), env.data());
        ::_exit(127);
    }
    pid_ = child;
    exit_code_ = -1;
    return {};
}

bool EngineProcess::running() {
    if (pid_ <= 0) return false;
    int status = 0;
    const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) return true;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
    return false;
}

void EngineProcess::send_signal(int signal) {
    if (pid_ > 0) ::kill(pid_, signal);
}

void EngineProcess::freeze() {
    send_signal(SIGSTOP);
    eventually([this] { return all_threads_stopped(pid_); }, 5'000);
}

void EngineProcess::thaw() {
    send_signal(SIGCONT);
}

void EngineProcess::kill() {
    if (!running()) return;
    send_signal(SIGKILL);
    eventually([this] { return !running(); }, 30'000);
}

bool EngineProcess::terminate(int timeout_ms) {
    if (!running()) return true;
    send_signal(SIGTERM);
    send_signal(SIGCONT);  // a frozen one would never see it
    if (eventually([this] { return !running(); }, timeout_ms)) return true;
    kill();
    return false;
}

Status EngineProcess::restart() {
    kill();
    return spawn();
}

Status EngineProcess::wait_for_port(std::uint16_t port, int timeout_ms) {
    return wait_until([port] { return can_connect(port); }, timeout_ms);
}

Status EngineProcess::wait_until(const std::function<bool()>& is_true, int timeout_ms) {
    bool done = false;
    const bool ended = eventually([&] { return (done = is_true()) || !running(); }, timeout_ms);
    if (done) return {};
    const std::string& name = command_.argv[0];
    if (ended) {
        return Error{Errc::unavailable,
                     name + " died with " + std::to_string(exit_code_) + ". It printed:\n" + output()};
    }
    return Error{Errc::timeout, name + " was not ready in time. It printed:\n" + output()};
}

std::string EngineProcess::output() const {
    std::ifstream file(command_.work_dir + "/" + command_.output_name, std::ios::binary | std::ios::ate);
    if (!file) return "";
    const auto bytes = static_cast<std::size_t>(file.tellg());
    const std::size_t wanted = std::min(bytes, kOutputBytesMax);
    file.seekg(static_cast<std::streamoff>(bytes - wanted));
    std::string text(wanted, '\0');
    file.read(text.data(), static_cast<std::streamsize>(wanted));
    return text;
}

}  // namespace stoa::fixture
