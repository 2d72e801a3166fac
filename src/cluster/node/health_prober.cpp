#include "cluster/node/health_prober.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/fd.hpp"
#include "base/utf8.hpp"
#include "net/http_client.hpp"

namespace stoa::cluster::node {
namespace {

constexpr std::string_view kVersionHeader = "X-Stoa-Version";
constexpr std::size_t kHealthAnswerBytesMax = 64 * 1024;
/// What a check gives when the kernel turns it away at once. One that hangs lets it wait.
constexpr Errc kRefuses = Errc::unavailable;

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

Status connect_to(const std::string& address, int timeout_ms) {
    const std::size_t colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const std::string port = colon == address.npos ? "" : address.substr(colon + 1);
    if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
        return invalid("the address " + address + " is not IP:PORT");
    }
    const std::unique_ptr<addrinfo, FreeAddresses> to(found);
    const Fd fd(::socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int error = ::connect(fd.get(), to->ai_addr, to->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
        pollfd wait{fd.get(), POLLOUT, 0};
        if (::poll(&wait, 1, timeout_ms) <= 0) {
            return Error{Errc::timeout, address + " takes no connection within " + std::to_string(timeout_ms) + " ms"};
        }
        socklen_t size = sizeof error;
        ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error != 0) return Error{kRefuses, address + ": " + std::strerror(error)};
    return {};
}

/// What an HTTP check gives when there is an answer, and it is no.
constexpr Errc kAnswersNo = Errc::busy;

Status ask(const HealthCheck& check, std::string& version) {
    net::ClientRequest request;
    request.url = check.address;
    request.timeout_ms = check.timeout_ms;
    request.connect_timeout_ms = check.timeout_ms;
    request.answer_bytes_max = kHealthAnswerBytesMax;
    request.allow_private_targets = true;
    request.verify_tls = false;  // it asks its own host
    const auto answer = net::fetch(request);
    if (!answer) return Error{answer.error().code, check.address + ": " + answer.error().message};
    for (const net::Header& header : answer->headers) {
        if (equals_any_case(header.name, kVersionHeader)) version = header.value;
    }
    if (answer->status != 200) {
        return Error{kAnswersNo, check.address + " answers " + std::to_string(answer->status)};
    }
    return {};
}

Status run_command(const HealthCheck& check, const Environment& environment, const std::string& work_dir) {
    auto process = Process::launch({check.command, environment, work_dir, "/dev/null"});
    if (!process) return process.error();
    const bool in_time = wait_readable(process->fd(), -1, check.timeout_ms);
    process->kill_group();
    const std::string how = process->reap();
    if (!in_time) {
        return Error{Errc::timeout,
                     check.command[0] + " did not end within " + std::to_string(check.timeout_ms) + " ms"};
    }
    if (how != "ended with code 0") return Error{Errc::unavailable, check.command[0] + " " + how};
    return {};
}

Status look(const HealthCheck& check, const Environment& environment, const std::string& work_dir,
            std::string& version) {
    switch (check.kind) {
        case HealthCheck::Kind::tcp:
            return connect_to(check.address, check.timeout_ms);
        case HealthCheck::Kind::http:
            return ask(check, version);
        case HealthCheck::Kind::command:
            return run_command(check, environment, work_dir);
        case HealthCheck::Kind::none:
            break;
    }
    return {};
}

}  // namespace

HealthProber::HealthProber(std::function<void(Finding)> on_finding) : on_finding_(std::move(on_finding)) {
    thread_ = std::thread([this] { run(); });
}

HealthProber::~HealthProber() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    thread_.join();
}

void HealthProber::watch(std::int64_t turn, pid_t pid, HealthCheck check, Environment environment,
                         std::string work_dir) {
    const MutexLock lock(mutex_);
    task_ = {turn, pid, std::move(check), std::move(environment), std::move(work_dir)};
    wake_.notify_all();
}

void HealthProber::rest() {
    const MutexLock lock(mutex_);
    task_.turn = 0;
}

void HealthProber::run() {
    MutexLock lock(mutex_);
    while (!stopping_) {
        if (task_.turn == 0) {
            wake_.wait(mutex_);
            continue;
        }
        const Task task = task_;
        lock.unlock();
        Finding finding{task.turn, false, state_of(task.pid) == 'T', {}, {}};
        if (finding.stopped) {
            finding.problem = "the process is stopped (SIGSTOP)";
        } else {
            const Status seen = look(task.check, task.environment, task.work_dir, finding.version);
            finding.well = seen.ok();
            if (!seen) finding.problem = seen.error().message;
            finding.answers = !seen && seen.error().code == kAnswersNo;
            finding.refuses = !seen && seen.error().code == kRefuses && task.check.kind != HealthCheck::Kind::command;
        }
        on_finding_(std::move(finding));
        lock.lock();
        if (!stopping_ && task_.turn == task.turn) wake_.wait_us(mutex_, std::int64_t{task.check.interval_ms} * 1'000);
    }
}

}  // namespace stoa::cluster::node
