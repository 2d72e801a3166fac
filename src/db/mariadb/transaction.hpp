#pragma once
// Tx and WriteTx over MariaDB sessions. On the stack of whoever runs the handler; private to src/db/mariadb.

#include <functional>
#include <string>
#include <vector>

#include "db/mariadb/connection.hpp"
#include "db/transaction.hpp"

namespace stoa::db::mariadb {

/// Where statements go: one session of a transaction, or whichever session a read may use at the moment.
class Executor {
  public:
    virtual Status query(std::string_view sql, std::span<const Binding> bindings, RowSink sink) = 0;
    virtual Result<std::int64_t> execute(std::string_view sql, std::span<const Binding> bindings) = 0;

  protected:
    ~Executor() = default;
};

/// All statements on one session, in its transaction.
class SessionExecutor final : public Executor {
  public:
    explicit SessionExecutor(Connection& connection) : connection_(connection) {}
    Status query(std::string_view sql, std::span<const Binding> bindings, RowSink sink) override {
        return connection_.query(sql, bindings, sink);
    }
    Result<std::int64_t> execute(std::string_view sql, std::span<const Binding> bindings) override {
        return connection_.execute(sql, bindings);
    }

  private:
    Connection& connection_;
};

class MariadbRawTx final : public RawTx {
  public:
    explicit MariadbRawTx(Executor& executor) : executor_(executor) {}
    Status query(std::string_view sql, std::span<const Value> parameters, RowSink sink) override;
    Result<std::int64_t> execute(std::string_view sql, std::span<const Value> parameters) override;
    Status ensure_table(const TableDef& table) override;

  private:
    Executor& executor_;
};

/// The reading half, for Tx and WriteTx alike.
class Reads {
  public:
    Reads(Executor& executor, AccountId account) : executor_(executor), account_(account), raw_(executor) {}
    Status select(const Select& select, RowSink sink);
    Status aggregate(const Aggregate& aggregate, RowSink sink);
    Result<std::int64_t> count(const std::string& table, const Condition& where, std::int64_t at_most);
    RawTx& raw() { return raw_; }

  private:
    Executor& executor_;
    AccountId account_;
    MariadbRawTx raw_;
};

class MariadbTx final : public Tx {
  public:
    MariadbTx(Executor& executor, AccountId account) : Tx(account), reads_(executor, account) {}
    Status select(const Select& select, RowSink sink) override { return reads_.select(select, sink); }
    Status aggregate(const Aggregate& aggregate, RowSink sink) override { return reads_.aggregate(aggregate, sink); }
    Result<std::int64_t> count(const std::string& table, const Condition& where, std::int64_t at_most) override {
        return reads_.count(table, where, at_most);
    }
    RawTx& raw() override { return reads_.raw(); }

  private:
    Reads reads_;
};

class MariadbWriteTx final : public WriteTx {
  public:
    MariadbWriteTx(Connection& connection, AccountId account)
        : WriteTx(account), connection_(connection), executor_(connection), reads_(executor_, account) {}

    Status select(const Select& select, RowSink sink) override { return reads_.select(select, sink); }
    Status aggregate(const Aggregate& aggregate, RowSink sink) override { return reads_.aggregate(aggregate, sink); }
    Result<std::int64_t> count(const std::string& table, const Condition& where, std::int64_t at_most) override {
        return reads_.count(table, where, at_most);
    }
    RawTx& raw() override { return reads_.raw(); }

    Status insert(const std::string& table, std::span<const Assignment> row) override;
    Status upsert(const std::string& table, std::span<const std::string> key, std::span<const Assignment> row) override;
    Result<std::int64_t> update(const std::string& table, std::span<const Assignment> changes,
                                const Condition& where) override;
    Result<std::int64_t> remove(const std::string& table, const Condition& where) override;
    Result<std::int64_t> next_id(std::string_view sequence, std::int64_t count) override;
    Status raise_sequence(std::string_view sequence, std::int64_t next) override;
    Status nested(FunctionRef<Status()> fn) override;
    void on_commit(std::function<void()> fn) override { on_commit_.push_back(std::move(fn)); }

    std::vector<std::function<void()>> take_on_commit() { return std::move(on_commit_); }

  private:
    Connection& connection_;
    SessionExecutor executor_;
    Reads reads_;
    std::vector<std::function<void()>> on_commit_;
    int depth_ = 0;  ///< of nested()
};

/// `?1` style placeholders, which SQLite knows, in the order in which they stand. Errors: internal (a value too few or
/// too many).
Result<std::string> positional(std::string_view sql, std::span<const Value> parameters, std::vector<Binding>& bindings);

}  // namespace stoa::db::mariadb
