// Reads from replicas show every write that was answered, also when the writer cannot tell the others: on a real
// primary with a replica that is behind, and a real Redis.

#include "cache/causal_database.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "cache/testing/engines.hpp"
#include "db/contract/test_replicated_mariadb.hpp"
#include "db/contract/test_store.hpp"

namespace stoa::cache {
namespace {

using fixture::eventually;

constexpr const char* kNobody = "redis://127.0.0.1:1";  // no server listens there

class CausalDatabaseTest : public ::testing::Test {
  protected:
    void SetUp() override { schema_ = mariadb_.primary.new_schema(); }
    /// A process of its own.
    std::unique_ptr<db::Database> process(const EngineUrl& redis) {
        auto options = mariadb_.primary.options(schema_);
        options.url.hosts = {{"127.0.0.1", mariadb_.primary.port()}, {"127.0.0.1", mariadb_.replica.port()}};
        return make_causal_database(std::move(db::open_mariadb(options).value()), open_causal_tokens(redis).value());
    }
    static void add(db::Database& database, std::int64_t id) {
        const auto done = database.write_and_wait({1, "", ""}, [id](db::WriteTx& tx) -> Result<std::string> {
            const db::Assignment row[] = {{"id", id}};
            STOA_CHECK(tx.insert("deal", row));
            return std::string();
        });
        ASSERT_TRUE(done.ok()) << done.error().message;
    }
    static std::int64_t count(db::Database& database) {
        std::int64_t count = -1;
        db::ReadOptions options;
        options.replica = true;
        const auto status = database.read(
            1,
            [&](db::Tx& tx) -> Status {
                STOA_TRY(count, tx.count("deal", {}));
                return {};
            },
            options);
        EXPECT_TRUE(status.ok());
        return count;
    }
    /// Its reads go there: more statements than the looks of both processes at their servers explain.
    bool reads_from_replica(db::Database& database) {
        constexpr int kReads = 50;
        const auto before = statements();
        for (int i = 0; i < kReads; ++i)
            count(database);
        return statements() - before >= kReads;
    }
    std::int64_t statements() const {
        const std::string text = mariadb_.replica.sql("SHOW GLOBAL STATUS LIKE 'Com_select'");
        return std::stoll(text.substr(text.find('\t') + 1));
    }

    db::ReplicatedMariadb mariadb_;
    fixture::RedisServer redis_;
    std::string schema_;
};

TEST_F(CausalDatabaseTest, a_writer_that_cannot_tell_the_others_waits_until_no_replica_is_behind) {
    const auto reader = process(redis_.url());
    ASSERT_TRUE(reader->migrate(db::core_migrations(), db::test_tables()).ok());
    const auto writer = process(parse_engine_url(kNobody).value());
    ASSERT_TRUE(eventually([&] { return reader->has_replicas() && writer->has_replicas(); }));
    // Its lease begins when nothing can be unknown to it any more.
    ASSERT_TRUE(eventually([&] { return reads_from_replica(*reader); }, 20'000));
    mariadb_.replica.sql("STOP SLAVE; CHANGE MASTER TO master_delay=2; START SLAVE");
    ASSERT_TRUE(eventually([&] { return reads_from_replica(*reader); }, 5'000));
    for (std::int64_t id = 1; id <= 2; ++id) {
        const auto begin = std::chrono::steady_clock::now();
        add(*writer, id);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        EXPECT_EQ(count(*reader), id);
        EXPECT_LT(took.count(), 7) << "not longer than a replica may lag";
    }
    mariadb_.replica.sql("STOP SLAVE; CHANGE MASTER TO master_delay=0; START SLAVE");
}

}  // namespace
}  // namespace stoa::cache
