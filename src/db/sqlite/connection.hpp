#pragma once
// Connection: one SQLite handle with its prepared statements. One thread at a time; private to src/db/sqlite.

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "db/sql/sql_builder.hpp"
#include "db/transaction.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace stoa::db::sqlite {

/// The prepared statements of one connection by their text, least recently used ones dropped.
class StatementCache {
    struct Entry {
        std::string sql;
        std::vector<sqlite3_stmt*> idle;
        int leased = 0;
    };
    using Entries = std::list<Entry>;

  public:
    explicit StatementCache(sqlite3* handle) : handle_(handle) {}
    ~StatementCache();
    StatementCache(const StatementCache&) = delete;
    StatementCache& operator=(const StatementCache&) = delete;

    /// A prepared statement until it goes out of scope. The same text may be leased twice: select inside a select.
    class Lease {
      public:
        Lease(Lease&& other) noexcept : entry_(other.entry_), statement_(std::exchange(other.statement_, nullptr)) {}
        Lease& operator=(Lease&&) = delete;
        ~Lease();
        sqlite3_stmt* get() const { return statement_; }

      private:
        friend class StatementCache;
        Lease(Entry* entry, sqlite3_stmt* statement) : entry_(entry), statement_(statement) {}
        Entry* entry_;
        sqlite3_stmt* statement_;
    };

    Result<Lease> lease(std::string_view sql);
    std::size_t size() const { return entries_.size(); }
    /// Drops statements that are not leased until at most `kept` remain.
    void shrink(std::size_t kept);

  private:
    sqlite3* handle_;
    Entries entries_;  ///< most recently used first; nodes never move
    std::unordered_map<std::string_view, Entries::iterator> by_sql_;
};

struct ConnectionOptions {
    std::string path;
    std::size_t cache_bytes = 0;
    bool create = false;
    bool query_only = false;
    int busy_timeout_ms = 0;
};

class Connection {
  public:
    /// Errors say what the operator should do.
    static Result<std::unique_ptr<Connection>> open(const ConnectionOptions& options);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    sqlite3* handle() const { return handle_; }
    StatementCache& statements() { return *statements_; }
    void set_busy_timeout(int ms);
    /// Gives back what only makes the next statements faster: prepared statements, cached pages.
    void release_memory();
    /// False also after an error made SQLite roll back on its own.
    bool in_transaction() const;

    Status query(std::string_view sql, std::span<const Binding> bindings, RowSink sink);
    Result<std::int64_t> execute(std::string_view sql, std::span<const Binding> bindings = {});  ///< rows changed
    /// Several statements without values; not kept prepared.
    Status run_script(std::string_view sql);

    /// While it lives, nothing runs outside a transaction: a full disk can end one in the middle of a function, and
    /// what the function does next must not be saved on its own.
    class TransactionOnly {
      public:
        explicit TransactionOnly(Connection& connection) : connection_(connection) {
            connection_.transaction_only_ = true;
        }
        ~TransactionOnly() { connection_.transaction_only_ = false; }
        TransactionOnly(const TransactionOnly&) = delete;
        TransactionOnly& operator=(const TransactionOnly&) = delete;

      private:
        Connection& connection_;
    };

  private:
    Status check_usable() const;
    explicit Connection(sqlite3* handle);
    Status configure(const ConnectionOptions& options);

    sqlite3* handle_;
    std::unique_ptr<StatementCache> statements_;
    bool transaction_only_ = false;
};

/// What an SQLite result code means to our callers. Details that only developers need go to the log.
Error to_error(int code, sqlite3* handle);

}  // namespace stoa::db::sqlite
