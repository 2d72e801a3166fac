// On real etcd servers.
#include "cluster/etcd/mirror.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "cluster/etcd/testing/etcd_servers.hpp"

namespace stoa::cluster::etcd {
namespace {

using fixture::eventually;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::int64_t ms_since(steady_clock::time_point start) {
    return duration_cast<milliseconds>(steady_clock::now() - start).count();
}

std::string value_of(const Mirror& mirror, const std::string& key) {
    const auto snapshot = mirror.snapshot();
    const auto found = snapshot->values.find(key);
    return found == snapshot->values.end() ? "absent" : found->second;
}

class MirrorOfOneEtcd : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(servers.start().ok()); }
    fixture::EtcdServers servers{1};
    Client client{{servers.endpoints(), 10'000, 30'000}};
};

TEST_F(MirrorOfOneEtcd, HoldsWhatWasThereAndFollowsChanges) {
    ASSERT_TRUE(client.put("/a/1", "one").ok());
    ASSERT_TRUE(client.put("/b/1", "not mine").ok());
    std::atomic<int> changes{0};
    Mirror mirror({servers.endpoints()}, "/a/", [&] { ++changes; });
    EXPECT_EQ(mirror.snapshot()->revision, 0);
    mirror.start();
    ASSERT_TRUE(eventually([&] { return mirror.fresh(); }));
    EXPECT_EQ(mirror.snapshot()->values.size(), 1u);
    EXPECT_EQ(value_of(mirror, "/a/1"), "one");

    const int before = changes;
    const auto start = steady_clock::now();
    ASSERT_TRUE(client.put("/a/2", "two").ok());
    ASSERT_TRUE(eventually([&] { return value_of(mirror, "/a/2") == "two"; }));
    std::printf("a change arrived after %lld ms\n", static_cast<long long>(ms_since(start)));
    EXPECT_GT(changes, before);
    ASSERT_TRUE(client.remove("/a/1").ok());
    ASSERT_TRUE(client.put("/b/2", "not mine").ok());
    ASSERT_TRUE(eventually([&] { return value_of(mirror, "/a/1") == "absent"; }));
    EXPECT_EQ(mirror.snapshot()->values.size(), 1u);
    EXPECT_EQ(mirror.snapshot(), mirror.snapshot()) << "copied once per change";

    const auto stop = steady_clock::now();
    mirror.stop();
    EXPECT_LT(ms_since(stop), 3'000);
    EXPECT_FALSE(mirror.fresh());
}

TEST_F(MirrorOfOneEtcd, FollowsLargeValues) {
    Mirror mirror({servers.endpoints()}, "/a/");
    mirror.start();
    ASSERT_TRUE(eventually([&] { return mirror.fresh(); }));
    const std::string large(limits::etcd_value_bytes_max, 'x');
    for (int i = 0; i < 8; ++i)
        ASSERT_TRUE(client.put("/a/" + std::to_string(i), large).ok());
    EXPECT_TRUE(eventually([&] { return value_of(mirror, "/a/7") == large; }));
}

TEST_F(MirrorOfOneEtcd, StartsBeforeEtcdDoes) {
    servers.server(0).kill();
    Mirror mirror({servers.endpoints()}, "/a/");
    mirror.start();
    EXPECT_FALSE(eventually([&] { return mirror.fresh(); }, 500));
    ASSERT_TRUE(servers.start().ok());
    ASSERT_TRUE(client.put("/a/1", "one").ok());
    EXPECT_TRUE(eventually([&] { return value_of(mirror, "/a/1") == "one"; }));
}

TEST_F(MirrorOfOneEtcd, MissesNothingWhileTheServerDiesAndComesBack) {
    Mirror mirror({servers.endpoints()}, "/a/");
    mirror.start();
    ASSERT_TRUE(eventually([&] { return mirror.fresh(); }));
    ASSERT_TRUE(client.put("/a/gone", "x").ok());
    ASSERT_TRUE(eventually([&] { return value_of(mirror, "/a/gone") == "x"; }));
    servers.server(0).kill();
    ASSERT_TRUE(eventually([&] { return !mirror.fresh(); }));
    EXPECT_EQ(value_of(mirror, "/a/gone"), "x") << "the last copy stays";
    ASSERT_TRUE(servers.start().ok());
    ASSERT_TRUE(client.put("/a/new", "y").ok());
    ASSERT_TRUE(client.remove("/a/gone").ok());
    EXPECT_TRUE(
        eventually([&] { return value_of(mirror, "/a/new") == "y" && value_of(mirror, "/a/gone") == "absent"; }));
    EXPECT_TRUE(eventually([&] { return mirror.fresh(); }));
}

TEST_F(MirrorOfOneEtcd, ListsAgainWhenWhatItMissedWasCompacted) {
    Mirror mirror({servers.endpoints()}, "/a/");
    mirror.start();
    ASSERT_TRUE(client.put("/a/old", "x").ok());
    ASSERT_TRUE(eventually([&] { return value_of(mirror, "/a/old") == "x"; }));
    servers.server(0).freeze();  // the mirror leaves it, and so can not see what comes
    ASSERT_TRUE(eventually([&] { return !mirror.fresh(); }));
    servers.server(0).kill();
    fixture::EtcdServers& etcd = servers;
    const auto hidden = etcd.start();
    ASSERT_TRUE(hidden.ok());
    // The stream may be open again by now; what matters is that it agrees in the end.
    std::int64_t revision = 0;
    for (int i = 0; i < 50; ++i)
        revision = client.put("/a/new", std::to_string(i)).value_or(revision);
    ASSERT_TRUE(client.remove("/a/old").ok());
    ASSERT_TRUE(client.compact(revision).ok());
    EXPECT_TRUE(
        eventually([&] { return value_of(mirror, "/a/new") == "49" && value_of(mirror, "/a/old") == "absent"; }));
}

TEST(Mirror, ListsAgainWhenTheStoreIsAnotherOne) {
    auto servers = std::make_unique<fixture::EtcdServers>(1);
    ASSERT_TRUE(servers->start().ok());
    fixture::EtcdServers other(1);
    ASSERT_TRUE(other.start().ok());
    Client client({servers->endpoints()});
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(client.put("/a/old", std::to_string(i)).ok());
    Mirror mirror({{servers->endpoint(0), other.endpoint(0)}}, "/a/");
    mirror.start();
    ASSERT_TRUE(eventually([&] { return value_of(mirror, "/a/old") == "19"; }));
    ASSERT_TRUE(Client({other.endpoints()}).put("/a/restored", "yes").ok());
    servers.reset();
    EXPECT_TRUE(
        eventually([&] { return value_of(mirror, "/a/restored") == "yes" && value_of(mirror, "/a/old") == "absent"; }));
}

class MirrorOfThreeEtcds : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(servers.start().ok()); }
    fixture::EtcdServers servers{3};
    Client client{{servers.endpoints(), limits::etcd_call_ms, 20'000}};
};

TEST_F(MirrorOfThreeEtcds, LeavesAFrozenServerWithinTwoSeconds) {
    Mirror mirror({servers.endpoints()}, "/a/");
    mirror.start();
    ASSERT_TRUE(eventually([&] { return mirror.fresh(); }));
    // One of them has its stream; which one shows when it is left.
    for (std::size_t i = 0; i < 3; ++i) {
        const std::int64_t streams = mirror.streams();
        servers.server(i).freeze();
        const auto start = steady_clock::now();
        const std::string value = "round " + std::to_string(i);
        Client others({{servers.endpoint((i + 1) % 3), servers.endpoint((i + 2) % 3)}, 1'000, 20'000});
        ASSERT_TRUE(others.put("/a/x", value).ok());
        EXPECT_TRUE(eventually([&] { return value_of(mirror, "/a/x") == value; }));
        std::printf("server %zu frozen: %lld ms, %lld new streams\n", i, static_cast<long long>(ms_since(start)),
                    static_cast<long long>(mirror.streams() - streams));
        EXPECT_LT(ms_since(start), 8'000) << "1.5 s when the machine is not busy";
        servers.server(i).thaw();
        ASSERT_TRUE(servers.wait_ready().ok());
        ASSERT_TRUE(eventually([&] { return mirror.fresh(); }));
    }
}

TEST_F(MirrorOfThreeEtcds, MissesNoWriteWhileLeadersDie) {
    std::mutex mutex;
    std::map<std::string, std::string> seen;
    Mirror mirror({servers.endpoints()}, "/w/");
    mirror.start();
    ASSERT_TRUE(eventually([&] { return mirror.fresh(); }));
    std::atomic<bool> done{false};
    std::atomic<int> written{0};
    std::thread writer([&] {
        Client own({servers.endpoints(), 1'000, 10'000});
        for (int i = 0; !done; ++i) {
            if (own.put("/w/" + std::to_string(i), "v").ok()) ++written;
        }
    });
    for (int round = 0; round < 3; ++round) {
        const int before = written;
        eventually([&] { return written > before + 50; }, 5'000);
        const std::size_t leader = servers.leader();
        if (leader < 3) servers.server(leader).kill();
        eventually([&] { return written > before + 100; }, 10'000);
        EXPECT_TRUE(servers.start().ok());
    }
    done = true;
    writer.join();
    const auto truth = client.get_prefix("/w/");
    ASSERT_TRUE(truth.ok());
    EXPECT_GE(truth->items.size(), static_cast<std::size_t>(written.load()));
    EXPECT_TRUE(eventually([&] { return mirror.snapshot()->values.size() == truth->items.size(); }))
        << mirror.snapshot()->values.size() << " of " << truth->items.size();
    std::printf("%d writes, %lld streams\n", written.load(), static_cast<long long>(mirror.streams()));
}

TEST_F(MirrorOfThreeEtcds, IsNotFreshWithoutAMajorityAndComesBackWithIt) {
    Mirror mirror({servers.endpoints()}, "/a/");
    mirror.start();
    ASSERT_TRUE(eventually([&] { return mirror.fresh(); }));
    ASSERT_TRUE(client.put("/a/1", "kept").ok());
    ASSERT_TRUE(eventually([&] { return value_of(mirror, "/a/1") == "kept"; }));
    servers.server(0).kill();
    servers.server(1).kill();
    EXPECT_TRUE(eventually([&] { return !mirror.fresh(); }, 5'000));
    std::this_thread::sleep_for(milliseconds(2'000));
    EXPECT_FALSE(mirror.fresh());
    EXPECT_EQ(value_of(mirror, "/a/1"), "kept");
    ASSERT_TRUE(servers.start().ok());
    EXPECT_TRUE(eventually([&] { return mirror.fresh(); }));
    ASSERT_TRUE(client.put("/a/1", "new").ok());
    EXPECT_TRUE(eventually([&] { return value_of(mirror, "/a/1") == "new"; }));
}

}  // namespace
}  // namespace stoa::cluster::etcd
