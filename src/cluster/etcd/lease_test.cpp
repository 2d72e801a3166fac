// On real etcd servers.
#include "cluster/etcd/lease.hpp"

#include <gtest/gtest.h>

#include "cluster/etcd/testing/etcd_servers.hpp"

namespace stoa::cluster::etcd {
namespace {

using fixture::eventually;

class LeaseOfOneEtcd : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(servers.start().ok()); }
    bool is_there(const std::string& key, const std::string& value) {
        const auto found = client.get(key);
        return found && *found && (*found)->value == value;
    }
    bool is_absent(const std::string& key) {
        const auto found = client.get(key);
        return found && !*found;
    }
    fixture::EtcdServers servers{1};
    Client client{{servers.endpoints(), 500, 800}};
};

TEST_F(LeaseOfOneEtcd, KeepsItsKeysLongerThanItsTime) {
    Lease lease(client, 4);
    lease.start();
    ASSERT_TRUE(eventually([&] { return lease.held(); }));
    ASSERT_TRUE(lease.put("alive", "1").ok());
    const LeaseId id = lease.id();
    std::this_thread::sleep_for(std::chrono::seconds(7));
    EXPECT_TRUE(is_there("alive", "1"));
    EXPECT_EQ(lease.id(), id);
    EXPECT_LE(lease.left_ms(), 4'000);
    ASSERT_TRUE(lease.remove("alive").ok());
    EXPECT_TRUE(is_absent("alive"));
    ASSERT_TRUE(lease.put("alive", "2").ok());
    lease.stop();
    EXPECT_TRUE(is_absent("alive")) << "given back, gone at once";
    EXPECT_FALSE(lease.held());
}

TEST_F(LeaseOfOneEtcd, LosesItsKeysWhenNobodyRenewsIt) {
    Lease lease(client, 1);
    lease.start();
    ASSERT_TRUE(eventually([&] { return lease.put("alive", "1").ok(); }));
    lease.abandon();
    EXPECT_TRUE(is_there("alive", "1"));
    EXPECT_TRUE(eventually([&] { return is_absent("alive"); }, 10'000));
}

TEST_F(LeaseOfOneEtcd, TakesAnotherAndWritesItsKeysAgainWhenItWasLost) {
    std::atomic<int> taken{0}, lost{0};
    Lease lease(client, 2, [&](bool held) { ++(held ? taken : lost); });
    lease.start();
    ASSERT_TRUE(eventually([&] { return lease.put("alive", "1").ok(); }));
    const LeaseId first = lease.id();
    ASSERT_TRUE(client.revoke(first).ok());
    EXPECT_TRUE(eventually([&] { return lease.id() != 0 && lease.id() != first && is_there("alive", "1"); }));
    EXPECT_EQ(taken, 2);
    EXPECT_EQ(lost, 1);
}

TEST_F(LeaseOfOneEtcd, WritesWhatItWasToldWhileEtcdWasAway) {
    servers.server(0).kill();
    std::atomic<int> lost{0};
    Lease lease(client, 2, [&](bool held) { lost += held ? 0 : 1; });
    lease.start();
    EXPECT_FALSE(lease.put("alive", "early").ok());
    EXPECT_FALSE(lease.put("alive", "late").ok());
    EXPECT_FALSE(lease.held());
    ASSERT_TRUE(servers.start().ok());
    EXPECT_TRUE(eventually([&] { return is_there("alive", "late"); }));
    EXPECT_EQ(lost, 0) << "never held, never lost";

    servers.server(0).freeze();
    EXPECT_TRUE(eventually([&] { return !lease.held() && lost > 0; }, 6'000)) << "it says so before etcd does";
    servers.server(0).thaw();
    EXPECT_TRUE(eventually([&] { return lease.held() && is_there("alive", "late"); }));
}

TEST(LeaseOfThreeEtcds, LivesThroughTheDeathOfEachLeader) {
    fixture::EtcdServers servers(3);
    ASSERT_TRUE(servers.start().ok());
    Client client({servers.endpoints(), limits::etcd_call_ms, 20'000});
    std::atomic<int> lost{0};
    Lease lease(client, 10, [&](bool held) { lost += held ? 0 : 1; });
    lease.start();
    ASSERT_TRUE(eventually([&] { return lease.put("alive", "1").ok(); }));
    for (int round = 0; round < 3; ++round) {
        const std::size_t leader = servers.leader();
        ASSERT_LT(leader, 3u);
        servers.server(leader).kill();
        ASSERT_TRUE(eventually([&] { return lease.put("alive", std::to_string(round)).ok(); }));
        ASSERT_TRUE(servers.start().ok());
        const auto found = client.get("alive");
        ASSERT_TRUE(found.ok() && *found);
        EXPECT_EQ((*found)->value, std::to_string(round));
    }
    EXPECT_EQ(lost, 0);
}

}  // namespace
}  // namespace stoa::cluster::etcd
