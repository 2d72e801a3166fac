#pragma once
// Tx and WriteTx over one SQLite connection. On the stack of whoever runs the handler; private to src/db/sqlite.

#include <functional>
#include <vector>

#include "db/sqlite/connection.hpp"
#include "db/transaction.hpp"

namespace stoa::db::sqlite {

class SqliteRawTx final : public RawTx {
  public:
    explicit SqliteRawTx(Connection& connection) : connection_(connection) {}

    Status query(std::string_view sql, std::span<const Value> parameters, RowSink sink) override;
    Result<std::int64_t> execute(std::string_view sql, std::span<const Value> parameters) override;
    Status ensure_table(const TableDef& table) override;

  private:
    Connection& connection_;
};

/// The reading half, for Tx and WriteTx alike.
class Reads {
  public:
    Reads(Connection& connection, AccountId account) : connection_(connection), account_(account), raw_(connection) {}

    Status select(const Select& select, RowSink sink);
    Status aggregate(const Aggregate& aggregate, RowSink sink);
    Result<std::int64_t> count(const std::string& table, const Condition& where, std::int64_t at_most);
    RawTx& raw() { return raw_; }

  private:
    Connection& connection_;
    AccountId account_;
    SqliteRawTx raw_;
};

class SqliteTx final : public Tx {
  public:
    SqliteTx(Connection& connection, AccountId account) : Tx(account), reads_(connection, account) {}

    Status select(const Select& select, RowSink sink) override { return reads_.select(select, sink); }
    Status aggregate(const Aggregate& aggregate, RowSink sink) override { return reads_.aggregate(aggregate, sink); }
    Result<std::int64_t> count(const std::string& table, const Condition& where, std::int64_t at_most) override {
        return reads_.count(table, where, at_most);
    }
    RawTx& raw() override { return reads_.raw(); }

  private:
    Reads reads_;
};

class SqliteWriteTx final : public WriteTx {
  public:
    SqliteWriteTx(Connection& connection, AccountId account)
        : WriteTx(account), connection_(connection), reads_(connection, account) {}

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

    Connection& connection() { return connection_; }
    std::vector<std::function<void()>> take_on_commit() { return std::move(on_commit_); }

  private:
    Connection& connection_;
    Reads reads_;
    std::vector<std::function<void()>> on_commit_;
};

}  // namespace stoa::db::sqlite
