#include "cluster/balancer/probe.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/clock.hpp"
#include "base/fd.hpp"

namespace stoa::cluster {
namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

Address parse(const ProbeTarget& target) {
    Address address;
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET, target.address.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(target.port);
        std::memcpy(&address.storage, &v4, address.size = sizeof v4);
    } else if (inet_pton(AF_INET6, target.address.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(target.port);
        std::memcpy(&address.storage, &v6, address.size = sizeof v6);
    }
    return address;
}

/// Begins to connect. No descriptor when that failed at once; `failure` says how.
Fd begin_connect(const ProbeTarget& target, int& failure) {
    const Address address = parse(target);
    failure = EINVAL;
    if (address.size == 0) return {};
    Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    failure = errno;
    if (!fd) return {};
    // Closed with a reset: probes leave nothing in TIME_WAIT.
    const linger at_once{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    failure = 0;
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 &&
        errno != EINPROGRESS) {
        failure = errno;
        return {};
    }
    return fd;
}

Reach reach_of(int error) {
    if (error == 0) return Reach::accepted;
    return error == ECONNREFUSED || error == ECONNRESET ? Reach::refused : Reach::no_answer;
}

}  // namespace

std::vector<Reach> probe_all(const std::vector<ProbeTarget>& targets, int timeout_ms) {
    std::vector<Reach> results(targets.size(), Reach::no_answer);
    std::vector<Fd> open;
    std::vector<pollfd> waiting;
    std::vector<std::size_t> index;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        int failure = 0;
        Fd fd = begin_connect(targets[i], failure);
        if (!fd) {
            results[i] = reach_of(failure);
            continue;
        }
        waiting.push_back({fd.get(), POLLOUT, 0});
        index.push_back(i);
        open.push_back(std::move(fd));
    }
    const std::int64_t end_us = system_clock().monotonic_us() + std::int64_t{timeout_ms} * 1000;
    std::size_t left = waiting.size();
    while (left > 0) {
        const std::int64_t left_us = end_us - system_clock().monotonic_us();
        if (left_us <= 0) break;
        const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>((left_us + 999) / 1000));
        if (ready < 0 && errno != EINTR) break;
        for (std::size_t i = 0; ready > 0 && i < waiting.size(); ++i) {
            if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
            int error = 0;
            socklen_t size = sizeof error;
            ::getsockopt(waiting[i].fd, SOL_SOCKET, SO_ERROR, &error, &size);
            results[index[i]] = reach_of(error);
            waiting[i].fd = -1;  // poll() skips it
            --left;
        }
    }
    return results;
}

bool http_answers(const ProbeTarget& target, const std::string& path, int timeout_ms) {
    int failure = 0;
    const Fd fd = begin_connect(target, failure);
    if (!fd) return false;
    const std::string question = "GET " + path + " HTTP/1.0\r\n\r\n";
    constexpr std::string_view kStatus = " 200 ";
    std::string answer;
    bool asked = false;
    const std::int64_t end_us = system_clock().monotonic_us() + std::int64_t{timeout_ms} * 1000;
    for (;;) {
        const std::int64_t left_us = end_us - system_clock().monotonic_us();
        pollfd entry{fd.get(), static_cast<short>(asked ? POLLIN : POLLOUT), 0};
        if (left_us <= 0 || ::poll(&entry, 1, static_cast<int>((left_us + 999) / 1000)) <= 0) return false;
        if (!asked) {
            asked = true;
            // Fits into any socket buffer.
            if (::send(fd.get(), question.data(), question.size(), MSG_NOSIGNAL) < 0) return false;
            continue;
        }
        char buffer[512];
        const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
        if (n <= 0) return false;
        answer.append(buffer, static_cast<std::size_t>(n));
        if (answer.size() >= 13) return std::string_view(answer).substr(8, kStatus.size()) == kStatus;
    }
}

}  // namespace stoa::cluster
