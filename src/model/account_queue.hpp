#pragma once
// AccountQueue: the accounts that have something in an outbox. Filled after commits, from any thread and without
// waiting; emptied by one thread. Each account is in it once.

#include <cstdint>
#include <set>
#include <vector>

#include "base/ids.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::model {

class AccountQueue {
  public:
    /// `look_first`: the first wait() does not wait, so that what an earlier run left is looked for.
    explicit AccountQueue(bool look_first = true) : pending_(look_first) {}

    void add(AccountId account) STOA_EXCLUDES(mutex_);
    /// Until there is something, or for so long; false when it was stopped. Then lingers: writers come in groups, and
    /// what commits meanwhile shares the work.
    bool wait(int linger_ms, std::int64_t longest_us) STOA_EXCLUDES(mutex_);
    /// At most so many; wait() does not wait while there are more.
    std::vector<AccountId> take(std::size_t most) STOA_EXCLUDES(mutex_);
    void stop() STOA_EXCLUDES(mutex_);
    bool stopped() const STOA_EXCLUDES(mutex_);

  private:
    mutable Mutex mutex_;
    CondVar changed_;
    bool pending_ STOA_GUARDED_BY(mutex_);
    bool stopped_ STOA_GUARDED_BY(mutex_) = false;
    std::set<AccountId> accounts_ STOA_GUARDED_BY(mutex_);
};

}  // namespace stoa::model
