// The promise on real engines: kill, freeze, cut; every acknowledged row is there once, writers wait a moment.
// STOA_TORTURE_ROUNDS=20 repeats each fault so often (2 else), STOA_TORTURE_LOGS=1 prints what the agents said.

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>
#include <thread>

#include "base/log.hpp"
#include "cluster/database/admin.hpp"
#include "cluster/database/testing/test_cluster.hpp"
#include "db/mariadb/admin_connection.hpp"

namespace stoa::cluster::database::testing {
namespace {

int rounds(int otherwise) {
    const char* text = ::getenv("STOA_TORTURE_ROUNDS");
    return text != nullptr ? std::stoi(text) : otherwise;
}

/// Leaves of a table's primary key: behind the pages of the file itself and the root.
void damage_pages(const std::string& file) {
    constexpr std::streamoff kPageBytes = 16'384;
    std::fstream pages(file, std::ios::in | std::ios::out | std::ios::binary);
    for (const int page : {4, 5, 6}) {
        pages.seekp(page * kPageBytes + 1'000);
        pages << std::string(64, '\xff');
    }
}

class Failover : public ::testing::Test {
  protected:
    void SetUp() override { log::configure(log::Level::error, log::Format::logfmt); }
    void TearDown() override {
        if (HasFailure() || ::getenv("STOA_TORTURE_LOGS") != nullptr) {
            std::printf("%s\n", cluster_.logs().c_str());
        }
    }
    void begin() {
        ASSERT_TRUE(cluster_.wait_until_whole()) << "the cluster did not come up";
        database_ = cluster_.open();
        writer_ = std::make_unique<Writer>(*database_, 4);
        ASSERT_TRUE(flowing());
        writer_->take_longest_gap_ms();
    }
    /// Writes are acknowledged again.
    bool flowing() {
        const auto before = writer_->acknowledged();
        return fixture::eventually([&] { return writer_->acknowledged() > before + 50; }, 60'000);
    }
    /// The longest wait of the writers around the fault.
    void end_round(const char* what) {
        ASSERT_TRUE(flowing()) << what << ": writes do not go on";
        const double gap = writer_->take_longest_gap_ms();
        gaps_.push_back(gap);
        ASSERT_TRUE(cluster_.wait_until_whole()) << what << ": not everybody came back";
        writer_->take_longest_gap_ms();
        std::printf("  %s: writers waited %.0f ms, leader %s\n", what, gap, cluster_.leader().c_str());
    }
    std::string position() {
        const auto text = cluster_.sql(cluster_.host(cluster_.leader()), "SELECT @@gtid_binlog_pos");
        return text.substr(0, text.find('\n'));
    }
    /// A standby is spoilt by `sql`, which `shows` then finds; it comes back under a new life, and `shows` nothing.
    void copied_anew(const std::string& spoil, const std::string& shows, const std::function<void()>& afterwards = {}) {
        std::string odd;
        for (std::size_t i = 0; i < cluster_.size(); ++i) {
            if (cluster_.host(i).name != cluster_.leader()) odd = cluster_.host(i).name;
        }
        const auto before = cluster_.view().members.at(odd).life;
        ASSERT_EQ(cluster_.sql(cluster_.host(odd), "SELECT MASTER_GTID_WAIT('" + position() + "', 30)"), "0\n");
        ASSERT_EQ(cluster_.sql(cluster_.host(odd), spoil), "");
        if (afterwards) afterwards();
        ASSERT_TRUE(fixture::eventually(
            [&] {
                const auto view = cluster_.view();
                const auto at = view.members.find(odd);
                return at != view.members.end() && !at->second.life.empty() && at->second.life != before &&
                       cluster_.sql(cluster_.host(odd), "SELECT 1") == "1\n" &&
                       cluster_.sql(cluster_.host(odd), shows).empty();
            },
            60'000));
    }
    void report(const char* what) {
        std::sort(gaps_.begin(), gaps_.end());
        std::printf("%s, %zu rounds: writers waited %.0f ms in the median, %.0f ms at most\n", what, gaps_.size(),
                    gaps_[gaps_.size() / 2], gaps_.back());
    }
    /// Every acknowledged row is on every server, once; and nothing is there that one server alone has.
    void check() {
        writer_->stop();
        EXPECT_EQ(writer_->failed(), 0);
        database_->close();
        ASSERT_TRUE(cluster_.wait_until_whole());
        std::set<std::string> checksums;
        const auto acknowledged = writer_->ids();
        for (std::size_t i = 0; i < cluster_.size(); ++i) {
            const auto& host = cluster_.host(i);
            if (host.name != cluster_.leader()) cluster_.sql(host, "SELECT MASTER_GTID_WAIT('" + position() + "', 30)");
            const auto text = cluster_.column(host, "SELECT id FROM portal.entry");
            std::set<std::int64_t> there;
            std::size_t at = 0;
            std::size_t rows = 0;
            while (at < text.size()) {
                there.insert(std::stoll(text.substr(at)));
                ++rows;
                at = text.find('\n', at) + 1;
            }
            EXPECT_EQ(rows, there.size()) << host.name;
            std::size_t lost = 0;
            for (const auto id : acknowledged) {
                if (there.contains(id)) continue;
                if (++lost > 2) continue;
                std::printf("  %s lacks %lld: %s\n", host.name.c_str(), static_cast<long long>(id),
                            cluster_.history_of(id).c_str());
            }
            EXPECT_EQ(lost, 0U) << host.name << " lacks acknowledged rows, of " << acknowledged.size() << "; it has "
                                << rows << ", stands at " << cluster_.sql(host, "SELECT @@gtid_current_pos")
                                << "and said " << text.substr(0, 200);
            checksums.insert(cluster_.sql(host, "CHECKSUM TABLE portal.entry, portal.receipts, portal.sequences"));
        }
        EXPECT_EQ(checksums.size(), 1U) << "the servers differ";
        std::printf("  %zu acknowledged rows, none lost\n", acknowledged.size());
    }

    TestCluster cluster_;
    std::unique_ptr<db::Database> database_;
    std::unique_ptr<Writer> writer_;
    std::vector<double> gaps_;
};

TEST_F(Failover, a_leader_that_is_killed_costs_a_moment_and_nothing_is_lost) {
    begin();
    for (int round = 0; round < rounds(2); ++round) {
        const auto old = cluster_.leader();
        cluster_.kill_server(cluster_.host(old), SIGKILL);
        ASSERT_TRUE(cluster_.wait_for_leader(old));
        ASSERT_NO_FATAL_FAILURE(end_round("kill -9"));
    }
    report("kill -9 of the leader's server");
    check();
}

TEST_F(Failover, a_leader_that_hangs_is_ended_by_its_own_agent) {
    begin();
    for (int round = 0; round < rounds(1); ++round) {
        const auto old = cluster_.leader();
        cluster_.kill_server(cluster_.host(old), SIGSTOP);
        ASSERT_TRUE(cluster_.wait_for_leader(old));
        ASSERT_NO_FATAL_FAILURE(end_round("SIGSTOP"));
    }
    report("SIGSTOP of the leader's server");
    check();
}

TEST_F(Failover, agents_that_die_or_hang_are_replaced_or_come_back_to_their_server) {
    begin();
    for (int round = 0; round < rounds(1); ++round) {
        // Back at once: it goes on with the lease and the server that it finds.
        auto& host = cluster_.host(cluster_.leader());
        const pid_t server = cluster_.server_pid(host);
        host.agent->kill();
        ASSERT_TRUE(cluster_.start_agent(host).ok());
        ASSERT_NO_FATAL_FAILURE(end_round("agent killed and started again"));
        EXPECT_EQ(cluster_.server_pid(host), server) << "its server was ended for nothing";
        gaps_.clear();

        // Gone for longer: the watchdog ends its server, then somebody else leads.
        const auto old = cluster_.leader();
        cluster_.host(old).agent->kill();
        ASSERT_TRUE(cluster_.wait_for_leader(old));
        EXPECT_EQ(cluster_.server_pid(cluster_.host(old)), 0) << "nobody ended the old leader's server";
        ASSERT_TRUE(flowing());
        ASSERT_TRUE(cluster_.start_agent(cluster_.host(old)).ok());
        ASSERT_NO_FATAL_FAILURE(end_round("agent killed"));

        // Frozen: the same, and when it thaws it finds that it leads no more.
        const auto frozen = cluster_.leader();
        cluster_.host(frozen).agent->freeze();
        ASSERT_TRUE(cluster_.wait_for_leader(frozen));
        ASSERT_TRUE(flowing());
        cluster_.host(frozen).agent->thaw();
        ASSERT_NO_FATAL_FAILURE(end_round("agent frozen"));
    }
    report("an agent that is gone or frozen");
    check();
}

TEST_F(Failover, a_lease_that_etcd_ends_early_lets_nobody_open_beside_the_last_leader) {
    begin();
    const auto old = cluster_.leader();
    const auto key = cluster_.client().get(DatabaseKeys(Keys("stoa")).leader());
    ASSERT_TRUE(key.ok() && *key);
    cluster_.host(old).agent->kill();  // else it ends its server as soon as it hears of it
    ASSERT_TRUE(cluster_.client().revoke((*key)->lease).ok());
    ASSERT_TRUE(cluster_.wait_for_leader(old));
    EXPECT_EQ(cluster_.server_pid(cluster_.host(old)), 0) << "two servers take writes";
    ASSERT_TRUE(flowing());
    ASSERT_TRUE(cluster_.start_agent(cluster_.host(old)).ok());
    ASSERT_NO_FATAL_FAILURE(end_round("lease ended early"));
    check();
}

TEST_F(Failover, while_etcd_is_away_the_database_goes_on) {
    begin();
    const auto leader = cluster_.leader();
    for (int round = 0; round < rounds(1); ++round) {
        cluster_.etcd().server(0).kill();
        ::usleep(6'000'000);  // twice the time of the lease
        const auto before = writer_->acknowledged();
        EXPECT_TRUE(fixture::eventually([&] { return writer_->acknowledged() > before + 50; }, 2'000))
            << "writes stopped without etcd";
        ASSERT_TRUE(cluster_.etcd().start().ok());
        ASSERT_NO_FATAL_FAILURE(end_round("etcd away"));
        EXPECT_EQ(cluster_.leader(), leader);
    }
    report("etcd away for 6 s");
    check();
}

TEST_F(Failover, a_second_failure_right_after_the_first_is_survived) {
    begin();
    for (int round = 0; round < rounds(1); ++round) {
        const auto first = cluster_.leader();
        cluster_.kill_server(cluster_.host(first), SIGKILL);
        ASSERT_TRUE(cluster_.wait_for_leader(first));
        cluster_.kill_server(cluster_.host(cluster_.leader()), SIGKILL);
        ASSERT_NO_FATAL_FAILURE(end_round("leader killed, then the next"));
        // All at once, as when the power fails: who led last has everything.
        for (std::size_t i = 0; i < cluster_.size(); ++i)
            cluster_.kill_server(cluster_.host(i), SIGKILL);
        ASSERT_NO_FATAL_FAILURE(end_round("all killed"));
    }
    report("double failures");
    check();
}

TEST_F(Failover, a_switchover_moves_the_role_within_half_a_second) {
    begin();
    Admin admin(cluster_.client(), "stoa");
    for (int round = 0; round < rounds(2); ++round) {
        const auto old = cluster_.leader();
        std::string to;
        for (std::size_t i = 0; i < cluster_.size(); ++i) {
            if (cluster_.host(i).name != old) to = cluster_.host(i).name;
        }
        const auto done = admin.switchover(to);
        ASSERT_TRUE(done.ok()) << done.error().message;
        EXPECT_EQ(cluster_.leader(), to);
        ASSERT_NO_FATAL_FAILURE(end_round("switchover"));
    }
    report("switchover");
    const auto refused = admin.force({"db1", "db2", "db3"}, "", true);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::conflict);
    check();
}

TEST_F(Failover, a_switchover_lets_transactions_end_that_wait_for_each_others_rows) {
    begin();
    const auto old = cluster_.leader();
    db::mariadb::AdminOptions where;
    where.server = {cluster_.host(old).dir + "/socket", 0};
    where.user = "root";
    const auto session = [&] { return std::move(db::mariadb::AdminConnection::open(where).value()); };
    const auto has_row = session();
    const auto wants_row = session();
    constexpr int kSlowMs = 10'000;
    ASSERT_TRUE(has_row->run("CREATE TABLE portal.two (id INT PRIMARY KEY, n INT)", kSlowMs).ok());
    ASSERT_TRUE(has_row->run("INSERT INTO portal.two VALUES (1, 0), (2, 0)", kSlowMs).ok());
    ASSERT_TRUE(has_row->run("BEGIN", kSlowMs).ok());
    ASSERT_TRUE(has_row->run("UPDATE portal.two SET n = n + 1 WHERE id = 1", kSlowMs).ok());
    Status waited;
    std::thread waits([&] { waited = wants_row->run("UPDATE portal.two SET n = n + 1 WHERE id = 1", kSlowMs); });
    Status ended;
    std::thread ends([&] {  // once writes are being stopped
        fixture::eventually(
            [&] {
                const auto view = cluster_.view();
                return view.leader && !view.leader->open;
            },
            kSlowMs);
        ended = has_row->run("UPDATE portal.two SET n = n + 1 WHERE id = 2", kSlowMs);
        if (ended) ended = has_row->run("COMMIT", kSlowMs);
    });
    const auto done = Admin(cluster_.client(), "stoa").switchover({});
    waits.join();
    ends.join();
    EXPECT_TRUE(done.ok()) << done.error().message;
    EXPECT_TRUE(ended.ok()) << ended.error().message;
    EXPECT_TRUE(waited.ok()) << waited.error().message;
    EXPECT_EQ(cluster_.logs().find("database_hand_over_failed"), std::string::npos);
    EXPECT_EQ(cluster_.logs().find("database_server_ended"), std::string::npos);
    ASSERT_NO_FATAL_FAILURE(end_round("switchover"));
    EXPECT_EQ(cluster_.sql(cluster_.host(cluster_.leader()), "SELECT n FROM portal.two"), "2\n1\n");
    check();
}

TEST_F(Failover, a_change_that_one_server_alone_has_is_never_merged_and_that_server_is_copied_anew) {
    begin();
    ASSERT_NO_FATAL_FAILURE(
        copied_anew("STOP SLAVE; CREATE TABLE portal.alone (id INT)", "SHOW TABLES FROM portal LIKE 'alone'"));
    ASSERT_NO_FATAL_FAILURE(end_round("one copied anew"));
    check();
}

TEST_F(Failover, a_standby_with_a_damaged_page_answers_no_reads_and_is_copied_anew) {
    begin();
    constexpr std::int64_t kRows = 5'000;
    cluster_.sql(cluster_.host(cluster_.leader()),
                 "USE portal; INSERT INTO entry (account_id, id) SELECT 1, seq FROM seq_1_to_" + std::to_string(kRows));
    std::string odd;
    for (std::size_t i = 0; i < cluster_.size(); ++i) {
        if (cluster_.host(i).name != cluster_.leader()) odd = cluster_.host(i).name;
    }
    auto& host = cluster_.host(odd);
    ASSERT_EQ(cluster_.sql(host, "SELECT MASTER_GTID_WAIT('" + position() + "', 30)"), "0\n");
    const auto life = [&] {
        const auto view = cluster_.view();
        const auto at = view.members.find(odd);
        return at == view.members.end() ? std::string() : at->second.life;
    };
    const auto before = life();
    // A clean stop, while its agent does not look, leaves pages that no start reads.
    host.agent->freeze();
    cluster_.sql(host, "SHUTDOWN");
    const bool ended = fixture::eventually([&] { return cluster_.server_pid(host) == 0; }, 30'000);
    if (ended) damage_pages(host.dir + "/data/portal/entry.ibd");
    host.agent->thaw();
    ASSERT_TRUE(ended);
    std::string spoilt;
    bool out_of_pool = false;
    int reads = 0;
    ASSERT_TRUE(fixture::eventually(
        [&] {
            for (int i = 0; i < 4; ++i) {
                std::int64_t rows = 0;
                db::ReadOptions options;
                options.replica = true;
                const auto read = database_->read(
                    1,
                    [&](db::Tx& tx) -> Status {
                        STOA_TRY(rows, tx.count("entry", {}));
                        return {};
                    },
                    options);
                EXPECT_TRUE(read.ok()) << read.error().message;
                EXPECT_GE(rows, kRows);
                ++reads;
            }
            const auto now = life();
            if (spoilt.empty() && now != before) spoilt = now;
            const auto view = cluster_.view();
            const auto at = view.members.find(odd);
            out_of_pool = out_of_pool || (at != view.members.end() && at->second.damaged && !at->second.in_pool);
            return !spoilt.empty() && !now.empty() && now != spoilt;
        },
        60'000));
    EXPECT_TRUE(out_of_pool);
    ASSERT_NO_FATAL_FAILURE(end_round("a damaged page"));
    std::printf("  %d reads, all right\n", reads);
    check();
}

TEST_F(Failover, with_the_policy_alarm_writes_go_on_alone_until_a_standby_is_back) {
    begin();
    const auto leader = cluster_.leader();
    const auto each_standby = [&](const std::function<void(TestCluster::Host&)>& act) {
        for (std::size_t i = 0; i < cluster_.size(); ++i) {
            if (cluster_.host(i).name != leader) act(cluster_.host(i));
        }
    };
    std::ofstream(cluster_.host(leader).dir + "/policy") << "alarm\n";
    each_standby([&](TestCluster::Host& host) {
        host.agent->freeze();
        cluster_.kill_server(host, SIGKILL);
    });
    const auto alone = [&] {
        const auto view = cluster_.view();
        return view.acknowledgers && view.acknowledgers->alone;
    };
    ASSERT_TRUE(fixture::eventually(alone, 20'000));
    EXPECT_TRUE(flowing());
    // Told a moment after it is so.
    EXPECT_TRUE(fixture::eventually(
        [&] { return cluster_.view().members.at(leader).problem.find("alone") != std::string::npos; }, 10'000));
    each_standby([](TestCluster::Host& host) { host.agent->thaw(); });
    ASSERT_TRUE(fixture::eventually([&] { return !alone(); }, 60'000));
    ASSERT_NO_FATAL_FAILURE(end_round("no standby, policy alarm"));
    EXPECT_EQ(cluster_.leader(), leader);
    EXPECT_EQ(cluster_.sql(cluster_.host(leader), "SELECT @@rpl_semi_sync_master_enabled"), "1\n");
    check();
}

TEST_F(Failover, a_server_whose_data_contradict_the_leaders_changes_is_copied_anew) {
    begin();
    const auto leader = [&](const std::string& sql) { cluster_.sql(cluster_.host(cluster_.leader()), sql); };
    leader("CREATE TABLE portal.trap (id INT PRIMARY KEY, note VARCHAR(9))");
    // Nothing of it is in its log, so its position says that all is well.
    ASSERT_NO_FATAL_FAILURE(copied_anew("SET sql_log_bin=0; INSERT INTO portal.trap VALUES (1, 'alone')",
                                        "SELECT 1 FROM portal.trap WHERE note='alone'",
                                        [&] { leader("INSERT INTO portal.trap VALUES (1, 'all')"); }));
    ASSERT_NO_FATAL_FAILURE(end_round("one with other data"));
    check();
}

}  // namespace
}  // namespace stoa::cluster::database::testing
