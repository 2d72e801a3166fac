#pragma once
// Tx and WriteTx: what a handler may do inside db.read() and db.write(). Bound to one account for life.
// Used on the thread that runs the handler only; invalid after it returns.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/schema.hpp"
#include "db/statement.hpp"

namespace stoa::db {

/// Called for each row; return false to stop early.
using RowSink = FunctionRef<bool(const Row&)>;

/// Statements that see every account: directory look-ups (webhook code → account), migrations, housekeeping.
/// Allowed in src/db, src/model and src/modules/accounts only; scripts/check refuses it elsewhere.
class RawTx {
  public:
    virtual ~RawTx() = default;
    virtual Status query(std::string_view sql, std::span<const Value> parameters, RowSink sink) = 0;
    virtual Result<std::int64_t> execute(std::string_view sql,
                                         std::span<const Value> parameters) = 0;  ///< rows changed
    virtual Status ensure_table(const TableDef& table) = 0;  ///< creates it, or adds missing columns and indexes
};

class Tx {
  public:
    virtual ~Tx() = default;
    AccountId account() const { return account_; }

    virtual Status select(const Select& select, RowSink sink) = 0;
    virtual Status aggregate(const Aggregate& aggregate, RowSink sink) = 0;
    /// Rows matching; counts at most `at_most` (0 = all).
    virtual Result<std::int64_t> count(const std::string& table, const Condition& where, std::int64_t at_most = 0) = 0;
    virtual RawTx& raw() = 0;

  protected:
    explicit Tx(AccountId account) : account_(account) {}

  private:
    AccountId account_;
};

class WriteTx : public Tx {
  public:
    /// Errors: already_exists (primary or unique key).
    virtual Status insert(const std::string& table, std::span<const Assignment> row) = 0;
    /// Inserts, or where the primary key exists already updates the other columns.
    virtual Status upsert(const std::string& table, std::span<const std::string> key,
                          std::span<const Assignment> row) = 0;
    virtual Result<std::int64_t> update(const std::string& table, std::span<const Assignment> changes,
                                        const Condition& where) = 0;
    virtual Result<std::int64_t> remove(const std::string& table, const Condition& where) = 0;

    /// The next `count` ids of this account's sequence (first of the block), counted from 1; taken in this transaction.
    virtual Result<std::int64_t> next_id(std::string_view sequence, std::int64_t count = 1) = 0;
    /// Moves the sequence so that the next id is at least `next` (imports, fixtures, a forced change of home).
    virtual Status raise_sequence(std::string_view sequence, std::int64_t next) = 0;

    /// Runs fn inside a savepoint: its error undoes what it did and is returned; the transaction goes on.
    virtual Status nested(FunctionRef<Status()> fn) = 0;
    /// Runs after the commit is durable, on the committing thread, only if the transaction commits: cache
    /// invalidation, waking the outbox. Must not block. Dropped when an enclosing nested() fails.
    virtual void on_commit(std::function<void()> fn) = 0;

  protected:
    using Tx::Tx;
};

}  // namespace stoa::db
