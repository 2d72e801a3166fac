#include "net/listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "base/log.hpp"

namespace stoa::net {
namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsPerTurn = 64;
constexpr int kPauseMs = 100;     // no descriptors left: do not spin
constexpr int kRefusalsMax = 64;  // connections over the limit that still get a 503; more are just closed

struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

bool to_address(const std::string& text, std::uint16_t port, Address& address) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.length = sizeof *v4;
        return true;
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.length = sizeof *v6;
        return true;
    }
    return false;
}

std::string to_text(const sockaddr_storage& storage) {
    char text[INET6_ADDRSTRLEN] = "";
    if (storage.ss_family == AF_INET) {
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, text, sizeof text);
    } else {
        ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, text, sizeof text);
    }
    return text;
}

void turn_on(int fd, int level, int option) {
    const int on = 1;
    ::setsockopt(fd, level, option, &on, sizeof on);
}

std::string reason_of(int code) {
    return std::error_code(code, std::system_category()).message();
}

Error listen_error(const Listen& where, int code) {
    const std::string place = "Cannot listen on " + where.address + ":" + std::to_string(where.port) + ": ";
    if (code == EADDRINUSE) return {Errc::already_exists, place + "the port is in use by another program."};
    if (code == EACCES) return {Errc::forbidden, place + "not permitted; ports below 1024 need CAP_NET_BIND_SERVICE."};
    return {Errc::unavailable, place + reason_of(code) + "."};
}

}  // namespace

Result<std::shared_ptr<Listener>> Listener::open(ServerCore& core, const Listen& where) {
    Address address;
    if (!to_address(where.address, where.port, address)) {
        return invalid("Not an IP address to listen on: " + where.address);
    }
    Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return listen_error(where, errno);
    turn_on(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    turn_on(fd.get(), IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit it
    if (address.storage.ss_family == AF_INET6) turn_on(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
    if (::bind(fd.get(), address.get(), address.length) != 0) return listen_error(where, errno);
    if (::listen(fd.get(), kBacklog) != 0) return listen_error(where, errno);

    socklen_t length = sizeof address.storage;
    if (::getsockname(fd.get(), address.get(), &length) != 0) return listen_error(where, errno);
    const std::uint16_t port = ntohs(reinterpret_cast<sockaddr_in&>(address.storage).sin_port);  // same place in both
    return std::make_shared<Listener>(core, where.tls, std::move(fd), port);
}

Listener::Listener(ServerCore& core, bool tls, Fd socket, std::uint16_t port)
    : core_(core), tls_(tls), socket_(std::move(socket)), fd_(socket_.get()), port_(port) {}

void Listener::start(IoLoop& loop) {
    loop_ = &loop;
    watch_.emplace(loop, socket_.release());
    wait();
}

void Listener::on_ready(IoLoop::Ready) {
    if (!watch_) return;
    accept_some();
    if (!paused_) wait();
}

void Listener::close() {
    for (int turn = 0; watch_ && turn <= kBacklog / kAcceptsPerTurn && accept_some(); ++turn) {
    }
    watch_.reset();
    socket_.reset();
}

/// False when nobody waits any more, or no descriptors are left.
bool Listener::accept_some() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        sockaddr_storage peer{};
        socklen_t length = sizeof peer;
        Fd socket(::accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            hand_over(std::move(socket), to_text(peer));
            continue;
        }
        if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
        log::warn("accept_failed",
                  {{"reason", reason_of(errno)}, {"action", "raise the limit of open files (LimitNOFILE)"}});
        paused_ = true;
        loop_->after(kPauseMs, [self = shared_from_this()] {
            self->paused_ = false;
            if (self->watch_) self->wait();
        });
        return false;
    }
    return true;
}

void Listener::hand_over(Fd socket, std::string remote_address) {
    int total = 0;
    turn_ = (turn_ + 1) % core_.threads.size();
    IoThread* least = core_.threads[turn_].get();  // equal counts: each in turn
    for (std::size_t i = 0; i < core_.threads.size(); ++i) {
        IoThread* thread = core_.threads[(turn_ + i) % core_.threads.size()].get();
        const int count = thread->connection_count();
        total += count;
        if (count < least->connection_count()) least = thread;
    }
    if (total >= core_.options.connections_max + kRefusalsMax) return;
    least->adopt({std::move(socket), std::move(remote_address), tls_, total >= core_.options.connections_max});
}

void Listener::wait() {
    watch_->wait(IoLoop::Ready::to_read, shared_from_this());
}

}  // namespace stoa::net
