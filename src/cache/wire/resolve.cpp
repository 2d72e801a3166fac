#include "cache/wire/resolve.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

namespace stoa::cache {
namespace {

constexpr int kHangingMax = 4;
std::atomic<int> look_ups{0};

bool is_literal(const std::string& name) {
    unsigned char bytes[sizeof(in6_addr)];
    return ::inet_pton(AF_INET, name.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

Result<std::vector<std::string>> look_up(const std::string& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &list); code != 0) {
        return Error{Errc::unavailable, "The name " + name + " is unknown: " + ::gai_strerror(code)};
    }
    std::vector<std::string> out;
    for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
        char text[NI_MAXHOST];
        if (::getnameinfo(item->ai_addr, item->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) == 0) {
            if (std::find(out.begin(), out.end(), text) == out.end()) out.emplace_back(text);
        }
    }
    ::freeaddrinfo(list);
    return out;
}

}  // namespace

Result<std::vector<Address>> resolve(const EngineUrl::Host& host, std::uint16_t default_port, Deadline deadline) {
    const std::uint16_t port = host.port != 0 ? host.port : default_port;
    if (host.name.starts_with('/') || is_literal(host.name)) return std::vector<Address>{{host.name, port}};
    if (look_ups.fetch_add(1) >= kHangingMax) {
        --look_ups;
        return Error{Errc::busy, "The name service does not answer; " + host.name + " cannot be looked up.", {}, {}, 1};
    }
    using Names = Result<std::vector<std::string>>;
    auto promise = std::make_shared<std::promise<Names>>();  // shared: whichever side is late finds it alive
    std::future<Names> future = promise->get_future();
    std::thread([promise, name = host.name] {
        promise->set_value(look_up(name));
        --look_ups;
    }).detach();
    if (future.wait_for(std::chrono::microseconds(deadline.left_us())) != std::future_status::ready) {
        return Error{Errc::timeout, "The name " + host.name + " could not be looked up in time."};
    }
    STOA_TRY(const std::vector<std::string> names, future.get());
    std::vector<Address> out;
    for (const std::string& name : names)
        out.push_back({name, port});
    return out;
}

}  // namespace stoa::cache
