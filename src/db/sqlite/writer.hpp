#pragma once
// Writer: the one thread that changes the file. Takes waiting requests in order, runs them in one transaction, commits
// once for all of them, then tells each. Any thread may submit; private to src/db/sqlite.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/thread_annotations.hpp"
#include "db/database.hpp"
#include "db/shared_words.hpp"
#include "db/sqlite/connection.hpp"
#include "db/sqlite/transaction.hpp"

namespace stoa::db::sqlite {

class Writer {
  public:
    struct Options {
        std::size_t commit_group_max = limits::commit_group_max;
        std::size_t queue_max = limits::write_queue_max;
        std::int64_t quiet_us = 60'000'000;
        /// What other processes on the file say; null: there are none.
        std::unique_ptr<SharedWords> words{};
        std::function<void()> when_quiet{};  ///< on the writer thread, each time nothing was written for quiet_us
    };
    Writer(std::unique_ptr<Connection> connection, Options options);
    ~Writer() { close(); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// `done` is called exactly once: on the writer thread, or at once on this one when the request is refused.
    void submit(WriteRequest request, WriteFn fn, WriteDone done) STOA_EXCLUDES(mutex_);
    /// Finishes what waits, refuses what comes later, ends the thread. Idempotent; not from the writer thread.
    void finish() STOA_EXCLUDES(mutex_, close_mutex_);
    /// finish(), then closes the connection.
    void close() STOA_EXCLUDES(mutex_, close_mutex_);
    DatabaseStats stats() const STOA_EXCLUDES(mutex_);

  private:
    struct Pending {
        WriteRequest request;
        WriteFn fn;
        WriteDone done;
        std::int64_t deadline_us = 0;
    };
    /// A request of the running group; its outcome is told after the commit.
    struct Member {
        Pending pending;
        Result<WriteOutcome> outcome;
        std::vector<std::function<void()>> on_commit;
    };

    void run();
    bool wait_for_work() STOA_EXCLUDES(mutex_);
    std::optional<Pending> take() STOA_EXCLUDES(mutex_);
    void refuse_expired() STOA_EXCLUDES(mutex_);

    void commit_group();
    bool begin();
    void step_aside() const;
    static int keep_waiting(void* self, int tries);
    bool run_member(Pending pending);
    Result<WriteOutcome> run_request(Pending& pending, SqliteWriteTx& tx);
    bool commit();
    void give_up(const Error& error);
    void tell_group();
    void checkpoint();
    void rest();

    const Options options_;

    mutable Mutex mutex_;
    CondVar wake_;
    std::deque<Pending> queue_ STOA_GUARDED_BY(mutex_);
    bool closing_ STOA_GUARDED_BY(mutex_) = false;
    Mutex close_mutex_;

    std::atomic<std::uint64_t> commits_{0};
    std::atomic<std::uint64_t> transactions_{0};

    // The writer thread's own.
    std::unique_ptr<Connection> connection_;
    std::vector<Member> group_;
    int wal_pages_ = 0;        ///< in the log after the last commit
    int checkpoint_at_pages_;  ///< moves up while a reader keeps the log from starting anew
    bool checkpoint_due_ = false;
    std::int64_t waiting_since_us_ = 0;  ///< for the lock, in the running statement

    std::thread thread_ STOA_GUARDED_BY(close_mutex_);
};

}  // namespace stoa::db::sqlite
