#pragma once
// Two stores with tables of every kind, for the tests of homes and transfer. The new home is another file, or with
// STOA_TEST_STORE=mariadb a schema of a MariaDB server of the test's own.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "db/contract/test_mariadb.hpp"
#include "db/database.hpp"
#include "db/homes/homes.hpp"
#include "db/transfer/move.hpp"
#include "db/transfer/verify.hpp"

namespace stoa::db::transfer {

inline const char* const kTestTables = R"(
CREATE TABLE accounts (account_id BIGINT NOT NULL, name VARCHAR(255) NOT NULL, PRIMARY KEY (account_id)) {clustered};
CREATE TABLE counters (name VARCHAR(64) NOT NULL, next_value BIGINT NOT NULL, PRIMARY KEY (name)) {clustered};
CREATE TABLE sessions (cookie_hash VARCHAR(64) NOT NULL, account_id BIGINT NOT NULL, user_id BIGINT NOT NULL,
    PRIMARY KEY (cookie_hash)) {clustered};
CREATE TABLE app_options (account_id BIGINT NOT NULL, client_id VARCHAR(64) NOT NULL, user_id BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL, value_json TEXT NOT NULL, PRIMARY KEY (account_id, client_id, user_id, name)) {clustered};
)";

inline std::vector<Migration> test_steps() {
    auto steps = core_migrations();
    steps.push_back({100, "test", kTestTables});
    return steps;
}

inline std::vector<TableDef> test_tables() {
    return {{"deal",
             {{"id"},
              {"title", ColumnType::varchar},
              {"amount"},
              {"rate", ColumnType::real},
              {"uf", ColumnType::text},
              {"code", ColumnType::varchar, 50}},
             {"id"},
             {{"code", {"code"}, true}}}};
}

class TransferTest : public testing::Test {
  protected:
    void SetUp() override {
        log::configure(log::Level::off, log::Format::logfmt);
        std::string pattern = testing::TempDir() + "stoa-transfer-XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        new_home_ = on_mariadb() ? TestMariadb::instance().new_schema() : folder_ + "/new.db";
    }
    void TearDown() override {
        homes_.reset();
        std::filesystem::remove_all(folder_);
    }

    static bool on_mariadb() {
        const char* store = std::getenv("STOA_TEST_STORE");
        return store != nullptr && std::string_view(store) == "mariadb";
    }
    static Engine new_engine() { return on_mariadb() ? Engine::mariadb : Engine::sqlite; }

    std::string old_file() const { return folder_ + "/old.db"; }
    /// Where things are moved: a path, or the name of a schema.
    const std::string& new_home() const { return new_home_; }
    std::string another_home() const {
        return on_mariadb() ? TestMariadb::instance().new_schema() : folder_ + "/another.db";
    }

    static Result<std::unique_ptr<Database>> open_file(const std::string& path) {
        SqliteOptions options;
        options.path = path;
        return open_sqlite(options);
    }
    static Result<std::unique_ptr<Database>> open_home(const HomeAddress& home) {
        if (home.address.starts_with("/")) return open_file(home.address);
        auto options = TestMariadb::instance().options(home.address);
        options.connections = 4;
        options.writers = 4;
        return open_mariadb(options);
    }

    std::unique_ptr<Database> store(const std::string& address) {
        auto opened = open_home({address, {}});
        EXPECT_TRUE(opened.ok());
        const Status migrated = (*opened)->migrate(test_steps(), test_tables());
        EXPECT_TRUE(migrated.ok()) << (migrated ? "" : migrated.error().message);
        return std::move(*opened);
    }

    /// The old file as a serving process has it.
    std::unique_ptr<Homes> serve() {
        auto local = open_file(old_file());
        EXPECT_TRUE(local.ok());
        auto homes = Homes::open(std::move(*local), old_file(), open_home);
        EXPECT_TRUE(homes.ok());
        const Status migrated = (*homes)->migrate(test_steps(), test_tables());
        EXPECT_TRUE(migrated.ok()) << (migrated ? "" : migrated.error().message);
        return std::move(*homes);
    }

    MoveOptions options(AccountId account = 0) {
        MoveOptions options;
        options.source_path = old_file();
        options.account = account;
        options.to.address = new_home_;
        options.to_engine = new_engine();
        options.opener = open_home;
        options.steps = test_steps();
        options.tables = test_tables();
        options.grace_ms = 1;
        return options;
    }

    static Status change(Database& database, AccountId account, const std::function<Status(WriteTx&)>& fn,
                         const std::string& key = {}) {
        WriteRequest request;
        request.account = account;
        request.key = key;
        auto outcome = database.write_and_wait(std::move(request), [&fn](WriteTx& tx) -> Result<std::string> {
            STOA_CHECK(fn(tx));
            return std::string("done");
        });
        if (!outcome) return std::move(outcome).error();
        return {};
    }

    static Status add_deal(Database& database, AccountId account, const std::string& title,
                           const std::string& key = {}) {
        return change(
            database, account,
            [&](WriteTx& tx) -> Status {
                STOA_TRY(const std::int64_t id, tx.next_id("deal"));
                const Assignment row[] = {{"id", id},         {"title", title},
                                          {"amount", id * 7}, {"rate", 0.1 * double(id)},
                                          {"uf", Value{}},    {"code", title}};
                STOA_CHECK(tx.insert("deal", row));
                STOA_TRY(const std::int64_t event, tx.next_id("outbox"));
                const Assignment out[] = {{"id", event},
                                          {"name", std::string("ADD")},
                                          {"payload", title},
                                          {"user_id", std::int64_t{1}},
                                          {"created_us", std::int64_t{5}}};
                return tx.insert("outbox", out);
            },
            key);
    }

    static void fill(Database& database, AccountId account, int deals) {
        const Status made = change(database, account, [&](WriteTx& tx) -> Status {
            const Assignment company[] = {{"name", "Company " + std::to_string(account)}};
            STOA_CHECK(tx.insert("accounts", company));
            const Assignment session[] = {{"cookie_hash", "hash" + std::to_string(account)},
                                          {"user_id", std::int64_t{1}}};
            STOA_CHECK(tx.insert("sessions", session));
            const Assignment option[] = {{"client_id", std::string()},
                                         {"user_id", std::int64_t{0}},
                                         {"name", std::string("größe")},
                                         {"value_json", std::string("\"ü\"")}};
            STOA_CHECK(tx.insert("app_options", option));
            return {};
        });
        ASSERT_TRUE(made.ok()) << made.error().message;
        for (int done = 0; done < deals;) {
            const Status many = change(database, account, [&](WriteTx& tx) -> Status {
                for (int i = 0; i < 500 && done < deals; ++i, ++done) {
                    STOA_TRY(const std::int64_t id, tx.next_id("deal"));
                    const Assignment row[] = {
                        {"id", id},    {"title", "Deal " + std::to_string(id)}, {"amount", id},
                        {"rate", 0.5}, {"uf", std::string("{\"UF_A\":\"ж\"}")}, {"code", "c" + std::to_string(id)}};
                    STOA_CHECK(tx.insert("deal", row));
                }
                return {};
            });
            ASSERT_TRUE(many.ok()) << many.error().message;
        }
    }

    static std::int64_t number(Database& database, AccountId account, const std::string& sql) {
        std::int64_t result = -1;
        const Status read = database.read(account, [&](Tx& tx) {
            return tx.raw().query(sql, {}, [&](const Row& row) {
                result = row.integer(0);
                return true;
            });
        });
        EXPECT_TRUE(read.ok()) << read.error().message;
        return result;
    }

    /// Checksums of all tables, to compare stores.
    static Digests digests(Database& database, Engine engine = Engine::sqlite) {
        Catalogue catalogue;
        EXPECT_TRUE(database
                        .read(0,
                              [&](Tx& tx) -> Status {
                                  STOA_TRY(catalogue, read_catalogue(tx, engine));
                                  return {};
                              })
                        .ok());
        auto sums = digest(database, engine, catalogue, {}, {});
        EXPECT_TRUE(sums.ok());
        return sums.value_or({});
    }

    std::string folder_;
    std::string new_home_;
    std::unique_ptr<Homes> homes_;
};

}  // namespace stoa::db::transfer
