// On real etcd servers.
#include "cluster/etcd/client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "cluster/etcd/testing/etcd_servers.hpp"

namespace stoa::cluster::etcd {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Stopwatch {
  public:
    std::int64_t ms() const { return duration_cast<milliseconds>(steady_clock::now() - start_).count(); }

  private:
    steady_clock::time_point start_ = steady_clock::now();
};

/// On a busy machine a call may take its time; where time is what is tested, the test says so itself.
ClientOptions patient(const fixture::EtcdServers& servers) {
    return {servers.endpoints(), 10'000, 30'000};
}

class OneEtcd : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(servers.start().ok()); }
    fixture::EtcdServers servers{1};
    Client client{patient(servers)};
};

TEST_F(OneEtcd, KeepsAnyBytes) {
    const std::string odd("a\0\xff\n\"", 5);
    ASSERT_TRUE(client.put("k" + odd, odd).ok());
    const auto found = client.get("k" + odd);
    ASSERT_TRUE(found.ok() && *found);
    EXPECT_EQ((*found)->key, "k" + odd);
    EXPECT_EQ((*found)->value, odd);
    EXPECT_EQ((*found)->create_revision, (*found)->mod_revision);
    EXPECT_TRUE(*client.remove("k" + odd));
    EXPECT_FALSE(*client.remove("k" + odd));
    EXPECT_FALSE(*client.get("k" + odd));
    ASSERT_TRUE(client.put("empty", "").ok());
    EXPECT_EQ((**client.get("empty")).value, "");
}

TEST_F(OneEtcd, ListsAPrefixOfManyKeysInPagesOfOneRevision) {
    for (int i = 0; i < 1'100; ++i)
        ASSERT_TRUE(client.put("/p/" + std::to_string(i), "v").ok());
    ASSERT_TRUE(client.put("/p", "before").ok());
    ASSERT_TRUE(client.put("/p0", "after").ok());
    const auto listing = client.get_prefix("/p/");
    ASSERT_TRUE(listing.ok());
    EXPECT_EQ(listing->items.size(), 1'100u);
    EXPECT_EQ(listing->revision, client.status()->revision);
}

TEST_F(OneEtcd, ListsLargeValues) {
    const std::string large(limits::etcd_value_bytes_max, 'x');
    for (int i = 0; i < 12; ++i)
        ASSERT_TRUE(client.put("/large/" + std::to_string(i), large).ok());
    const auto listing = client.get_prefix("/large/");
    ASSERT_TRUE(listing.ok()) << listing.error().message;
    ASSERT_EQ(listing->items.size(), 12u);
    EXPECT_EQ(listing->items[11].value, large);
    const auto refused = client.put("/too", large + "x");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::too_large) << refused.error().message;
}

TEST_F(OneEtcd, WritesOnlyWhatNobodyChanged) {
    const auto created = client.create_if_absent("lock", "me");
    ASSERT_TRUE(created.ok());
    EXPECT_TRUE(created->done);
    const auto second = client.create_if_absent("lock", "you");
    ASSERT_TRUE(second.ok());
    EXPECT_FALSE(second->done);
    ASSERT_TRUE(second->current);
    EXPECT_EQ(second->current->value, "me");

    const auto changed = client.put_if_unchanged("lock", "me again", created->revision);
    ASSERT_TRUE(changed.ok());
    EXPECT_TRUE(changed->done);
    EXPECT_FALSE(client.put_if_unchanged("lock", "late", created->revision)->done);
    EXPECT_FALSE(client.remove_if_unchanged("lock", created->revision)->done);
    EXPECT_TRUE(client.remove_if_unchanged("lock", changed->revision)->done);
    EXPECT_TRUE(client.remove_if_unchanged("lock", changed->revision)->done) << "gone is gone";
    EXPECT_FALSE(client.put_if_unchanged("lock", "late", changed->revision)->done);
}

TEST_F(OneEtcd, CarriesOutATransactionWholeOrNotAtAll) {
    ASSERT_TRUE(client.put("held", "mine").ok());
    ASSERT_TRUE(client.put("list", "first").ok());
    const auto revision_of = [&](const char* key) { return (**client.get(key)).mod_revision; };
    Transaction transaction;
    transaction.conditions = {{"held", revision_of("held")}, {"list", revision_of("list")}, {"absent", 0}};
    transaction.puts = {{"list", "last"}, {"word", "why"}};
    transaction.removes = {"held"};
    ASSERT_TRUE(client.put("list", "second").ok());
    const auto refused = client.carry_out(transaction);
    ASSERT_TRUE(refused.ok());
    EXPECT_FALSE(refused->done);
    EXPECT_FALSE(*client.get("word"));
    EXPECT_EQ((**client.get("held")).value, "mine");
    transaction.conditions[1].mod_revision = revision_of("list");
    const auto done = client.carry_out(transaction);
    ASSERT_TRUE(done.ok() && done->done);
    EXPECT_EQ((**client.get("list")).value, "last");
    EXPECT_EQ((**client.get("word")).mod_revision, done->revision);
    EXPECT_FALSE(*client.get("held"));
}

TEST_F(OneEtcd, LetsExactlyOneOfManyWin) {
    for (int round = 0; round < 5; ++round) {
        std::atomic<int> winners{0}, failures{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 12; ++i) {
            threads.emplace_back([&, i] {
                Client own(patient(servers));
                const auto outcome =
                    own.create_if_absent("race/" + std::to_string(round), "thread " + std::to_string(i));
                if (!outcome) ++failures;
                if (outcome && outcome->done) ++winners;
            });
        }
        for (std::thread& thread : threads)
            thread.join();
        EXPECT_EQ(winners, 1);
        EXPECT_EQ(failures, 0);
    }
}

TEST_F(OneEtcd, CountsWithoutLosingAnIncrement) {
    ASSERT_TRUE(client.put("count", "0").ok());
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int done = 0; done < 25;) {
                const auto now = client.get("count");
                if (!now || !*now) continue;
                const std::string next = std::to_string(std::stoi((*now)->value) + 1);
                const auto outcome = client.put_if_unchanged("count", next, (*now)->mod_revision);
                if (outcome && outcome->done) ++done;
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ((**client.get("count")).value, "100");
}

TEST_F(OneEtcd, RemovesKeysOfALeaseThatRunsOut) {
    const auto lease = client.grant_lease(1);
    ASSERT_TRUE(lease.ok());
    ASSERT_TRUE(client.put("mortal", "x", *lease).ok());
    EXPECT_EQ((**client.get("mortal")).lease, *lease);
    EXPECT_GE(*client.keep_alive(*lease), 1);
    EXPECT_TRUE(fixture::eventually([&] { return !*client.get("mortal"); }, 8'000));
    EXPECT_EQ(client.keep_alive(*lease).error().code, Errc::not_found);
    EXPECT_EQ(client.put("mortal", "x", *lease).error().code, Errc::not_found);
    EXPECT_TRUE(client.revoke(*lease).ok());

    const auto other = client.grant_lease(60);
    ASSERT_TRUE(client.put("mortal", "x", *other).ok());
    ASSERT_TRUE(client.revoke(*other).ok());
    EXPECT_FALSE(*client.get("mortal"));
}

TEST_F(OneEtcd, SaysWhatItIs) {
    const auto status = client.status();
    ASSERT_TRUE(status.ok());
    EXPECT_EQ(status->version.substr(0, 2), "3.");
    EXPECT_NE(status->member, 0u);
    EXPECT_EQ(status->leader, status->member);
}

TEST_F(OneEtcd, GivesUpAtTheDeadlineWhenNobodyAnswers) {
    servers.server(0).freeze();
    Client brief({servers.endpoints(), 300, 700});
    const Stopwatch frozen;
    const auto refused = brief.get("x");
    EXPECT_LT(frozen.ms(), 3'000);
    servers.server(0).thaw();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::timeout);

    servers.server(0).kill();
    const Stopwatch dead;
    const auto gone = brief.put("x", "y");
    EXPECT_LT(dead.ms(), 3'000);
    ASSERT_FALSE(gone.ok());
    EXPECT_EQ(gone.error().code, Errc::unavailable);
    EXPECT_FALSE(Client({}).get("x").ok());
}

TEST(EtcdClient, RecognisesThatAServerIsNoEtcd) {
    const auto port = fixture::free_port();
    fixture::TempDir dir;
    auto http = fixture::EngineProcess::start(
        {{"python3", "-m", "http.server", "--bind", "127.0.0.1", std::to_string(port)}, dir.path()});
    ASSERT_TRUE(http.ok());
    ASSERT_TRUE((*http)->wait_for_port(port).ok());
    const auto refused = Client({{"http://127.0.0.1:" + std::to_string(port)}, 10'000, 10'000}).get("x");
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("is no etcd"), std::string::npos) << refused.error().message;
}

class ThreeEtcds : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(servers.start().ok()); }
    fixture::EtcdServers servers{3};
    Client client{{servers.endpoints(), limits::etcd_call_ms, 20'000}};
};

TEST_F(ThreeEtcds, GoOnThroughTheDeathOfTheirLeader) {
    ASSERT_TRUE(client.put("before", "1").ok());
    const std::size_t leader = servers.leader();
    ASSERT_LT(leader, 3u);
    servers.server(leader).kill();
    const Stopwatch watch;
    const auto written = client.put("after", "2");
    ASSERT_TRUE(written.ok()) << written.error().message;
    RecordProperty("outage_ms", static_cast<int>(watch.ms()));
    std::printf("write after the leader's kill -9: %lld ms\n", static_cast<long long>(watch.ms()));
    EXPECT_LT(watch.ms(), 10'000);
    EXPECT_EQ((**client.get("before")).value, "1");
}

TEST_F(ThreeEtcds, CostOneCallsTimeWhenTheServerAskedFirstIsFrozen) {
    for (std::size_t i = 0; i < 3; ++i) {
        ASSERT_TRUE(client.put("x", "y").ok());
        servers.server(i).freeze();
        const Stopwatch watch;
        const auto answer = client.put("x", std::to_string(i));
        EXPECT_TRUE(answer.ok()) << answer.error().message;
        EXPECT_LT(watch.ms(), 3 * limits::etcd_call_ms + 2'000);
        const Stopwatch next;
        EXPECT_TRUE(client.put("x", "again").ok());
        std::printf("frozen server %zu: first %lld ms, next %lld ms\n", i, static_cast<long long>(watch.ms()),
                    static_cast<long long>(next.ms()));
        servers.server(i).thaw();
        ASSERT_TRUE(servers.wait_ready().ok());
    }
}

TEST_F(ThreeEtcds, KeepEverythingWhenAllDieAndComeBack) {
    ASSERT_TRUE(client.put("kept", "yes").ok());
    for (std::size_t i = 0; i < 3; ++i)
        servers.server(i).kill();
    EXPECT_FALSE(Client({servers.endpoints(), 200, 300}).get("kept").ok());
    ASSERT_TRUE(servers.start().ok());
    const auto found = client.get("kept");
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ((*found)->value, "yes");
}

TEST_F(ThreeEtcds, LetOneOfManyWinWhileTheirLeaderDies) {
    for (int round = 0; round < 3; ++round) {
        std::mutex mutex;
        std::set<std::string> winners;
        std::vector<std::thread> threads;
        const std::string key = "race/" + std::to_string(round);
        for (int i = 0; i < 6; ++i) {
            threads.emplace_back([&, i] {
                Client own({servers.endpoints(), 1'000, 10'000});
                const std::string name = "thread " + std::to_string(i);
                const auto outcome = own.create_if_absent(key, name);
                const std::lock_guard lock(mutex);
                if (outcome && outcome->done) winners.insert(name);
            });
        }
        const std::size_t leader = servers.leader();
        if (leader < 3) servers.server(leader).kill();
        for (std::thread& thread : threads)
            thread.join();
        ASSERT_EQ(winners.size(), 1u);
        EXPECT_EQ((**client.get(key)).value, *winners.begin()) << "who believes to have won has won";
        ASSERT_TRUE(servers.start().ok());
    }
}

}  // namespace
}  // namespace stoa::cluster::etcd
