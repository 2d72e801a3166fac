#pragma once
// Work that nobody waits for: usage notes, expired sessions and tokens, old receipts. tick() from any thread every
// second or so; the work itself runs on the worker pool, one run at a time.

#include <atomic>

#include "app/portal.hpp"
#include "base/thread_pool.hpp"
#include "modules/accounts/usage_notes.hpp"

namespace stoa::app {

class Housekeeping {
  public:
    Housekeeping(Portal& portal, accounts::UsageNotes& notes, ThreadPool& workers)
        : portal_(portal), notes_(notes), workers_(workers) {}

    void tick();
    /// At the end: what was noted and not yet written. Blocks.
    void finish();

  private:
    static constexpr int kNotesEveryTicks = 5;
    static constexpr int kPurgeEveryTicks = 60;
    static constexpr int kOldNotificationsEveryPurges = 60;
    void run(bool purge);

    Portal& portal_;
    accounts::UsageNotes& notes_;
    ThreadPool& workers_;
    std::atomic<int> ticks_{0};
    std::atomic<bool> running_{false};
    int purges_ = 0;  ///< one run at a time
};

}  // namespace stoa::app
