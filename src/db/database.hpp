#pragma once
// Database: the one door to stored data, the same over every engine.
//
// read(): runs the function on the calling thread over a consistent view; may be called from I/O threads for point
// reads on the embedded store. write(): one transaction that saves what the function did together with a receipt
// (mechanism 1): a request key that was committed before is not run again, its stored answer is given instead.
// The function may run more than once (deadlock, lost connection), so it must have no effect outside the transaction.
//
// The embedded driver has one writer thread: waiting transactions are committed together with one fsync (WAL,
// synchronous=FULL). MariaDB: several writers, each with its own session; reads may go to replicas (mechanism 3) and
// wait while there is no primary (mechanism 2). Any thread may call; `done` runs once, on the committing thread (or at
// once on the caller's when the request is refused), and must not block. Full queue or deadline passed: busy / timeout,
// with nothing half done.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/engine_url.hpp"
#include "base/function_ref.hpp"
#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "db/schema.hpp"
#include "db/topology.hpp"
#include "db/transaction.hpp"

namespace stoa::db {

/// Where a session's last write stands; a read that carries it sees at least that (mechanism 3). Opaque text:
/// empty on the embedded store, a GTID on MariaDB.
using CommitToken = std::string;

struct ReadOptions {
    CommitToken at_least;
    bool snapshot = false;  ///< several selects see one state; without it each select stands alone (cheaper)
    /// A replica that has reached `at_least` may answer; otherwise the primary does, which is always up to date.
    bool replica = false;
    int timeout_ms = 0;  ///< for the whole read, where a server is asked; 0: as configured (MariadbOptions::hold_ms)
};

/// An idempotency key of full length with what the caller puts before it.
inline constexpr std::size_t kRequestKeyBytesMax = limits::idempotency_key_bytes_max + 45;

struct WriteRequest {
    AccountId account = 0;
    std::string key;          ///< request id, unique per account; empty = no receipt (start-up, housekeeping)
    std::string digest;       ///< of the request's content; the same key with another digest is a conflict
    int timeout_ms = 15'000;  ///< how long it may wait for its turn (mechanism 2)
};

struct WriteOutcome {
    std::string answer;     ///< what the function returned, now or the first time
    bool replayed = false;  ///< the receipt was there already: nothing was run
    CommitToken token;
};

/// Returns the answer to keep in the receipt. An error rolls everything back and leaves no receipt.
using WriteFn = std::function<Result<std::string>(WriteTx&)>;
using WriteDone = std::function<void(Result<WriteOutcome>)>;

/// Looks for something without knowing its account; true = found, stop. Rows of an account for which lives_here() is
/// false do not count: they are on their way to another store, or were left behind by it.
using LookUpFn = FunctionRef<Result<bool>(Tx&, FunctionRef<bool(AccountId)> lives_here)>;

struct DatabaseStats {
    std::uint64_t commits = 0;       ///< fsyncs
    std::uint64_t transactions = 0;  ///< write transactions that committed
    std::size_t queue_length = 0;
};

class Database {
  public:
    virtual ~Database() = default;

    virtual Status read(AccountId account, FunctionRef<Status(Tx&)> fn, const ReadOptions& options = {}) = 0;
    virtual void write(WriteRequest request, WriteFn fn, WriteDone done) = 0;
    /// Blocks until committed. Not from I/O threads, not from inside a write.
    Result<WriteOutcome> write_and_wait(WriteRequest request, WriteFn fn);

    /// Reads across accounts (raw() only): runs fn in every store that holds accounts, the one that new accounts are
    /// made in first, until it returns true. An error of one store is returned after the others were asked.
    virtual Status look_up(LookUpFn fn);
    /// Housekeeping across accounts (raw() only): one write without a receipt in each of those stores. Blocks.
    virtual Status write_each(const std::function<Status(WriteTx&)>& fn);

    /// Applies the steps that are not applied yet, each in its own transaction, then makes sure of the tables.
    /// core_migrations() always come first, listed or not. A file of a newer program is refused: Errc::unsupported.
    virtual Status migrate(const std::vector<Migration>& steps, const std::vector<TableDef>& tables) = 0;
    /// DDL that changes no data, e.g. CREATE INDEX: each statement for itself. Blocks until all are carried out.
    virtual Status change_schema(const std::vector<std::string>& statements);
    virtual DatabaseStats stats() const = 0;
    /// Whether read() may wait for another machine: then it must not be called on I/O threads.
    virtual bool blocks() const { return false; }
    /// Whether there are replicas at the moment, so that it is worth finding out what a reader must see.
    virtual bool has_replicas() const { return false; }
    /// Runs `then` when no process can read from a replica any more what was before that commit: each has it by now, or
    /// lags for so long that it is not read from. At once without replicas; else on a thread of the driver, and not
    /// later than a second after the longest lag that is allowed.
    virtual void when_replicas_have(const CommitToken& token, std::function<void()> then) {
        (void)token;
        then();
    }
    /// Deletes receipts past limits::receipt_lifetime_s; a bounded number per call. Returns how many.
    Result<std::int64_t> purge_receipts(UnixSeconds now);
    /// Finishes queued writes, refuses new ones, closes. Idempotent.
    virtual void close() = 0;
};

struct SqliteOptions {
    std::string path;                           ///< the file; its folder must exist
    std::size_t cache_bytes = 8 * 1024 * 1024;  ///< page cache per connection
    std::size_t commit_group_max = limits::commit_group_max;
    std::size_t write_queue_max = limits::write_queue_max;
    bool read_only = false;  ///< tools that look while a server runs
};

Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options);

struct MariadbOptions {
    EngineUrl url;         ///< mariadb://user@host:port,…/schema; ?mode=galera where every server takes writes
    std::string password;  ///< instead of the one in the address
    std::string tls_ca;    ///< PEM file; empty: no TLS
    int connections = 16;  ///< sessions per server for reading, and as many for writing
    int writers = 8;       ///< threads that write
    int open_timeout_ms = 10'000;  ///< a server that is just starting is waited for
    int hold_ms = 15'000;          ///< how long reads wait for a server (writes: WriteRequest::timeout_ms)
    int replica_lag_max_ms = 5'000;
    int replica_wait_ms = 5;  ///< how long a replica may take to reach ReadOptions::at_least
    std::size_t write_queue_max = limits::write_queue_max;
    std::size_t commit_group_max = limits::commit_group_max;
    std::shared_ptr<Topology> topology{};  ///< instead of the hosts of the address
};

/// Connects to a primary before it returns. Errors: unavailable, saying for each server why it is of no use.
/// Reads may be called from any thread that may block; a read of one statement that loses its server is sent again.
/// With `snapshot` the whole function may run again, so it must not add to what an earlier run left.
Result<std::unique_ptr<Database>> open_mariadb(const MariadbOptions& options);

/// The steps of the core tables that db itself needs: sequences, receipts, outbox, schema_migrations.
const std::vector<Migration>& core_migrations();

}  // namespace stoa::db
