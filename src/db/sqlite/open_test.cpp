// Opening and migrating: fresh files, foreign files, damaged files, newer files.

#include <fstream>
#include <thread>

#include "db/contract/test_store.hpp"
#include "db/sqlite/connection.hpp"

namespace stoa::db::sqlite {
namespace {

Error open_error(const std::string& path, bool read_only = false) {
    SqliteOptions options;
    options.path = path;
    options.read_only = read_only;
    auto db = open_sqlite(options);
    EXPECT_FALSE(db.ok()) << path;
    return db.ok() ? Error{} : db.error();
}

class Open : public StoreTest {};

TEST_F(Open, a_file_that_is_no_database_is_refused_with_advice) {
    std::ofstream(folder_.file("text")) << std::string(10'000, 'x');
    const auto error = open_error(folder_.file("text"));
    EXPECT_EQ(error.code, Errc::invalid_argument);
    EXPECT_NE(error.message.find("not a database"), std::string::npos);
    EXPECT_NE(error.message.find(folder_.file("text")), std::string::npos);
}

TEST_F(Open, the_database_of_another_program_is_refused) {
    {
        auto other = Connection::open({folder_.file("other"), 1 << 20, true, false, 0});
        ASSERT_TRUE(other.ok());
        ASSERT_TRUE((*other)->run_script("PRAGMA application_id=12345; CREATE TABLE t (x)").ok());
    }
    EXPECT_NE(open_error(folder_.file("other")).message.find("another program"), std::string::npos);
}

TEST_F(Open, a_missing_folder_or_file_is_named) {
    EXPECT_NE(open_error(folder_.file("no/such/stoa.db")).message.find("folder"), std::string::npos);
    EXPECT_EQ(open_error(folder_.file("missing"), true).code, Errc::invalid_argument);
    EXPECT_FALSE(std::filesystem::exists(folder_.file("missing")));
}

TEST_F(Open, a_damaged_file_is_reported_with_advice) {
    for (std::int64_t id = 1; id <= 300; ++id)
        add_deal(1, id, std::string(200, 'x'));
    db_->close();
    {
        std::fstream file(options_.path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(8192);
        const std::string noise(200'000, '\x5a');
        file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
    }
    SqliteOptions options;
    options.path = options_.path;
    auto opened = open_sqlite(options);
    ASSERT_TRUE(opened.ok());  // its first page is sound
    const auto status = (*opened)->read(1, [](Tx& tx) -> Status {
        STOA_TRY(const auto n, tx.count("deal", {}));
        (void)n;
        return {};
    });
    EXPECT_EQ(status.error().code, Errc::internal);
    EXPECT_NE(status.error().message.find("restore the last backup"), std::string::npos);
}

TEST_F(Open, the_file_is_durable_and_not_bound_to_row_ids) {
    EXPECT_EQ(number("PRAGMA synchronous"), 2);
    EXPECT_EQ(number("PRAGMA page_size"), 8192);
    EXPECT_EQ(number("PRAGMA application_id"), 0x53746F61);
    EXPECT_EQ(number("SELECT count(*) FROM pragma_journal_mode WHERE journal_mode='wal'"), 1);
    EXPECT_EQ(number("SELECT count(*) FROM pragma_table_list WHERE name IN ('deal','phone','sequences','receipts',"
                     "'outbox','schema_migrations') AND wr=1"),
              6);
}

TEST_F(Open, reading_only_beside_a_running_server) {
    add_deal(1, 1, "one");
    SqliteOptions options;
    options.path = options_.path;
    options.read_only = true;
    auto tool = open_sqlite(options);
    ASSERT_TRUE(tool.ok()) << tool.error().message;
    const auto count = [&] {
        std::int64_t n = -1;
        EXPECT_TRUE((*tool)
                        ->read(1,
                               [&](Tx& tx) -> Status {
                                   n = tx.count("deal", {}).value_or(-1);
                                   return {};
                               })
                        .ok());
        return n;
    };
    EXPECT_EQ(count(), 1);
    add_deal(1, 2, "two");
    EXPECT_EQ(count(), 2);
    auto refused = (*tool)->write_and_wait({1, "", ""}, [](WriteTx&) -> Result<std::string> { return std::string(); });
    EXPECT_EQ(refused.error().code, Errc::forbidden);
    EXPECT_FALSE((*tool)->migrate({}, {}).ok());
    EXPECT_FALSE((*tool)->purge_receipts(0).ok());
    (*tool)->close();
    add_deal(1, 3, "three");
}

TEST_F(Open, migrating_again_changes_nothing) {
    add_deal(1, 1, "one");
    const auto schema = number("PRAGMA schema_version");
    ASSERT_TRUE(db_->migrate(core_migrations(), test_tables()).ok());
    ASSERT_TRUE(db_->migrate({}, test_tables()).ok());  // the core steps are there without being listed
    EXPECT_EQ(number("PRAGMA schema_version"), schema);
    EXPECT_EQ(title(1, 1), "one");
}

TEST_F(Open, steps_run_once_in_order_of_their_number) {
    const std::vector<Migration> steps = {
        {101, "fill", "INSERT INTO t VALUES (1, 'a;b'); INSERT INTO t VALUES (2, '');"},
        {100, "create", "-- a comment; with a semicolon\nCREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT) {clustered};"}};
    ASSERT_TRUE(db_->migrate(steps, {}).ok());
    ASSERT_TRUE(db_->migrate(steps, {}).ok());
    EXPECT_EQ(number("SELECT count(*) FROM t"), 2);
    EXPECT_EQ(number("SELECT wr FROM pragma_table_list WHERE name='t'"), 1);
    EXPECT_EQ(number("SELECT count(*) FROM schema_migrations WHERE number IN (1,100,101)"), 3);
}

TEST_F(Open, a_failing_step_is_undone_and_the_steps_before_it_stay) {
    const std::vector<Migration> steps = {
        {100, "good", "CREATE TABLE good (a BIGINT PRIMARY KEY)"},
        {101, "bad", "CREATE TABLE half (a BIGINT PRIMARY KEY); INSERT INTO no_such_table VALUES (1);"},
        {102, "later", "CREATE TABLE later (a BIGINT PRIMARY KEY)"}};
    EXPECT_FALSE(db_->migrate(steps, {}).ok());
    EXPECT_EQ(number("SELECT count(*) FROM sqlite_schema WHERE name IN ('good','half','later')"), 1);
    EXPECT_EQ(number("SELECT max(number) FROM schema_migrations"), 100);
}

TEST_F(Open, a_store_of_a_newer_program_is_refused_with_advice) {
    ASSERT_TRUE(db_->migrate({{7'000, "future", "CREATE TABLE future (a BIGINT PRIMARY KEY)"}}, {}).ok());
    const auto status = db_->migrate(core_migrations(), test_tables());
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Errc::unsupported);
    EXPECT_NE(status.error().message.find("newer version"), std::string::npos);
    EXPECT_NE(status.error().message.find("7000"), std::string::npos);
}

TEST_F(Open, two_steps_with_one_number_are_refused) {
    EXPECT_EQ(db_->migrate({{1, "mine", ""}}, {}).error().code, Errc::internal);
    EXPECT_EQ(db_->migrate({{100, "a", ""}, {100, "b", ""}}, {}).error().code, Errc::internal);
}

TEST_F(Open, two_programs_may_migrate_at_once) {
    options_.path = folder_.file("fresh.db");
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            auto db = open_sqlite(options_);
            ASSERT_TRUE(db.ok()) << db.error().message;
            const auto status = (*db)->migrate(core_migrations(), test_tables());
            EXPECT_TRUE(status.ok()) << status.error().message;
        });
    }
    for (auto& thread : threads)
        thread.join();
}

TEST_F(Open, tables_gain_columns_and_indexes_and_lose_none) {
    add_deal(1, 1, "one");
    std::vector<TableDef> tables = {{"deal",
                                     {{"id"},
                                      {"extra", ColumnType::varchar, 10, true},
                                      {"score", ColumnType::real, 255, true},
                                      {"note", ColumnType::text}},
                                     {"id"},
                                     {{"extra", {"extra", "id"}, false}}}};
    ASSERT_TRUE(db_->migrate({}, tables).ok());
    EXPECT_EQ(title(1, 1), "one");
    EXPECT_EQ(ids(1, Condition::equals("extra", std::string())), (Ids{1}));
    EXPECT_EQ(ids(1, Condition::equals("score", 0.0)), (Ids{1}));
    EXPECT_EQ(ids(1, Condition::is_null("note")), (Ids{1}));
    EXPECT_EQ(number("SELECT count(*) FROM pragma_index_info('deal_extra')"), 3);
    EXPECT_EQ(number("SELECT count(*) FROM pragma_index_info('deal_extra') WHERE seqno=0 AND name='account_id'"), 1);
    EXPECT_EQ(number("SELECT count(*) FROM sqlite_schema WHERE name='deal_stage'"), 1);
    EXPECT_EQ(number("SELECT count(*) FROM pragma_table_info('deal') WHERE name IN ('id','extra','score','note') "
                     "AND type IN ('BIGINT','VARCHAR(10)','DOUBLE','LONGTEXT')"),
              4);
}

TEST_F(Open, names_that_are_words_of_sql_work) {
    const TableDef table{"order", {{"id"}, {"group"}, {"select", ColumnType::text}}, {"id"}, {{"by", {"group"}, true}}};
    ASSERT_TRUE(db_->migrate({}, {table}).ok());
    ASSERT_TRUE(change(1, [](WriteTx& tx) -> Status {
                    const Assignment row[] = {
                        {"id", std::int64_t{1}}, {"group", std::int64_t{2}}, {"select", std::string("x")}};
                    STOA_CHECK(tx.insert("order", row));
                    EXPECT_EQ(tx.count("order", Condition::equals("group", std::int64_t{2})).value_or(-1), 1);
                    return {};
                }).ok());
}

TEST_F(Open, badly_defined_tables_are_refused) {
    for (const TableDef& table : std::vector<TableDef>{{"Deal", {{"id"}}, {"id"}, {}},
                                                       {"t", {{"i d"}}, {"i d"}, {}},
                                                       {"t", {{"id"}}, {}, {}},
                                                       {"t", {{"account_id"}}, {"account_id"}, {}},
                                                       {"t", {{"id"}}, {"id"}, {{"x;", {"id"}, false}}},
                                                       {"t", {{"id"}}, {"id"}, {{"x", {"id)"}, false}}}}) {
        EXPECT_EQ(db_->migrate({}, {table}).error().code, Errc::internal) << table.name;
    }
}

}  // namespace
}  // namespace stoa::db::sqlite
