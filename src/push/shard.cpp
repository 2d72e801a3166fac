#include "push/shard.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "push/subscriber.hpp"

namespace stoa::push {
namespace {

constexpr int kDrainStepMs = 50, kDrainMs = 5'000;

Gauge& connections() {
    static Gauge& gauge_of_all = gauge("stoa_push_connections", "Clients of the push server, waiting polls included.");
    return gauge_of_all;
}

void forget(std::vector<Subscriber*>& list, Subscriber& subscriber) {
    std::replace(list.begin(), list.end(), &subscriber, static_cast<Subscriber*>(nullptr));
}

}  // namespace

void Shard::deliver(AccountId account, const EntryPtr& entry) {
    // Not past what another thread has posted.
    if (loop_->in_loop() && on_the_way_.load() == 0) return arrive(account, entry);
    ++on_the_way_;
    const bool posted = loop_->post([self = shared_from_this(), account, entry] {
        self->arrive(account, entry);
        --self->on_the_way_;
    });
    if (!posted) --on_the_way_;
}

void Shard::arrive(AccountId account, const EntryPtr& entry) {
    arrived_.push_back({account, entry});
    if (!flush_asked_) ask_for_flush();
}

void Shard::deliver_now(const Arrived& arrived, bool alone) {
    const auto& [account, entry] = arrived;
    const auto routes = accounts_.find(account);
    if (routes == accounts_.end()) return;
    for (const std::string& route : entry->routes) {
        const auto found = routes->second.find(route);
        if (found == routes->second.end()) continue;
        // Whoever ends on the way is left as an empty place.
        auto& listeners = found->second;
        delivering_ = &listeners;
        for (Subscriber* const one : listeners) {
            if (one != nullptr) one->take(entry, alone);
        }
        delivering_ = nullptr;
        std::erase(listeners, nullptr);
        if (listeners.empty()) routes->second.erase(found);
    }
    if (routes->second.empty()) {
        accounts_.erase(routes);
    } else if (entry->routes.size() > 1 && entry->routes.back().front() == kWatchMark) {
        extend_watch(account, *entry);
    }
}

void Shard::extend_watch(AccountId account, const Entry& entry) {
    const auto listeners = accounts_[account][entry.routes.front()];  // a copy: who watches is entered there, too
    for (Subscriber* const one : listeners) {
        for (const std::string& route : entry.routes) {
            if (route.front() == kWatchMark) one->watch(route.substr(1));
        }
    }
}

void Shard::tell_lacking(AccountId account, Position top) {
    ++on_the_way_;
    const bool posted = loop_->post([self = shared_from_this(), account, top] {
        self->deliver_arrived();  // what came before it
        for (std::size_t i = self->subscribers_.size(); i-- > 0;) {
            Subscriber* const one = i < self->subscribers_.size() ? self->subscribers_[i] : nullptr;
            if (one != nullptr && one->session().account == account) one->lack(top);
        }
        --self->on_the_way_;
    });
    if (!posted) --on_the_way_;
}

void Shard::add(AccountId account, const std::string& route, Subscriber& subscriber) {
    accounts_[account][route].push_back(&subscriber);
}

void Shard::remove(AccountId account, const std::string& route, Subscriber& subscriber) {
    const auto routes = accounts_.find(account);
    if (routes == accounts_.end()) return;
    const auto found = routes->second.find(route);
    if (found == routes->second.end()) return;
    if (delivering_ == &found->second) return forget(found->second, subscriber);
    auto& listeners = found->second;
    const auto at = std::find(listeners.begin(), listeners.end(), &subscriber);
    if (at != listeners.end()) {
        *at = listeners.back();
        listeners.pop_back();
    }
    if (!listeners.empty()) return;
    routes->second.erase(found);
    if (routes->second.empty()) accounts_.erase(routes);
}

void Shard::add(Subscriber& subscriber) {
    connections().add();
    subscriber.slot = subscribers_.size();
    subscribers_.push_back(&subscriber);
}

void Shard::remove(Subscriber& subscriber) {
    connections().sub();
    subscribers_[subscriber.slot] = subscribers_.back();
    subscribers_[subscriber.slot]->slot = subscriber.slot;
    subscribers_.pop_back();
    if (!subscriber.to_be_flushed) return;
    forget(to_flush_, subscriber);
    forget(flushing_, subscriber);
}

void Shard::flush_later(Subscriber& subscriber) {
    if (subscriber.to_be_flushed) return;
    subscriber.to_be_flushed = true;
    to_flush_.push_back(&subscriber);
    if (!flush_asked_) ask_for_flush();
}

void Shard::ask_for_flush() {
    flush_asked_ = true;
    loop_->post([self = shared_from_this()] { self->flush_all(); });
}

void Shard::deliver_arrived() {
    arriving_.swap(arrived_);
    const bool alone = arriving_.size() == 1 && to_flush_.empty();
    for (const Arrived& one : arriving_)
        deliver_now(one, alone);
    arriving_.clear();
}

void Shard::flush_all() {
    flush_asked_ = false;
    deliver_arrived();
    flushing_.swap(to_flush_);
    for (std::size_t i = 0; i < flushing_.size(); ++i) {
        Subscriber* const one = flushing_[i];
        if (one == nullptr) continue;
        one->to_be_flushed = false;
        one->flush();
    }
    flushing_.clear();
}

void Shard::tick() {
    const std::int64_t now_us = system_clock().monotonic_us();
    // From the back: one that ends is replaced by the last one, which has had its turn.
    for (std::size_t i = subscribers_.size(); i-- > 0;) {
        if (i < subscribers_.size()) subscribers_[i]->tick(now_us);
    }
}

void Shard::drain() {
    if (draining_) return;
    draining_ = true;
    close_some(subscribers_.size() / (kDrainMs / kDrainStepMs) + 1);
}

void Shard::close_some(std::size_t count) {
    for (std::size_t i = 0; i < count && !subscribers_.empty(); ++i)
        subscribers_.back()->restart();
    draining_ = !subscribers_.empty();
    if (!draining_) return;
    loop_->after(kDrainStepMs, [self = shared_from_this(), count] { self->close_some(count); });
}

}  // namespace stoa::push
