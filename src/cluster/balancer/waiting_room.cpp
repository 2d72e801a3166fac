#include "cluster/balancer/waiting_room.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <vector>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/utf8.hpp"
#include "cluster/balancer/limits.hpp"

namespace stoa::cluster {
namespace {

constexpr int kLookMs = 250;                   ///< for those who have waited too long
constexpr std::int64_t kLingerUs = 2'000'000;  ///< for what is refused to be sent to its end
constexpr int kBacklog = 1'024;
constexpr std::string_view kRefusal =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 1\r\nContent-Length: 41\r\n"
    "Connection: close\r\n\r\nNo web server is up. Try again shortly.\r\n";

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

/// The value of a header in a request's head, by its name in small letters; empty when it is not there.
std::string_view header_of(std::string_view head, std::string_view name) {
    for (std::size_t at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at + 2)) {
        std::string_view line = head.substr(at + 2);
        line = line.substr(0, line.find("\r\n"));
        const std::size_t colon = line.find(':');
        if (colon == line.npos || !equals_any_case(line.substr(0, colon), name)) continue;
        line.remove_prefix(colon + 1);
        while (line.starts_with(' '))
            line.remove_prefix(1);
        return line;
    }
    return {};
}

/// Whether HAProxy still has all of it.
bool can_be_sent_again(std::string_view head, std::int64_t bytes_max) {
    if (!header_of(head, "transfer-encoding").empty()) return false;
    const std::string_view length = header_of(head, "content-length");
    std::int64_t bytes = 0;
    std::from_chars(length.data(), length.data() + length.size(), bytes);
    return bytes + static_cast<std::int64_t>(head.size()) <= bytes_max;
}

void refuse(int fd) {
    static Counter& count =
        counter("stoa_balancer_waiting_refused_total", "Requests that were refused while no web server was up");
    count.add();
    (void)!::send(fd, kRefusal.data(), kRefusal.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(fd, SHUT_WR);
}

}  // namespace

struct WaitingRoom::Guest {
    Fd fd;
    std::int64_t until_us = 0;
    std::string head;  ///< as far as it has come
    bool complete = false;
    /// It has its answer. What it still sends is read: a close with something unread would reset the connection, and
    /// the answer would be lost.
    bool refused = false;
};

WaitingRoom::WaitingRoom(WaitingRoomOptions options)
    : options_(options), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

WaitingRoom::~WaitingRoom() {
    stop();
}

Status WaitingRoom::start() {
    Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int yes = 1;
    ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.get(), kBacklog) != 0) {
        return Error{Errc::unavailable, "Port " + std::to_string(options_.port) +
                                            " of 127.0.0.1, where requests wait while no web server "
                                            "is up: " +
                                            std::strerror(errno)};
    }
    listener_ = std::move(listener);
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "waiting room");
        run();
    });
    return {};
}

void WaitingRoom::stop() {
    stopping_ = true;
    wake();
    if (thread_.joinable()) thread_.join();
    listener_.reset();
}

void WaitingRoom::admit() {
    if (waiting_.load() == 0) return;
    admit_ = true;
    wake();
}

void WaitingRoom::wake() const {
    ::eventfd_write(wake_.get(), 1);
}

void WaitingRoom::run() {
    std::vector<pollfd> polled;
    while (!stopping_) {
        polled.assign({{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}});
        for (const Guest& guest : guests_)
            polled.push_back({guest.fd.get(), POLLIN, 0});
        ::poll(polled.data(), polled.size(), guests_.empty() ? -1 : kLookMs);
        eventfd_t count = 0;
        ::eventfd_read(wake_.get(), &count);
        const bool admit = admit_.exchange(false);
        auto guest = guests_.begin();
        for (std::size_t i = 2; i < polled.size(); ++i) {
            const bool heard = polled[i].revents == 0 || stays(*guest);
            const bool late = heard && now_us() >= guest->until_us;
            if (late && !guest->refused) refuse(guest->fd.get());
            guest = heard && !late && !(admit && guest->complete && !guest->refused) ? std::next(guest)
                                                                                     : guests_.erase(guest);
        }
        if (polled[1].revents != 0) take_new();
        waiting_ = static_cast<int>(guests_.size());
    }
    for (const Guest& guest : guests_)
        refuse(guest.fd.get());
    guests_.clear();
    waiting_ = 0;
}

void WaitingRoom::take_new() {
    static Counter& taken = counter("stoa_balancer_waited_total", "Requests that waited for a web server");
    for (;;) {
        Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd) return;
        if (guests_.size() >= limits::balancer_waiting_max) {
            refuse(fd.get());
            continue;
        }
        taken.add();
        guests_.push_back({std::move(fd), now_us() + std::int64_t{options_.wait_ms} * 1'000, {}, false, false});
    }
}

/// Reads what there is: a connection is closed without an error only when nothing unread is left in it. False: it is
/// over.
bool WaitingRoom::stays(Guest& guest) {
    std::array<char, 16 * 1024> buffer;
    for (;;) {
        const ssize_t got = ::recv(guest.fd.get(), buffer.data(), buffer.size(), 0);
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        if (got == 0) return false;  // whoever asked has gone
        if (guest.complete || guest.refused) continue;
        guest.head.append(buffer.data(), static_cast<std::size_t>(got));
        const std::size_t end = guest.head.find("\r\n\r\n");
        const bool too_long = end == guest.head.npos && guest.head.size() > limits::balancer_waiting_head_bytes_max;
        if (end == guest.head.npos && !too_long) continue;
        guest.head.resize(std::min(end, guest.head.size()));
        if (too_long || !can_be_sent_again(guest.head, options_.replay_bytes_max)) {
            refuse(guest.fd.get());
            guest.refused = true;
            guest.until_us = now_us() + kLingerUs;
            guest.head = {};
            continue;
        }
        guest.complete = true;
        guest.head = {};
    }
}

}  // namespace stoa::cluster
