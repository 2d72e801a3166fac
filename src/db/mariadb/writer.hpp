#pragma once
// Writer: runs write transactions on MariaDB. Waiting requests are grouped by account; a few threads each take all that
// waits for one account and commit it as one transaction, each request in its own savepoint.
//
// Writers of one account are one after another, in this process and among processes: every transaction starts by
// changing the account's row `_writes` in `sequences`. So a function sees what the one before it left, as on the
// embedded store, and ids and outbox rows become visible in the order of their numbers. Different accounts do not wait
// for each other. With Galera the changed row makes a conflict between two nodes certain to be noticed.
//
// A transaction that was lost (deadlock, lost session, no primary any more) is run again until its deadline. Whether a
// COMMIT without an answer took effect is decided by the receipts: the rerun finds them (mechanism 1).
// Any thread may submit; private to src/db/mariadb.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/thread_annotations.hpp"
#include "db/database.hpp"
#include "db/mariadb/servers.hpp"
#include "db/mariadb/transaction.hpp"

namespace stoa::db::mariadb {

class Writer {
  public:
    struct Options {
        int threads = 8;
        std::size_t queue_max = limits::write_queue_max;
        std::size_t commit_group_max = limits::commit_group_max;
        bool galera = false;
    };
    Writer(Servers& servers, Options options);
    ~Writer() { close(); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// `done` is called exactly once: on a writer thread, or at once on this one when the request is refused.
    void submit(WriteRequest request, WriteFn fn, WriteDone done) STOA_EXCLUDES(mutex_);
    /// Finishes what waits, refuses what comes later, ends the threads. Idempotent; not from a writer thread.
    void close() STOA_EXCLUDES(mutex_);
    DatabaseStats stats() const STOA_EXCLUDES(mutex_);

  private:
    struct Member {
        WriteRequest request;
        WriteFn fn;
        WriteDone done;
        std::int64_t deadline_us = 0;

        Result<WriteOutcome> outcome = Error{};
        std::vector<std::function<void()>> on_commit{};
        bool ran = false;       ///< in the transaction at hand
        bool in_doubt = false;  ///< an earlier COMMIT of it was not answered; outcome and on_commit are from that run
        bool finished = false;  ///< outcome is final
    };
    using Group = std::vector<Member>;
    struct Account {
        std::deque<Member> waiting;
        bool running = false;
    };
    enum class Step : std::uint8_t { done, again };

    void run();
    Group take() STOA_EXCLUDES(mutex_);
    void finish_account(AccountId account) STOA_EXCLUDES(mutex_);

    void commit_group(Group& group);
    Step attempt(Group& group);
    Status begin(Connection& connection, AccountId account);
    bool run_members(Connection& connection, Group& group);
    bool run_member(Connection& connection, Member& member, bool alone);
    Result<WriteOutcome> run_request(Connection& connection, Member& member, MariadbWriteTx& tx);
    void expire(Group& group, const Error& why);
    void finish(Member& member, Error error);
    void tell(Group& group);

    Servers& servers_;
    const Options options_;

    mutable Mutex mutex_;
    CondVar wake_;
    std::unordered_map<AccountId, Account> accounts_ STOA_GUARDED_BY(mutex_);
    std::deque<AccountId> ready_ STOA_GUARDED_BY(mutex_);  ///< have waiting requests and no thread yet
    std::size_t waiting_ STOA_GUARDED_BY(mutex_) = 0;
    bool closing_ STOA_GUARDED_BY(mutex_) = false;

    std::atomic<std::uint64_t> commits_{0};
    std::atomic<std::uint64_t> transactions_{0};
    std::vector<std::thread> threads_;
};

}  // namespace stoa::db::mariadb
