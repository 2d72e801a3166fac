#include "db/sqlite/migrator.hpp"

#include <map>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "db/migration_plan.hpp"
#include "db/sqlite/schema_sql.hpp"
#include "db/sqlite/transaction.hpp"

namespace stoa::db::sqlite {
namespace {

/// A big table may need its time; nobody else waits at start-up.
constexpr int kStepTimeoutMs = 600'000;

/// One transaction without account and receipt.
Status in_transaction(Database& database, const std::function<Status(SqliteWriteTx&)>& fn) {
    WriteRequest request;
    request.timeout_ms = kStepTimeoutMs;
    STOA_TRY(const auto outcome, database.write_and_wait(request, [&fn](WriteTx& tx) -> Result<std::string> {
        STOA_CHECK(fn(static_cast<SqliteWriteTx&>(tx)));
        return std::string();
    }));
    (void)outcome;
    return {};
}

Status create_list(SqliteWriteTx& tx) {
    return run_migration_sql(tx.connection(), kMigrationsTable);
}

Status refuse_newer(SqliteWriteTx& tx, int newest_known) {
    std::int64_t newest_applied = 0;
    STOA_CHECK(tx.raw().query("SELECT max(number) FROM schema_migrations", {}, [&](const Row& row) {
        newest_applied = row.integer(0);
        return true;
    }));
    if (newest_applied <= newest_known) return {};
    return written_by_a_newer_program(newest_applied, newest_known);
}

Status apply(SqliteWriteTx& tx, const Migration& step) {
    const Value number[] = {std::int64_t{step.number}};
    bool applied = false;
    STOA_CHECK(tx.raw().query("SELECT 1 FROM schema_migrations WHERE number=?1", number, [&](const Row&) {
        applied = true;
        return true;
    }));
    if (applied) return {};
    STOA_CHECK(run_migration_sql(tx.connection(), step.sql));
    const Value row[] = {std::int64_t{step.number}, step.name, stoa::system_clock().now()};
    STOA_CHECK(tx.raw().execute("INSERT INTO schema_migrations (number, name, applied_at) VALUES (?1, ?2, ?3)", row));
    log::info("schema_step_applied", {{"number", step.number}, {"name", step.name}});
    return {};
}

}  // namespace

Status migrate(Database& database, const std::vector<Migration>& steps, const std::vector<TableDef>& tables) {
    STOA_TRY(const auto ordered, in_order(steps));
    STOA_CHECK(in_transaction(database, [&](SqliteWriteTx& tx) -> Status {
        STOA_CHECK(create_list(tx));
        return refuse_newer(tx, ordered.rbegin()->first);
    }));
    for (const auto& numbered : ordered) {
        STOA_CHECK(in_transaction(database, [&](SqliteWriteTx& tx) { return apply(tx, *numbered.second); }));
    }
    return in_transaction(database, [&](SqliteWriteTx& tx) -> Status {
        for (const auto& table : tables)
            STOA_CHECK(tx.raw().ensure_table(table));
        return {};
    });
}

Status change_schema(Database& database, const std::vector<std::string>& statements) {
    for (const std::string& statement : statements) {
        STOA_CHECK(in_transaction(database, [&](SqliteWriteTx& tx) -> Status {
            STOA_CHECK(tx.raw().execute(statement, {}));
            return {};
        }));
    }
    return {};
}

}  // namespace stoa::db::sqlite
