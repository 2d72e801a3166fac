#pragma once
// ReadLease: until when this process may answer from what it has heard. holds() any thread, one atomic load and a look
// at the clock; confirm() the thread that looks for the master; the rest the thread that talks to it.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>

#include "base/clock.hpp"
#include "base/thread_annotations.hpp"
#include "cache/redis/lease_times.hpp"
#include "cache/wire/socket.hpp"

namespace stoa::cache::redis {

class ReadLease {
  public:
    bool holds() const { return system_clock().monotonic_us() < until_us_.load(std::memory_order_acquire); }

    /// That server was found to be the master: leases from it may last until then.
    void confirm(const Address& master, std::int64_t until_us) STOA_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        confirmed_ = master;
        confirmed_until_us_ = until_us;
    }

    void begin_with(const Address& master) { master_ = master; }
    /// Call it before the renewal is sent.
    void ask(std::uint64_t renewal, std::int64_t now_us) {
        asked_.push_back({renewal, now_us});
        if (asked_.size() > kAskedMax) asked_.pop_front();
    }
    /// The echo of a renewal has come down the channel, after all that was published before it.
    void heard(std::uint64_t renewal) STOA_EXCLUDES(mutex_) {
        while (!asked_.empty() && asked_.front().renewal < renewal)
            asked_.pop_front();
        if (asked_.empty() || asked_.front().renewal != renewal) return;
        const std::int64_t ends_us = asked_.front().at_us + kLeaseUs - kMarginUs;
        asked_.pop_front();
        const MutexLock lock(mutex_);
        const std::int64_t confirmed_us = confirmed_ == master_ ? confirmed_until_us_ : 0;
        until_us_.store(std::min(ends_us, confirmed_us), std::memory_order_release);
    }
    void end() {
        until_us_.store(0, std::memory_order_release);
        asked_.clear();
    }

  private:
    static constexpr std::size_t kAskedMax = 32;
    struct Asked {
        std::uint64_t renewal;
        std::int64_t at_us;
    };
    std::atomic<std::int64_t> until_us_{0};
    std::deque<Asked> asked_;
    Address master_;
    Mutex mutex_;
    Address confirmed_ STOA_GUARDED_BY(mutex_);
    std::int64_t confirmed_until_us_ STOA_GUARDED_BY(mutex_) = 0;
};

}  // namespace stoa::cache::redis
