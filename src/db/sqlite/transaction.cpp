#include "db/sqlite/transaction.hpp"

#include "db/sqlite/schema_sql.hpp"

namespace stoa::db::sqlite {
namespace {

/// One per thread: its content is used up before a statement takes its first step, so nested use is fine.
SqlBuilder& builder() {
    thread_local SqlBuilder instance{Dialect::sqlite};
    return instance;
}

std::vector<Binding> bindings_of(std::span<const Value> values) {
    std::vector<Binding> bindings;
    bindings.reserve(values.size());
    for (const auto& value : values)
        bindings.push_back({Binding::Kind::value, 0, {}, &value});
    return bindings;
}

Status run_query(Connection& connection, const SqlBuilder& built, RowSink sink) {
    STOA_CHECK(built.status());
    return connection.query(built.sql(), built.bindings(), sink);
}

Result<std::int64_t> run_execute(Connection& connection, const SqlBuilder& built) {
    STOA_CHECK(built.status());
    return connection.execute(built.sql(), built.bindings());
}

Binding integer(std::int64_t value) {
    return {Binding::Kind::integer, value, {}, nullptr};
}
Binding text(std::string_view value) {
    return {Binding::Kind::text, 0, value, nullptr};
}

/// Undoes back to where it was made unless kept.
class Savepoint {
  public:
    explicit Savepoint(Connection& connection) : connection_(connection) {}
    Status open() {
        STOA_CHECK(connection_.execute("SAVEPOINT nested"));
        open_ = true;
        return {};
    }
    Status keep() {
        open_ = false;
        STOA_CHECK(connection_.execute("RELEASE nested"));
        return {};
    }
    ~Savepoint() {
        // An error may have rolled back everything already; then the group is given up by the writer.
        if (!open_ || !connection_.in_transaction()) return;
        (void)connection_.execute("ROLLBACK TO nested");
        (void)connection_.execute("RELEASE nested");
    }
    Savepoint(const Savepoint&) = delete;
    Savepoint& operator=(const Savepoint&) = delete;

  private:
    Connection& connection_;
    bool open_ = false;
};

}  // namespace

Status SqliteRawTx::query(std::string_view sql, std::span<const Value> parameters, RowSink sink) {
    return connection_.query(sql, bindings_of(parameters), sink);
}

Result<std::int64_t> SqliteRawTx::execute(std::string_view sql, std::span<const Value> parameters) {
    return connection_.execute(sql, bindings_of(parameters));
}

Status SqliteRawTx::ensure_table(const TableDef& table) {
    return sqlite::ensure_table(connection_, table);
}

Status Reads::select(const Select& select, RowSink sink) {
    auto& built = builder();
    built.select(account_, select);
    return run_query(connection_, built, sink);
}

Status Reads::aggregate(const Aggregate& aggregate, RowSink sink) {
    auto& built = builder();
    built.aggregate(account_, aggregate);
    return run_query(connection_, built, sink);
}

Result<std::int64_t> Reads::count(const std::string& table, const Condition& where, std::int64_t at_most) {
    auto& built = builder();
    built.count(account_, table, where, at_most);
    std::int64_t rows = 0;
    STOA_CHECK(run_query(connection_, built, [&](const Row& row) {
        rows = row.integer(0);
        return true;
    }));
    return rows;
}

Status SqliteWriteTx::insert(const std::string& table, std::span<const Assignment> row) {
    auto& built = builder();
    built.insert(account(), table, row);
    STOA_CHECK(run_execute(connection_, built));
    return {};
}

Status SqliteWriteTx::upsert(const std::string& table, std::span<const std::string> key,
                             std::span<const Assignment> row) {
    auto& built = builder();
    built.upsert(account(), table, key, row);
    STOA_CHECK(run_execute(connection_, built));
    return {};
}

Result<std::int64_t> SqliteWriteTx::update(const std::string& table, std::span<const Assignment> changes,
                                           const Condition& where) {
    auto& built = builder();
    built.update(account(), table, changes, where);
    return run_execute(connection_, built);
}

Result<std::int64_t> SqliteWriteTx::remove(const std::string& table, const Condition& where) {
    auto& built = builder();
    built.remove(account(), table, where);
    return run_execute(connection_, built);
}

Result<std::int64_t> SqliteWriteTx::next_id(std::string_view sequence, std::int64_t count) {
    if (account() <= 0) return internal_error("Without an account only raw() is allowed.");
    if (count < 1 || sequence.empty()) return internal_error("A sequence has no name or an impossible block.");
    const Binding bindings[] = {integer(account()), text(sequence), integer(count)};
    std::int64_t first = 0;
    STOA_CHECK(
        connection_.query("INSERT INTO sequences (account_id, name, next_id) VALUES (?1, ?2, 1 + ?3) "
                          "ON CONFLICT (account_id, name) DO UPDATE SET next_id = next_id + ?3 RETURNING next_id - ?3",
                          bindings, [&](const Row& row) {
                              first = row.integer(0);
                              return true;
                          }));
    return first;
}

Status SqliteWriteTx::raise_sequence(std::string_view sequence, std::int64_t next) {
    if (account() <= 0) return internal_error("Without an account only raw() is allowed.");
    if (next < 1 || sequence.empty()) return internal_error("A sequence has no name or an impossible number.");
    const Binding bindings[] = {integer(account()), text(sequence), integer(next)};
    STOA_CHECK(
        connection_.execute("INSERT INTO sequences (account_id, name, next_id) VALUES (?1, ?2, ?3) "
                            "ON CONFLICT (account_id, name) DO UPDATE SET next_id = max(next_id, ?3)",
                            bindings));
    return {};
}

Status SqliteWriteTx::nested(FunctionRef<Status()> fn) {
    const auto callbacks = on_commit_.size();
    Savepoint savepoint(connection_);
    STOA_CHECK(savepoint.open());
    auto status = fn();
    if (!status.ok()) {
        on_commit_.resize(callbacks);
        return status;
    }
    return savepoint.keep();
}

}  // namespace stoa::db::sqlite
