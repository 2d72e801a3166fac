// A primary with replicas: who answers a read, and that a session sees its own writes whatever the replicas' delay.

#include <atomic>
#include <thread>

#include "base/clock.hpp"
#include "db/contract/test_replicated_mariadb.hpp"
#include "db/contract/test_store.hpp"

namespace stoa::db::mariadb {
namespace {

class Replication : public testing::Test {
  protected:
    static ReplicatedMariadb& cluster() {
        static ReplicatedMariadb cluster;
        return cluster;
    }
    void SetUp() override {
        log::configure(log::Level::off, log::Format::logfmt);
        schema_ = cluster().primary.new_schema();
        auto options = cluster().primary.options(schema_);
        options.url.hosts = {{"127.0.0.1", cluster().replica.port()}, {"127.0.0.1", cluster().primary.port()}};
        auto opened = open_mariadb(options);
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        db_ = std::move(*opened);
        const auto status = db_->migrate(core_migrations(), test_tables());
        ASSERT_TRUE(status.ok()) << status.error().message;
        ASSERT_TRUE(fixture::eventually([&] { return db_->has_replicas(); }));
    }
    CommitToken add(std::int64_t id) {
        const auto outcome = db_->write_and_wait({1, "", ""}, [id](WriteTx& tx) -> Result<std::string> {
            const Assignment row[] = {{"id", id}};
            STOA_CHECK(tx.insert("deal", row));
            return std::string();
        });
        EXPECT_TRUE(outcome.ok());
        return outcome.ok() ? outcome->token : CommitToken();
    }
    struct Answer {
        std::int64_t count = -1;
        std::int64_t server = 0;
    };
    Answer count(const ReadOptions& options) {
        Answer answer;
        const auto status = db_->read(
            1,
            [&](Tx& tx) -> Status {
                STOA_TRY(answer.count, tx.count("deal", {}));
                return tx.raw().query("SELECT @@server_id", {}, [&](const Row& row) {
                    answer.server = row.integer(0);
                    return true;
                });
            },
            options);
        EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
        return answer;
    }

    std::string schema_;
    std::unique_ptr<Database> db_;
};

TEST_F(Replication, finds_the_primary_wherever_it_stands_in_the_list) {
    EXPECT_FALSE(add(1).empty());
    EXPECT_EQ(count({}).server, 1);
}

TEST_F(Replication, a_commit_tells_its_position_without_another_question) {
    const auto first = add(1);
    const auto second = add(2);
    EXPECT_TRUE(first.starts_with("0-1-")) << first;
    EXPECT_NE(first, second);
}

TEST_F(Replication, a_replica_that_is_up_to_date_answers) {
    const auto token = add(1);
    EXPECT_TRUE(fixture::eventually([&] { return count({token, false, true}).server == 2; }));
    EXPECT_EQ(count({token, false, true}).count, 1);
    EXPECT_EQ(count({token, true, true}).count, 1);  // with a snapshot too
}

TEST_F(Replication, a_session_sees_its_writes_while_the_replica_is_behind) {
    const auto before = add(1);
    ASSERT_TRUE(fixture::eventually([&] { return count({before, false, true}).server == 2; }));
    cluster().replica.sql("STOP SLAVE SQL_THREAD");
    for (std::int64_t id = 2; id < 30; ++id) {
        const auto token = add(id);
        const auto answer = count({token, false, true});
        EXPECT_EQ(answer.count, id);
        EXPECT_EQ(answer.server, 1);
    }
    // Whoever wrote nothing lately may be told what the replica knows.
    const auto old = count({before, false, true});
    EXPECT_TRUE(old.server == 1 || old.count == 1);
    cluster().replica.sql("START SLAVE SQL_THREAD");
    const auto token = add(30);
    EXPECT_TRUE(fixture::eventually([&] { return count({token, false, true}).server == 2; }));
    EXPECT_EQ(count({token, false, true}).count, 30);
}

TEST_F(Replication, a_replica_that_has_logged_a_commit_but_does_not_show_it_yet_is_behind) {
    const auto before = add(1);
    ASSERT_TRUE(fixture::eventually([&] { return count({before, false, true}).server == 2; }));
    // Its commits wait for an acknowledgement that nobody gives: after the binary log, before the engine.
    auto& replica = cluster().replica;
    replica.sql(
        "SET GLOBAL rpl_semi_sync_master_wait_point=AFTER_SYNC, GLOBAL rpl_semi_sync_master_timeout=600000, "
        "GLOBAL rpl_semi_sync_master_wait_no_slave=1, GLOBAL rpl_semi_sync_master_enabled=1");
    const auto token = add(2);
    ASSERT_TRUE(fixture::eventually(
        [&] { return ReplicatedMariadb::trimmed(replica.sql("SELECT @@gtid_binlog_pos")) == token; }));
    EXPECT_NE(ReplicatedMariadb::trimmed(replica.sql("SELECT @@gtid_slave_pos")), token);
    // The driver looks at it four times a second.
    const auto until = system_clock().monotonic_us() + 1'000'000;
    while (system_clock().monotonic_us() < until)
        ASSERT_EQ(count({token, false, true}).count, 2);
    replica.sql("SET GLOBAL rpl_semi_sync_master_enabled=0");
    EXPECT_TRUE(fixture::eventually([&] { return count({token, false, true}).server == 2; }));
}

TEST_F(Replication, a_replica_that_lags_too_far_is_left_alone) {
    ASSERT_TRUE(fixture::eventually([&] { return count({"", false, true}).server == 2; }));
    auto options = cluster().primary.options(schema_);
    options.url.hosts.push_back({"127.0.0.1", cluster().replica.port()});
    options.replica_lag_max_ms = 600;
    auto opened = open_mariadb(options);
    ASSERT_TRUE(opened.ok());
    db_ = std::move(*opened);
    ASSERT_TRUE(fixture::eventually([&] { return count({"", false, true}).server == 2; }));
    cluster().replica.sql("STOP SLAVE SQL_THREAD");
    add(1);
    // The replica still runs its IO thread only: it counts as not replicating, or as lagging; never as up to date.
    EXPECT_TRUE(fixture::eventually([&] { return count({"", false, true}).server == 1; }));
    cluster().replica.sql("START SLAVE SQL_THREAD");
    EXPECT_TRUE(fixture::eventually([&] { return count({"", false, true}).server == 2; }));
}

TEST_F(Replication, a_commit_can_wait_until_no_replica_is_behind) {
    std::atomic<int> told{0};
    const auto before = add(1);
    db_->when_replicas_have(before, [&] { ++told; });
    EXPECT_TRUE(fixture::eventually([&] { return told == 1; }, 2'000));
    cluster().replica.sql("STOP SLAVE SQL_THREAD");
    const auto token = add(2);
    db_->when_replicas_have(token, [&] { ++told; });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_EQ(told, 1) << "the replica is behind";
    cluster().replica.sql("START SLAVE SQL_THREAD");
    EXPECT_TRUE(fixture::eventually([&] { return told == 2; }, 3'000));
    EXPECT_TRUE(fixture::eventually([&] { return count({token, false, true}).server == 2; }));
    // One that never gets there is not read from after the longest lag that is allowed; who closes waits for nothing.
    cluster().replica.sql("STOP SLAVE SQL_THREAD");
    const auto last = add(3);
    db_->when_replicas_have(last, [&] { ++told; });
    EXPECT_TRUE(fixture::eventually([&] { return told == 3; }, 8'000));
    EXPECT_EQ(count({{}, false, true}).server, 1) << "its lag is over the limit";
    db_->when_replicas_have(add(4), [&] { ++told; });
    db_->close();
    EXPECT_EQ(told, 4);
    cluster().replica.sql("START SLAVE SQL_THREAD");
}

TEST_F(Replication, a_replica_that_dies_costs_no_read) {
    const auto token = add(1);
    ASSERT_TRUE(fixture::eventually([&] { return count({token, false, true}).server == 2; }));
    cluster().replica.process().kill();
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(count({token, false, true}).count, 1);
    ASSERT_TRUE(cluster().replica.process().restart().ok());
    cluster().replica.wait_until_ready();
    EXPECT_TRUE(fixture::eventually([&] { return count({token, false, true}).server == 2; }, 30'000));
}

TEST_F(Replication, after_the_roles_changed_writes_go_to_the_new_primary) {
    add(1);
    auto& old_primary = cluster().primary;
    auto& new_primary = cluster().replica;
    old_primary.sql("SET GLOBAL read_only=1");
    ASSERT_TRUE(fixture::eventually(
        [&] { return new_primary.sql("SELECT @@gtid_slave_pos") == old_primary.sql("SELECT @@gtid_binlog_pos"); }));
    new_primary.sql("STOP SLAVE; SET GLOBAL read_only=0");
    const auto token = add(2);
    EXPECT_TRUE(token.starts_with("0-2-")) << token;
    EXPECT_EQ(count({token, false, true}).count, 2);
    // And back, for the other tests.
    new_primary.sql("SET GLOBAL read_only=1");
    old_primary.sql(
        "SET GLOBAL gtid_slave_pos=@@gtid_binlog_pos; CHANGE MASTER TO master_host='127.0.0.1', master_port=" +
        std::to_string(new_primary.port()) +
        ", master_user='repl', master_password='r', master_use_gtid=slave_pos; START SLAVE");
    ASSERT_TRUE(fixture::eventually(
        [&] { return old_primary.sql("SELECT @@gtid_slave_pos") == new_primary.sql("SELECT @@gtid_binlog_pos"); }));
    old_primary.sql("STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only=0");
    new_primary.sql("SET GLOBAL gtid_slave_pos=@@gtid_binlog_pos; START SLAVE");
    EXPECT_TRUE(add(3).starts_with("0-1-"));
}

}  // namespace
}  // namespace stoa::db::mariadb
