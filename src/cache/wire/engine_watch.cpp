#include "cache/wire/engine_watch.hpp"

#include <pthread.h>

#include <algorithm>

#include "base/clock.hpp"

namespace stoa::cache {

EngineWatch::EngineWatch(std::string what, std::string_view meanwhile, Probe probe, Options options)
    : probe_(std::move(probe)),
      options_(options),
      reachable_(gauge("stoa_engine_reachable", "1 while the engine answers.", {{"engine", what}})),
      trouble_(std::move(what), meanwhile) {
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "engine-watch");
}

void EngineWatch::wait_for_first_look(Deadline deadline) {
    const MutexLock lock(mutex_);
    while (!looked_) {
        const std::int64_t left_us = deadline.left_us();
        if (left_us == 0) return;
        wake_.wait_us(mutex_, left_us);
    }
}

EngineWatch::~EngineWatch() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        open_ = false;
        wake_.notify_all();
    }
    thread_.join();
    reachable_.set(0);
}

std::optional<EngineWatch::Target> EngineWatch::target() const {
    if (closed()) return std::nullopt;
    const MutexLock lock(mutex_);
    if (closed()) return std::nullopt;
    return target_;
}

void EngineWatch::failed(const Target& target, const Error& error) {
    const MutexLock lock(mutex_);
    if (target.generation != target_.generation || closed()) return;
    open_.store(false, std::memory_order_release);
    reachable_.set(0);
    doubted_ = true;
    Error named = error;
    named.message = target.address.text() + ": " + error.message;
    trouble_.failed(named);
    wake_.notify_all();
}

void EngineWatch::run() {
    while (true) {
        look();
        wait_for_next_look();
        const MutexLock lock(mutex_);
        if (stopping_) return;
    }
}

void EngineWatch::look() {
    {
        const MutexLock lock(mutex_);
        if (doubted_) {  // it may answer the probe and still fail its callers: then it is tried less and less often
            last_failure_us_ = system_clock().monotonic_us();
            ++failures_;
            doubted_ = false;
        }
    }
    Result<Address> found = probe_();
    const MutexLock lock(mutex_);
    looked_ = true;
    wake_.notify_all();
    if (stopping_) return;
    if (!found) {
        last_failure_us_ = system_clock().monotonic_us();
        ++failures_;
        open_.store(false, std::memory_order_release);
        reachable_.set(0);
        trouble_.failed(found.error());
        return;
    }
    if (doubted_) return;  // somebody failed while we looked: look again
    if (system_clock().monotonic_us() - last_failure_us_ > options_.calm_ms * 1'000LL) failures_ = 0;
    if (!closed() && target_.address == *found) return;
    target_ = {std::move(*found), target_.generation + 1};
    open_.store(true, std::memory_order_release);
    reachable_.set(1);
    trouble_.works();
}

void EngineWatch::wait_for_next_look() {
    const MutexLock lock(mutex_);
    const std::int64_t begin_us = system_clock().monotonic_us();
    while (!stopping_) {
        std::int64_t pause_ms = options_.check_ms;
        if (closed() || doubted_) {
            const int doublings = std::min(failures_ - 1, 10);
            pause_ms = failures_ <= 0
                           ? 0
                           : std::min(options_.first_pause_ms << std::max(doublings, 0), options_.longest_pause_ms);
        }
        const std::int64_t left_us = begin_us + pause_ms * 1'000 - system_clock().monotonic_us();
        if (left_us <= 0) return;
        wake_.wait_us(mutex_, left_us);
    }
}

}  // namespace stoa::cache
