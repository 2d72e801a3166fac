#include "rest/events/delivery_queue.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/metrics.hpp"

namespace stoa::rest {
namespace {

Gauge& length() {
    static Gauge& value = gauge("stoa_event_queue_length", "Event deliveries that wait in memory.");
    return value;
}

}  // namespace

DeliveryQueue::DeliveryQueue(std::size_t entries_max, int per_host_max)
    : entries_max_(entries_max), per_host_max_(std::max(per_host_max, 1)) {}

void DeliveryQueue::push(DueDelivery delivery) {
    const MutexLock lock(mutex_);
    if (closed_ || known_.contains({delivery.account, delivery.id})) return;
    if (size_ >= entries_max_) {
        overflow_ = true;
        return;
    }
    known_.emplace(delivery.account, delivery.id);
    const std::int64_t at_us = delivery.at_us;
    Host& host = hosts_[delivery.host];
    host.waiting.emplace(at_us, std::move(delivery));
    ++size_;
    length().set(static_cast<std::int64_t>(size_));
    wake_.notify_one();
}

std::optional<DueDelivery> DeliveryQueue::pop(std::int64_t wait_max_us) {
    const std::int64_t until_us = system_clock().monotonic_us() + wait_max_us;
    const MutexLock lock(mutex_);
    while (!closed_) {
        const std::int64_t now_us = system_clock().monotonic_us();
        Host* chosen = nullptr;
        std::int64_t wake_us = until_us;
        for (auto& [name, host] : hosts_) {
            if (host.waiting.empty() || host.running >= per_host_max_) continue;
            const std::int64_t at_us = host.waiting.begin()->first;
            if (at_us > now_us) {
                wake_us = std::min(wake_us, at_us);
            } else if (!chosen || at_us < chosen->waiting.begin()->first) {
                chosen = &host;
            }
        }
        if (chosen) {
            DueDelivery delivery = std::move(chosen->waiting.begin()->second);
            chosen->waiting.erase(chosen->waiting.begin());
            ++chosen->running;
            --size_;
            length().set(static_cast<std::int64_t>(size_));
            return delivery;
        }
        if (now_us >= until_us) return std::nullopt;
        wake_.wait_us(mutex_, wake_us - now_us);
    }
    return std::nullopt;
}

void DeliveryQueue::finished(const DueDelivery& delivery) {
    const MutexLock lock(mutex_);
    known_.erase({delivery.account, delivery.id});
    const auto found = hosts_.find(delivery.host);
    if (found == hosts_.end()) return;
    --found->second.running;
    if (found->second.running == 0 && found->second.waiting.empty()) {
        hosts_.erase(found);
    } else {
        wake_.notify_one();
    }
}

void DeliveryQueue::close() {
    const MutexLock lock(mutex_);
    closed_ = true;
    wake_.notify_all();
}

std::size_t DeliveryQueue::size() const {
    const MutexLock lock(mutex_);
    return size_;
}

bool DeliveryQueue::take_overflow() {
    const MutexLock lock(mutex_);
    if (!overflow_ || size_ > 0) return false;
    overflow_ = false;
    return true;
}

}  // namespace stoa::rest
