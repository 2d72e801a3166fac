#include "db/mariadb/transaction.hpp"

#include <algorithm>
#include <memory>

#include "db/mariadb/schema.hpp"

namespace stoa::db::mariadb {
namespace {

/// A builder for one statement, with the memory of an earlier one of the thread. Not one per thread: while a fiber
/// waits for its statement another may build one.
class Builder {
  public:
    Builder() {
        if (spare().empty()) spare().push_back(std::make_unique<SqlBuilder>(Dialect::mariadb));
        builder_ = std::move(spare().back());
        spare().pop_back();
    }
    ~Builder() { spare().push_back(std::move(builder_)); }
    Builder(const Builder&) = delete;
    Builder& operator=(const Builder&) = delete;
    SqlBuilder* operator->() const { return builder_.get(); }

  private:
    static std::vector<std::unique_ptr<SqlBuilder>>& spare() {
        thread_local std::vector<std::unique_ptr<SqlBuilder>> instances;
        return instances;
    }
    std::unique_ptr<SqlBuilder> builder_;
};

Status run_query(Executor& executor, const Builder& built, RowSink sink) {
    STOA_CHECK(built->status());
    return executor.query(built->sql(), built->bindings(), sink);
}

Result<std::int64_t> run_execute(Executor& executor, const Builder& built) {
    STOA_CHECK(built->status());
    return executor.execute(built->sql(), built->bindings());
}

Binding integer(std::int64_t value) {
    return {Binding::Kind::integer, value, {}, nullptr};
}
Binding text(std::string_view value) {
    return {Binding::Kind::text, 0, value, nullptr};
}

}  // namespace

Result<std::string> positional(std::string_view sql, std::span<const Value> parameters,
                               std::vector<Binding>& bindings) {
    std::string out;
    out.reserve(sql.size());
    std::size_t unnumbered = 0;
    std::size_t used = 0;
    char quote = 0;
    for (std::size_t i = 0; i < sql.size(); ++i) {
        const char c = sql[i];
        out.push_back(c);
        if (quote != 0) {
            if (c == quote) quote = 0;
            continue;
        }
        if (c == '\'' || c == '"' || c == '`') quote = c;
        if (c != '?') continue;
        std::size_t number = 0;
        while (i + 1 < sql.size() && sql[i + 1] >= '0' && sql[i + 1] <= '9')
            number = number * 10 + static_cast<std::size_t>(sql[++i] - '0');
        if (number == 0) number = ++unnumbered;
        used = std::max(used, number);
        if (number > parameters.size()) break;
        bindings.push_back({Binding::Kind::value, 0, {}, &parameters[number - 1]});
    }
    if (used != parameters.size()) return internal_error("A statement has another number of parameters than values.");
    return out;
}

Status MariadbRawTx::query(std::string_view sql, std::span<const Value> parameters, RowSink sink) {
    std::vector<Binding> bindings;
    STOA_TRY(const std::string text, positional(sql, parameters, bindings));
    return executor_.query(text, bindings, sink);
}

Result<std::int64_t> MariadbRawTx::execute(std::string_view sql, std::span<const Value> parameters) {
    std::vector<Binding> bindings;
    STOA_TRY(const std::string text, positional(sql, parameters, bindings));
    return executor_.execute(text, bindings);
}

Status MariadbRawTx::ensure_table(const TableDef& table) {
    return mariadb::ensure_table(executor_, table);
}

Status Reads::select(const Select& select, RowSink sink) {
    const Builder built;
    built->select(account_, select);
    return run_query(executor_, built, sink);
}

Status Reads::aggregate(const Aggregate& aggregate, RowSink sink) {
    const Builder built;
    built->aggregate(account_, aggregate);
    return run_query(executor_, built, sink);
}

Result<std::int64_t> Reads::count(const std::string& table, const Condition& where, std::int64_t at_most) {
    const Builder built;
    built->count(account_, table, where, at_most);
    std::int64_t rows = 0;
    STOA_CHECK(run_query(executor_, built, [&](const Row& row) {
        rows = row.integer(0);
        return true;
    }));
    return rows;
}

Status MariadbWriteTx::insert(const std::string& table, std::span<const Assignment> row) {
    const Builder built;
    built->insert(account(), table, row);
    STOA_CHECK(run_execute(executor_, built));
    return {};
}

Status MariadbWriteTx::upsert(const std::string& table, std::span<const std::string> key,
                              std::span<const Assignment> row) {
    const Builder built;
    built->upsert(account(), table, key, row);
    STOA_CHECK(run_execute(executor_, built));
    return {};
}

Result<std::int64_t> MariadbWriteTx::update(const std::string& table, std::span<const Assignment> changes,
                                            const Condition& where) {
    const Builder built;
    built->update(account(), table, changes, where);
    return run_execute(executor_, built);
}

Result<std::int64_t> MariadbWriteTx::remove(const std::string& table, const Condition& where) {
    const Builder built;
    built->remove(account(), table, where);
    return run_execute(executor_, built);
}

Result<std::int64_t> MariadbWriteTx::next_id(std::string_view sequence, std::int64_t count) {
    if (account() <= 0) return internal_error("Without an account only raw() is allowed.");
    if (count < 1 || sequence.empty()) return internal_error("A sequence has no name or an impossible block.");
    // The server tells the value of last_insert_id(expression) with its OK: no second question.
    // https://mariadb.com/kb/en/last_insert_id/
    const Binding bindings[] = {integer(account()), text(sequence), integer(count), integer(count)};
    STOA_CHECK(
        connection_.execute("INSERT INTO sequences (account_id, name, next_id) VALUES (?, ?, last_insert_id(1 + ?)) "
                            "ON DUPLICATE KEY UPDATE next_id = last_insert_id(next_id + ?)",
                            bindings));
    return connection_.last_insert_id() - count;
}

Status MariadbWriteTx::raise_sequence(std::string_view sequence, std::int64_t next) {
    if (account() <= 0) return internal_error("Without an account only raw() is allowed.");
    if (next < 1 || sequence.empty()) return internal_error("A sequence has no name or an impossible number.");
    const Binding bindings[] = {integer(account()), text(sequence), integer(next)};
    STOA_CHECK(
        executor_.execute("INSERT INTO sequences (account_id, name, next_id) VALUES (?, ?, ?) "
                          "ON DUPLICATE KEY UPDATE next_id = greatest(next_id, VALUES(next_id))",
                          bindings));
    return {};
}

Status MariadbWriteTx::nested(FunctionRef<Status()> fn) {
    const auto callbacks = on_commit_.size();
    const std::string name = "nested" + std::to_string(++depth_);  // one name twice would replace the outer one
    STOA_CHECK(connection_.command("SAVEPOINT " + name));
    auto status = fn();
    --depth_;
    if (status.ok()) return connection_.command("RELEASE SAVEPOINT " + name);
    on_commit_.resize(callbacks);
    // After a deadlock nothing is left to go back to; the whole transaction runs again.
    if (connection_.trouble() < Trouble::rerun) STOA_CHECK(connection_.command("ROLLBACK TO SAVEPOINT " + name));
    return status;
}

}  // namespace stoa::db::mariadb
