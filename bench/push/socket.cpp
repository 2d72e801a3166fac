#include "socket.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace stoa::bench {
namespace {

constexpr int kSources = 8;

sockaddr_in address(const std::string& host, std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    ::inet_pton(AF_INET, host.c_str(), &out.sin_addr);
    return out;
}

}  // namespace

Socket::Socket(int epoll, std::uint16_t port, int number, Ready* owner)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::setsockopt(fd_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    const auto from = address("127.0.0." + std::to_string(2 + number % kSources), 0);
    const auto to = address("127.0.0.1", port);
    ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&from), sizeof(from));
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0 && errno != EINPROGRESS) {
        std::perror("connect");
        std::exit(1);
    }
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.ptr = owner;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd_.get(), &event);
}

void Socket::cut() {
    const linger at_once{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    fd_.reset();
}

void Socket::send(std::string_view bytes) {
    output_ += bytes;
}

bool Socket::pump() {
    while (!output_.empty()) {
        const auto sent = ::send(fd_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        output_.erase(0, static_cast<std::size_t>(sent));
    }
    std::array<char, 16 * 1024> buffer;
    while (true) {
        const auto got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        if (got > 0) {
            input_.append(buffer.data(), static_cast<std::size_t>(got));
            continue;
        }
        return got < 0 && (errno == EAGAIN || errno == ENOTCONN || errno == EINTR);
    }
}

}  // namespace stoa::bench
