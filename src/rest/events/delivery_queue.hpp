#pragma once
// Deliveries that wait in memory for a worker: by time, and never more than a few at once per host. Any thread.
// A full queue drops the entry and remembers that the store knows more (see overflowed()).

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/ids.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::rest {

struct DueDelivery {
    AccountId account = 0;
    RecordId id = 0;
    std::string host;        ///< empty = not known yet
    std::int64_t at_us = 0;  ///< monotonic clock
};

class DeliveryQueue {
  public:
    DeliveryQueue(std::size_t entries_max, int per_host_max);

    /// One that waits or runs already is ignored.
    void push(DueDelivery delivery) STOA_EXCLUDES(mutex_);
    /// Waits for one that is due and whose host has a free place; nullopt after close(), or after wait_max_us.
    std::optional<DueDelivery> pop(std::int64_t wait_max_us) STOA_EXCLUDES(mutex_);
    /// The call that pop() gave out has ended; push it again for the next attempt.
    void finished(const DueDelivery& delivery) STOA_EXCLUDES(mutex_);
    void close() STOA_EXCLUDES(mutex_);

    std::size_t size() const STOA_EXCLUDES(mutex_);
    /// True once after entries were dropped and everything that was kept is gone.
    bool take_overflow() STOA_EXCLUDES(mutex_);

  private:
    struct Host {
        std::multimap<std::int64_t, DueDelivery> waiting;
        int running = 0;
    };

    const std::size_t entries_max_;
    const int per_host_max_;
    mutable Mutex mutex_;
    CondVar wake_;
    std::map<std::string, Host> hosts_ STOA_GUARDED_BY(mutex_);
    std::set<std::pair<AccountId, RecordId>> known_ STOA_GUARDED_BY(mutex_);  ///< waiting and running
    std::size_t size_ STOA_GUARDED_BY(mutex_) = 0;                            ///< waiting
    bool overflow_ STOA_GUARDED_BY(mutex_) = false;
    bool closed_ STOA_GUARDED_BY(mutex_) = false;
};

}  // namespace stoa::rest
