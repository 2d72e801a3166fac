#pragma once
// Homes: a Database that sends each account to the store where it lives. That is the store at hand, unless its table
// `homes` names another one for the account, or for everything (account 0; then that one's table counts).
//
// A move to another store is learned of without being told:
// - A write looks into `homes` inside its own transaction, before it runs. The mover writes there while it holds the
//   store's write lock, so no write can slip in after it. Whoever finds himself too late is sent on to the new home
//   with what is left of his time; nobody sees an error.
// - A read looks at a number in shared memory (SharedWords), and into the table when that changed: a read that begins
//   after a write was acknowledged at the new home goes there, too. It costs a load and a look at the clock; after
//   kLookAgainUs the table is looked into in any case.
//
// Any thread. Homes are opened by a thread of their own, in advance when a move to them begins. Reads that come before
// that is done wait, at most limits::home_open_wait_ms; writes wait in a queue of limits::home_queue_max, as long as
// their own timeout allows. Nothing comes back: a store that was left is never asked for that account again.
//
// Across accounts: credentials are looked up by hash in the directory's store first, then in the homes of accounts that
// moved away one by one. A hit costs nothing more than before, a miss one look-up per further home.

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_annotations.hpp"
#include "db/database.hpp"
#include "db/homes/home_map.hpp"
#include "db/shared_words.hpp"

namespace stoa::db {

/// Opens the store at an address; may block. Its schema is brought up to date here.
using HomeOpener = std::function<Result<std::unique_ptr<Database>>(const HomeAddress&)>;

class Homes final : public Database {
  public:
    /// `local_path`: the file of an embedded store; empty for a store whose accounts do not move away while it is open:
    /// its table is read once. Nothing is asked of the store before migrate().
    static Result<std::unique_ptr<Homes>> open(std::unique_ptr<Database> local, const std::string& local_path,
                                               HomeOpener opener);
    ~Homes() override { close(); }
    Homes(const Homes&) = delete;
    Homes& operator=(const Homes&) = delete;

    Status read(AccountId account, FunctionRef<Status(Tx&)> fn, const ReadOptions& options = {}) override;
    void write(WriteRequest request, WriteFn fn, WriteDone done) override;
    Status look_up(LookUpFn fn) override;
    Status write_each(const std::function<Status(WriteTx&)>& fn) override;
    /// Of every home; the store at hand stays as it is when it was left as a whole.
    /// Error: unavailable while it is being filled by a move or a restore.
    Status migrate(const std::vector<Migration>& steps, const std::vector<TableDef>& tables) override;
    /// The same for who fills it.
    Status migrate_to_fill(const std::vector<Migration>& steps, const std::vector<TableDef>& tables);
    DatabaseStats stats() const override;
    bool blocks() const override;        ///< that of any home
    bool has_replicas() const override;  ///< that of any home
    void close() override STOA_EXCLUDES(mutex_);

    /// Where everything lives when the store at hand was left; empty otherwise.
    HomeAddress moved_to() const { return map().directory_address; }
    /// Where an account lives; empty: in the store at hand.
    HomeAddress address_of(AccountId account) const;
    /// Accounts that left the store of all others.
    std::vector<AccountId> moved_accounts() const;
    /// The store at hand itself, for its upkeep.
    Database& local() { return *local_; }

  private:
    struct Job;

    Homes(std::unique_ptr<Database> local, std::unique_ptr<SharedWords> words, HomeOpener opener);

    const HomeMap& map() const { return *map_.load(std::memory_order_acquire); }
    /// The map as it is now; asks the table when it may have changed.
    Result<const HomeMap*> current_map();
    Result<const HomeMap*> look_again(const HomeMap& known) STOA_EXCLUDES(mutex_);
    Result<Database*> home_of(AccountId account);
    Result<Database*> wait_for(AccountId account) STOA_EXCLUDES(mutex_);

    void follow(std::shared_ptr<Job> job) STOA_EXCLUDES(mutex_);
    std::uint64_t ask(std::vector<HomeAddress> wanted) STOA_EXCLUDES(mutex_);
    std::uint64_t wake() STOA_REQUIRES(mutex_);

    // The thread's own.
    void run();
    bool wait_for_work(std::uint64_t& asked) STOA_EXCLUDES(mutex_);
    Status refresh() STOA_EXCLUDES(refresh_mutex_, mutex_);
    Result<Database*> opened(const HomeAddress& home) STOA_REQUIRES(refresh_mutex_);
    const HomeMap* publish(HomeMap map, bool complete) STOA_EXCLUDES(mutex_);
    void send_on() STOA_EXCLUDES(mutex_);

    const std::unique_ptr<Database> local_;
    const std::unique_ptr<SharedWords> words_;  ///< null: nothing moves away
    const HomeOpener opener_;
    std::atomic<const HomeMap*> map_;
    std::atomic<std::uint64_t> known_epoch_;
    std::atomic<std::int64_t> looked_at_us_{0};

    Mutex refresh_mutex_;  ///< one refresh at a time; taken before mutex_
    std::map<std::string, std::unique_ptr<Database>> homes_ STOA_GUARDED_BY(refresh_mutex_);  ///< by address
    std::vector<Migration> steps_ STOA_GUARDED_BY(refresh_mutex_);
    std::vector<TableDef> tables_ STOA_GUARDED_BY(refresh_mutex_);
    bool migrated_ STOA_GUARDED_BY(refresh_mutex_) = false;

    mutable Mutex mutex_;
    CondVar wake_;                                                              ///< for the thread
    CondVar published_;                                                         ///< for who waits for a home
    std::vector<std::unique_ptr<const HomeMap>> maps_ STOA_GUARDED_BY(mutex_);  ///< kept: readers hold plain pointers
    std::vector<HomeAddress> wanted_ STOA_GUARDED_BY(mutex_);  ///< to be opened, also without being in a map
    std::deque<std::shared_ptr<Job>> jobs_ STOA_GUARDED_BY(mutex_);
    Error problem_ STOA_GUARDED_BY(mutex_);             ///< of the last refresh
    std::uint64_t asked_ STOA_GUARDED_BY(mutex_) = 0;   ///< how often the thread was asked to look
    std::uint64_t served_ STOA_GUARDED_BY(mutex_) = 0;  ///< up to which of them it has looked
    bool closing_ STOA_GUARDED_BY(mutex_) = false;
    std::thread thread_ STOA_GUARDED_BY(mutex_);
};

}  // namespace stoa::db
