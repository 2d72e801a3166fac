#pragma once
// WriteHold: the write lock of a store, held while its owner works elsewhere. Everybody else's writes wait meanwhile,
// in every process, and go on afterwards. One owner thread; the function that commits runs on the store's writer
// thread.

#include <future>
#include <memory>

#include "base/thread_annotations.hpp"
#include "db/database.hpp"

namespace stoa::db::transfer {

class WriteHold {
  public:
    /// Waits for the lock. It is let go by itself, without having changed anything, at `hold_ms` after it was got.
    /// Errors: timeout, and those of the store.
    static Result<std::unique_ptr<WriteHold>> acquire(Database& database, int wait_ms, int hold_ms);
    ~WriteHold();  ///< abandons
    WriteHold(const WriteHold&) = delete;
    WriteHold& operator=(const WriteHold&) = delete;

    /// Runs fn in the transaction that holds the lock, and commits. The hold is over, whatever comes back; an error
    /// means that nothing was changed: fn's own, or timeout when the lock was let go already.
    Status commit(std::function<Status(WriteTx&)> fn);

    std::int64_t held_since_us() const { return held_since_us_; }
    std::int64_t left_ms() const;  ///< until it is let go by itself

  private:
    /// Shared with the writer thread, which may outlive the owner's interest.
    struct Shared {
        Mutex mutex;
        CondVar changed;
        bool held STOA_GUARDED_BY(mutex) = false;
        bool decided STOA_GUARDED_BY(mutex) = false;
        std::function<Status(WriteTx&)> fn STOA_GUARDED_BY(mutex);  ///< empty: abandon
        std::promise<Status> done;
    };
    WriteHold() = default;
    static Result<std::string> wait_inside(Shared& shared, WriteTx& tx, int hold_ms);
    Status decide(std::function<Status(WriteTx&)> fn);

    std::shared_ptr<Shared> shared_;
    std::future<Status> done_;
    std::int64_t held_since_us_ = 0;
    std::int64_t until_us_ = 0;
};

}  // namespace stoa::db::transfer
