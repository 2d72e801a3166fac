#include "push/neighbours.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "push/limits.hpp"
#include "push/presence_news.hpp"

namespace stoa::push {
namespace {

constexpr const char* kChannel = "push-nodes";
constexpr std::size_t kNameBytesMax = 40;
constexpr std::int64_t kForgottenUs = 600'000'000;

std::int64_t monotonic_us() {
    return system_clock().monotonic_us();
}

}  // namespace

Neighbours::Neighbours(bus::Bus& bus, NeighbourTimes times)
    : bus_(bus), times_(times), self_(new_node_name()), since_us_(monotonic_us()) {
    bus::Subscriber subscriber;
    subscriber.hear = bus::Hear::others;
    subscriber.on_message = [this](std::string_view node) {
        if (!node.empty() && node.size() <= kNameBytesMax) heard(std::string(node), monotonic_us());
    };
    subscriber.on_gap = [this] {
        const MutexLock lock(mutex_);
        since_us_ = std::max(since_us_, monotonic_us());
    };
    auto subscribed = bus_.subscribe(kChannel, std::move(subscriber));
    if (subscribed) {
        subscription_ = std::move(*subscribed);
    } else {
        log::error("push_neighbours_not_heard", {{"error", std::string_view(subscribed.error().message)},
                                                 {"do", "start more processes, so that each has fewer accounts"}});
    }
}

void Neighbours::tick(std::int64_t now_us) {
    {
        const MutexLock lock(mutex_);
        // It stood still: what the others said meanwhile is heard in a moment.
        if (now_us - ticked_us_ > times_.silent_us / 2) since_us_ = now_us;
        ticked_us_ = now_us;
        if (now_us - beat_us_ < times_.beat_us) return;
        beat_us_ = now_us;
    }
    bus_.publish(kChannel, self_);
}

void Neighbours::heard(const std::string& node, std::int64_t now_us) {
    if (node == self_) return;
    const MutexLock lock(mutex_);
    if (heard_us_.size() >= limits::push_neighbours_max && !heard_us_.contains(node)) return;
    heard_us_[node] = now_us;
}

std::vector<std::string> Neighbours::silent(std::int64_t now_us) {
    std::vector<std::string> out;
    const bool connected = bus_.connected();
    const MutexLock lock(mutex_);
    if (!connected) {
        since_us_ = now_us;
        return out;
    }
    for (auto at = heard_us_.begin(); at != heard_us_.end();) {
        const std::int64_t last_us = std::max(at->second, since_us_);
        const bool forgotten = now_us - last_us > times_.silent_us + kForgottenUs;
        if (!forgotten && now_us - last_us > times_.silent_us) out.push_back(at->first);
        at = forgotten ? heard_us_.erase(at) : std::next(at);
    }
    return out;
}

}  // namespace stoa::push
