#include "cluster/lab/layout.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/testing/engine_process.hpp"
#include "cluster/lab/host.hpp"
#include "cluster/lab/store.hpp"

namespace stoa::cluster::lab {
namespace {

LabOptions options(Topology topology, int web = 3) {
    LabOptions out;
    out.topology = topology;
    out.web = web;
    out.program = "/usr/bin/stoa";
    return out;
}

TEST(Layout, has_the_hosts_of_its_topology) {
    const auto classic = make_spec(options(Topology::classic), "abc", 98);
    ASSERT_TRUE(classic.ok()) << classic.error().message;
    EXPECT_EQ(classic->hosts.size(), 2u + 3 + 3 + 3 + 3 + 3);
    EXPECT_EQ(classic->host("lb2")->front_address, "10.98.1.12");
    EXPECT_EQ(classic->host("web3")->address, "10.98.0.23");
    EXPECT_FALSE(classic->web.provider.empty());
    const auto single = make_spec(options(Topology::single), "abc", 98);
    ASSERT_TRUE(single.ok()) << single.error().message;
    EXPECT_EQ(single->hosts.size(), 3u);
}

TEST(Layout, gives_no_address_twice) {
    const auto spec = make_spec(options(Topology::galera, kWebHostsMax), "abc", 98);
    ASSERT_TRUE(spec.ok()) << spec.error().message;
    std::set<std::string> addresses;
    for (const HostSpec& host : spec->hosts)
        EXPECT_TRUE(addresses.insert(host.address).second) << host.address;
    EXPECT_FALSE(make_spec(options(Topology::classic, kWebHostsMax + 1), "abc", 98).ok());
    EXPECT_FALSE(make_spec(options(Topology::classic, 0), "abc", 98).ok());
}

TEST(Layout, has_so_many_push_hosts_and_none_unless_asked) {
    LabOptions with_push = options(Topology::classic, kWebHostsMax);
    EXPECT_TRUE(make_spec(with_push, "abc", 98)->of_role("push").empty());
    with_push.push = kPushHostsMax;
    const auto spec = make_spec(with_push, "abc", 98);
    ASSERT_TRUE(spec.ok()) << spec.error().message;
    EXPECT_EQ(spec->of_role("push").size(), static_cast<std::size_t>(kPushHostsMax));
    EXPECT_EQ(spec->host("push2")->address, "10.98.0.142");
    with_push.push = kPushHostsMax + 1;
    EXPECT_EQ(make_spec(with_push, "abc", 98).error().field, "push");
    LabOptions single = options(Topology::single);
    single.push = 1;
    EXPECT_EQ(make_spec(single, "abc", 98).error().field, "push");
}

TEST(Layout, gives_each_folder_namespaces_of_its_own) {
    EXPECT_NE(id_of("/a/run/lab"), id_of("/b/run/lab"));
    EXPECT_EQ(space_of("a1b2c3", "web1"), "stoa-a1b2c3-web1");
}

TEST(Store, finds_a_lab_again) {
    const fixture::TempDir dir;
    LabInfo info;
    info.dir = absolute_dir(dir.path());
    info.id = id_of(info.dir);
    info.state = "up";
    info.url = "https://10.98.1.10";
    info.network = 98;
    info.nodes = {{"cl", "client", "stoa-x-cl", 0, "10.98.1.100"}, {"lb1", "lb", "stoa-x-lb1", 42, "10.98.0.11"}};
    ASSERT_TRUE(save(info).ok());
    const auto again = load(dir.path());
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(to_json(*again), to_json(info));
    EXPECT_EQ(network_host(*again, again->nodes[0]).front, "10.98.1.100");
    EXPECT_EQ(network_host(*again, again->nodes[1]).front, "10.98.1.11");
    EXPECT_EQ(load(dir.path("none")).error().code, Errc::not_found);
}

}  // namespace
}  // namespace stoa::cluster::lab
