#include "cluster/database/watchdog.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace stoa::cluster::database {

struct Watchdog::Shared {
    std::atomic<std::int64_t> until_us;
    std::atomic<std::uint64_t> server_start;  ///< tells it from a later process with the same number
    std::atomic<std::int32_t> server;
    std::atomic<std::int32_t> agent;
    std::atomic<std::int32_t> process;
    std::atomic<std::int64_t> epoch;
};

namespace {

constexpr int kTickMs = 10;

std::int64_t monotonic_us() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000;
}

/// When the process began, in ticks since the boot (field 22 of /proc/PID/stat); 0 when there is none. System calls
/// only.
std::uint64_t start_of(pid_t pid) {
    if (pid <= 0) return 0;
    char path[32] = "/proc/";
    char digits[12];
    int count = 0;
    for (pid_t left = pid; left > 0; left /= 10)
        digits[count++] = static_cast<char>('0' + left % 10);
    std::size_t at = 6;
    while (count > 0)
        path[at++] = digits[--count];
    std::memcpy(path + at, "/stat", 6);
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[1024];
    const ssize_t size = ::read(file, text, sizeof(text));
    ::close(file);
    ssize_t i = size - 1;
    while (i > 0 && text[i] != ')')  // the second field may hold anything
        --i;
    std::uint64_t value = 0;
    for (int field = 2; i > 0 && i < size && field <= 22; ++i) {
        if (text[i] == ' ') {
            ++field;
        } else if (field == 22 && text[i] >= '0' && text[i] <= '9') {
            value = value * 10 + static_cast<std::uint64_t>(text[i] - '0');
        }
    }
    return value;
}

/// One of another user's is none.
Fd open_in_memory(const std::string& path, std::string& place) {
    place = Watchdog::memory_file(path);
    Fd file(::open(place.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    struct stat about {};
    const bool own = file && ::fstat(file.get(), &about) == 0 && about.st_uid == ::geteuid() && S_ISREG(about.st_mode);
    return own ? std::move(file) : Fd();
}

bool alive(pid_t pid) {
    return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

char* put_number(char* at, std::int64_t number) {
    char digits[20];
    int count = 0;
    do {
        digits[count++] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

/// A line of the timeline, after the fact: its disk may stall.
void tell_closed(const char* timeline, std::int64_t at_us, std::int64_t epoch) {
    char line[64];
    char* end = put_number(line, at_us);
    std::memcpy(end, " closed ", 8);
    end = put_number(end + 8, epoch);
    *end++ = '\n';
    const int file = ::open(timeline, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return;
    [[maybe_unused]] const auto written = ::write(file, line, static_cast<std::size_t>(end - line));
    ::close(file);
}

/// In the child of a program with threads: system calls only. `lock` is held until it ends.
template <class Shared>
[[noreturn]] void guard(Shared& shared, int lock, int slack_ms, const char* path, const char* timeline) {
    ::setsid();
    ::prctl(PR_SET_NAME, "stoa-db-watch");
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
        ::signal(signal, SIG_IGN);
    ::dup2(lock, 3);
    ::syscall(SYS_close_range, 4U, ~0U, 0U);
    ::close(0);
    ::close(1);
    ::close(2);
    shared.process = ::getpid();
    for (;;) {
        const std::int64_t until = shared.until_us.load();
        const pid_t server = shared.server.load();
        if (server > 0 && until > 0 && monotonic_us() > until + slack_ms * 1'000LL) {
            const bool killed = start_of(server) == shared.server_start.load() && ::kill(server, SIGKILL) == 0;
            const std::int64_t at_us = monotonic_us();
            std::int64_t expected = until;
            shared.until_us.compare_exchange_strong(expected, 0);
            if (killed && timeline[0] != '\0') tell_closed(timeline, at_us, shared.epoch.load());
        }
        const bool armed = shared.server.load() > 0 && shared.until_us.load() > 0;
        if (!armed && !alive(shared.agent.load())) {
            ::unlink(path);
            ::_exit(0);
        }
        const timespec pause{0, kTickMs * 1'000'000L};
        ::nanosleep(&pause, nullptr);
    }
}

}  // namespace

std::string Watchdog::memory_file(const std::string& path) {
    std::uint64_t hash = 14'695'981'039'346'656'037ULL;  // FNV-1a
    for (const char c : path)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
    char name[17];
    std::snprintf(name, sizeof(name), "%016llx", static_cast<unsigned long long>(hash));
    return std::string("/dev/shm/stoa-watchdog-") + name;
}

Watchdog::Watchdog(std::string path, int slack_ms, std::string timeline)
    : path_(std::move(path)), slack_ms_(slack_ms), timeline_(std::move(timeline)) {}

Watchdog::~Watchdog() {
    if (shared_ != nullptr) ::munmap(shared_, sizeof(Shared));
}

Status Watchdog::start() {
    std::string place;
    file_ = open_in_memory(path_, place);
    if (file_) {
        path_ = place;
    } else {
        file_ = Fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    }
    if (!file_ || ::ftruncate(file_.get(), sizeof(Shared)) != 0) {
        return internal_error("Cannot write " + path_ + ": " + std::strerror(errno));
    }
    void* at = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
    if (at == MAP_FAILED) return internal_error("Cannot map " + path_ + ": " + std::strerror(errno));
    shared_ = static_cast<Shared*>(at);
    // A time of an earlier boot means nothing.
    if (shared_->until_us.load() > monotonic_us() + 60'000'000) disarm();
    shared_->agent = ::getpid();
    return ensure();
}

/// The same file, whatever its name is by now: locks belong to what was opened.
Fd Watchdog::open_again() const {
    return Fd(::open(("/proc/self/fd/" + std::to_string(file_.get())).c_str(), O_RDWR | O_CLOEXEC));
}

bool Watchdog::is_guarded() const {
    const Fd probe = open_again();
    return ::flock(probe.get(), LOCK_EX | LOCK_NB) != 0;
}

Status Watchdog::ensure() {
    if (is_guarded()) return {};
    const Fd lock = open_again();
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return {};  // another one was quicker
    const pid_t child = ::fork();
    if (child == 0) {
        const pid_t grandchild = ::fork();
        if (grandchild == 0) guard(*shared_, lock.get(), slack_ms_, path_.c_str(), timeline_.c_str());
        ::_exit(grandchild > 0 ? 0 : 1);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) {
        return internal_error("The watchdog of the database server cannot be started.");
    }
    return {};
}

void Watchdog::arm(pid_t server, std::int64_t until_us, std::int64_t epoch) {
    if (shared_->server.load() != server) {
        shared_->until_us = 0;
        shared_->server_start = start_of(server);
    }
    shared_->epoch = epoch;
    shared_->server = server;
    shared_->until_us = until_us;
}

void Watchdog::disarm() {
    shared_->until_us = 0;
    shared_->server = 0;
}

bool Watchdog::kill_server() {
    const pid_t server = shared_->server.load();
    return server > 0 && start_of(server) == shared_->server_start.load() && ::kill(server, SIGKILL) == 0;
}

void Watchdog::extend(std::int64_t until_us) {
    std::int64_t before = shared_->until_us.load();
    while (before != 0 && before < until_us && !shared_->until_us.compare_exchange_weak(before, until_us)) {
    }
}

std::int64_t Watchdog::until_us() const {
    return shared_->until_us.load();
}

pid_t Watchdog::server() const {
    return shared_->server.load();
}

pid_t Watchdog::process() const {
    return shared_->process.load();
}

}  // namespace stoa::cluster::database
