#include "cache/wire/socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace stoa::cache {
namespace {

Error broken(const char* doing, int code) {
    return {Errc::unavailable, std::string(doing) + ": " + std::strerror(code)};
}

Error too_late(const char* doing) {
    return {Errc::timeout, std::string(doing) + ": no answer in time"};
}

/// Until the descriptor can be read or written, or has failed.
Status wait_for(int fd, short what, Deadline deadline, const char* doing) {
    while (true) {
        pollfd entry{fd, what, 0};
        const int ready = ::poll(&entry, 1, deadline.left_ms());
        if (ready > 0) return {};
        if (ready == 0) return too_late(doing);
        if (errno != EINTR) return broken(doing, errno);
    }
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

Result<SocketAddress> socket_address(const Address& address) {
    SocketAddress out;
    if (address.is_path()) {
        auto& path = reinterpret_cast<sockaddr_un&>(out.storage);
        if (address.host.size() >= sizeof(path.sun_path)) return invalid("The path of the unix socket is too long.");
        path.sun_family = AF_UNIX;
        std::memcpy(path.sun_path, address.host.c_str(), address.host.size() + 1);
        out.size = sizeof(path);
        return out;
    }
    auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
    if (::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.port);
        out.size = sizeof(v4);
        return out;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
    if (::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(address.port);
        out.size = sizeof(v6);
        return out;
    }
    return invalid(address.host + " is no IP address.");
}

}  // namespace

std::string Address::text() const {
    if (is_path()) return host;
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Socket> Socket::connect(const Address& address, Deadline deadline) {
    STOA_TRY(const SocketAddress target, socket_address(address));
    Fd fd(::socket(target.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return broken("socket", errno);
    if (!address.is_path()) {
        const int on = 1;
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    }
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&target.storage), target.size) == 0) {
        return Socket(std::move(fd));
    }
    // EAGAIN: the backlog of a unix socket is full; it would not become writable, so it is a failure at once.
    if (errno != EINPROGRESS) return broken("connect", errno);
    STOA_CHECK(wait_for(fd.get(), POLLOUT, deadline, "connect"));
    int code = 0;
    socklen_t size = sizeof(code);
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
    if (code != 0) return broken("connect", code);
    return Socket(std::move(fd));
}

Status Socket::send(std::string_view bytes, Deadline deadline) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            STOA_CHECK(wait_for(fd_.get(), POLLOUT, deadline, "send"));
        } else if (errno != EINTR) {
            return broken("send", errno);
        }
    }
    return {};
}

Result<std::size_t> Socket::receive(char* buffer, std::size_t size, Deadline deadline) {
    while (true) {
        STOA_TRY(const std::size_t received, receive_now(buffer, size));
        if (received > 0) return received;
        STOA_CHECK(wait_for(fd_.get(), POLLIN, deadline, "receive"));
    }
}

Result<std::size_t> Socket::receive_now(char* buffer, std::size_t size) {
    while (true) {
        const ssize_t received = ::recv(fd_.get(), buffer, size, 0);
        if (received > 0) return static_cast<std::size_t>(received);
        if (received == 0) return Error{Errc::unavailable, "receive: closed by the other side"};
        if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
        if (errno != EINTR) return broken("receive", errno);
    }
}

bool Socket::readable() const {
    pollfd entry{fd_.get(), POLLIN, 0};
    return ::poll(&entry, 1, 0) != 0;
}

}  // namespace stoa::cache
