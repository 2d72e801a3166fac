#pragma once
// A store of its own with two tables, for the tests of src/db. What every driver must do is tested with the same lines
// on each: STOA_TEST_STORE=mariadb runs them on a real server (see CMakeLists.txt), otherwise on the embedded store.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "db/contract/test_mariadb.hpp"
#include "db/database.hpp"

namespace stoa::db {

class TestFolder {
  public:
    TestFolder() {
        std::string pattern = testing::TempDir() + "stoa-db-XXXXXX";
        EXPECT_NE(mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
    }
    ~TestFolder() { std::filesystem::remove_all(path_); }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    std::string file(const std::string& name = "stoa.db") const { return path_ + "/" + name; }

  private:
    std::string path_;
};

inline std::vector<TableDef> test_tables() {
    return {
        {"deal",
         {{"id"},
          {"title", ColumnType::varchar},
          {"stage", ColumnType::varchar, 50},
          {"amount"},
          {"rate", ColumnType::real},
          {"uf", ColumnType::text},
          {"code", ColumnType::varchar, 50}},
         {"id"},
         {{"stage", {"stage"}, false}, {"code", {"code"}, true}}},
        {"phone", {{"id"}, {"deal_id"}, {"number", ColumnType::varchar}}, {"id"}, {{"number", {"number"}, false}}},
    };
}

class StoreTest : public testing::Test {
  protected:
    void SetUp() override {
        log::configure(log::Level::off, log::Format::logfmt);  // failures on purpose would fill the screen
        options_.path = folder_.file();
        open();
    }
    void TearDown() override {
        if (db_ != nullptr) db_->close();
    }

    static bool on_mariadb() {
        const char* store = std::getenv("STOA_TEST_STORE");
        return store != nullptr && std::string_view(store) == "mariadb";
    }

    void open() {
        db_.reset();
        if (on_mariadb() && schema_.empty()) schema_ = TestMariadb::instance().new_schema();
        auto opened = on_mariadb() ? open_mariadb(TestMariadb::instance().options(schema_)) : open_sqlite(options_);
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        db_ = std::move(*opened);
        const auto status = db_->migrate(core_migrations(), test_tables());
        ASSERT_TRUE(status.ok()) << status.error().message;
    }

    /// A write without a key whose answer does not matter.
    Status change(AccountId account, const std::function<Status(WriteTx&)>& fn) {
        WriteRequest request;
        request.account = account;
        STOA_TRY(const auto outcome, db_->write_and_wait(request, [&fn](WriteTx& tx) -> Result<std::string> {
            STOA_CHECK(fn(tx));
            return std::string();
        }));
        (void)outcome;
        return {};
    }
    void add_deal(AccountId account, std::int64_t id, const std::string& title, Value stage = {}, Value amount = {}) {
        const auto status = change(account, [&](WriteTx& tx) {
            const Assignment row[] = {{"id", id}, {"title", title}, {"stage", stage}, {"amount", amount}};
            return tx.insert("deal", row);
        });
        EXPECT_TRUE(status.ok()) << status.error().message;
    }
    void add_phone(AccountId account, std::int64_t id, std::int64_t deal, const std::string& number) {
        const auto status = change(account, [&](WriteTx& tx) {
            const Assignment row[] = {{"id", id}, {"deal_id", deal}, {"number", number}};
            return tx.insert("phone", row);
        });
        EXPECT_TRUE(status.ok()) << status.error().message;
    }

    /// Ids of the deals that match, by id.
    Result<std::vector<std::int64_t>> find(AccountId account, Condition where) {
        std::vector<std::int64_t> ids;
        STOA_CHECK(db_->read(account, [&](Tx& tx) {
            Select select;
            select.table = "deal";
            select.columns = {{"id", {}}};
            select.where = std::move(where);
            select.order = {{{"id", {}}, false}};
            select.limit = 10'000;
            return tx.select(select, [&](const Row& row) {
                ids.push_back(row.integer(0));
                return true;
            });
        }));
        return ids;
    }
    std::vector<std::int64_t> ids(AccountId account, Condition where = {}) {
        auto found = find(account, std::move(where));
        EXPECT_TRUE(found.ok()) << (found.ok() ? "" : found.error().message);
        return found.value_or({});
    }
    std::string title(AccountId account, std::int64_t id) {
        std::string text = "(none)";
        EXPECT_TRUE(db_->read(account,
                              [&](Tx& tx) {
                                  Select select;
                                  select.table = "deal";
                                  select.columns_sql = "title";
                                  select.where = Condition::equals("id", id);
                                  return tx.select(select, [&](const Row& row) {
                                      text = std::string(row.text(0));
                                      return true;
                                  });
                              })
                        .ok());
        return text;
    }
    std::int64_t number(std::string_view sql) {
        std::int64_t result = -1;
        const auto status = db_->read(0, [&](Tx& tx) {
            return tx.raw().query(sql, {}, [&](const Row& row) {
                result = row.integer(0);
                return true;
            });
        });
        EXPECT_TRUE(status.ok()) << status.error().message;
        return result;
    }

    TestFolder folder_;
    SqliteOptions options_;
    std::string schema_;  ///< MariaDB only
    std::unique_ptr<Database> db_;
};

using Ids = std::vector<std::int64_t>;

}  // namespace stoa::db
