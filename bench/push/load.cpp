#include "load.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace stoa::bench {
namespace {

constexpr int kConnectingMax = 200;  ///< handshakes under way
constexpr int kSilenceMs = 20'000;   ///< nothing happens for so long: something was lost

}  // namespace

Load::Load(const Options& options) : options_(options), target_(options), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    listeners_.on_open = [this] { ++open_; };
    listeners_.on_lost = [] {
        std::fprintf(stderr, "The server closed a connection.\n");
        std::exit(1);
    };
}

double Load::connect_all(bool one_channel) {
    const ProcessCost empty = cost();
    for (int i = 0; i < options_.clients; ++i) {
        auto& one = subscribers_.emplace_back(
            std::make_unique<Subscriber>(target_, i, one_channel ? 0 : i, deliveries_, listeners_));
        wait([&] { return i - open_ < kConnectingMax; });
        one->connect(epoll_.get());
    }
    wait([&] { return open_ == options_.clients; });
    settle();
    return (cost().private_kib - empty.private_kib) / options_.clients;
}

double Load::storm() {
    for (auto& one : subscribers_)
        one->cut();
    open_ = 0;
    const std::int64_t begun_ns = now_ns();
    for (int i = 0; i < options_.clients; ++i) {
        wait([&] { return i - open_ < kConnectingMax; });
        subscribers_[static_cast<std::size_t>(i)]->connect(epoll_.get());
    }
    wait([&] { return open_ == options_.clients; });
    return static_cast<double>(now_ns() - begun_ns) / 1e9;
}

void Load::run_for(int ms) {
    const std::int64_t until_ns = now_ns() + ms * 1'000'000LL;
    for (std::int64_t left_ns = 1; left_ns > 0; left_ns = until_ns - now_ns())
        turn(static_cast<int>(std::min<std::int64_t>(left_ns / 1'000'000 + 1, 20)));
}

void Load::wait(const std::function<bool()>& done) {
    std::int64_t heard_ns = now_ns();
    while (!done()) {
        if (turn(100)) heard_ns = now_ns();
        if (now_ns() - heard_ns < kSilenceMs * 1'000'000LL) continue;
        std::fprintf(stderr, "Nothing came for %d s: %lld deliveries, %d clients connected.\n", kSilenceMs / 1'000,
                     static_cast<long long>(deliveries_.count()), open_);
        std::exit(1);
    }
}

bool Load::turn(int longest_ms) {
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), longest_ms);
    for (int i = 0; i < count; ++i)
        static_cast<Ready*>(events[static_cast<std::size_t>(i)].data.ptr)->on_ready();
    return count > 0;
}

}  // namespace stoa::bench
