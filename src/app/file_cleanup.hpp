#pragma once
// Removes bytes from the file store that no record names any more, a day after nobody named them. References in the
// database decide, see model/stored_files.hpp. Uploads in parts that nobody finished are forgotten first. A bounded
// number per run.

#include <atomic>
#include <functional>

#include "app/portal.hpp"
#include "base/thread_pool.hpp"
#include "files/store.hpp"

namespace stoa::app {

class FileCleanup {
  public:
    struct Counts {
        int found = 0;    ///< blobs that nobody names
        int removed = 0;  ///< of those; the others come again with the next run
    };
    using Done = std::function<void(Result<Counts>)>;

    FileCleanup(Portal& portal, files::Store& store) : portal_(portal), store_(store) {}

    /// From any thread every second or so; the look into the database runs on the pool, now and then.
    void tick(ThreadPool& workers);
    /// Reads the database on the calling thread, then goes on without it; `done` runs once, on any thread.
    void run(Done done);

  private:
    static constexpr int kEveryTicks = 600;

    Portal& portal_;
    files::Store& store_;
    std::atomic<int> ticks_{0};
    std::atomic<bool> running_{false};
};

}  // namespace stoa::app
