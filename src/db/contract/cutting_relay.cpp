#include "db/contract/cutting_relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace stoa::db {
namespace {

constexpr int kPollMs = 20;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

bool readable(int fd) {
    pollfd wait{fd, POLLIN, 0};
    return ::poll(&wait, 1, kPollMs) > 0;
}

}  // namespace

CuttingRelay::CuttingRelay(std::uint16_t server_port) : server_port_(server_port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t length = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 64);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_loop(); });
}

CuttingRelay::~CuttingRelay() {
    closing_ = true;
    acceptor_.join();
    for (auto& connection : connections_)
        connection.join();
    ::close(listener_);
}

void CuttingRelay::cut(const std::string& text, int times, When when) {
    text_ = text;
    when_ = when;
    left_ = times;
}

void CuttingRelay::accept_loop() {
    while (!closing_) {
        if (!readable(listener_)) continue;
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client >= 0) connections_.emplace_back([this, client] { relay(client); });
    }
}

void CuttingRelay::relay(int client) {
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(server_port_);
    bool open = ::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    bool cutting = false;
    while (open && !closing_) {
        std::array<pollfd, 2> wait{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
        ::poll(wait.data(), wait.size(), kPollMs);
        if (wait[0].revents != 0) open = pass(client, server, true, cutting);
        if (open && wait[1].revents != 0) open = pass(server, client, false, cutting);
    }
    ::close(server);
    ::close(client);
}

/// False ends the connection.
bool CuttingRelay::pass(int from, int to, bool requests, bool& cutting) {
    std::array<char, 65536> bytes;
    const auto got = ::recv(from, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    if (!requests && cutting) return false;  // the answer that never arrives
    const std::string_view data(bytes.data(), static_cast<std::size_t>(got));
    if (requests && left_ > 0 && data.find(text_) != std::string_view::npos) {
        --left_;
        ++cuts_;
        if (when_ == When::before_server_sees_it) return false;
        cutting = true;
    }
    return ::send(to, bytes.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
}

}  // namespace stoa::db
