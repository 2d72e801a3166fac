#include "cluster/control/web_keeper.hpp"

#include <gtest/gtest.h>

namespace stoa::cluster::control {
namespace {

using Names = std::set<std::string>;
using List = std::vector<std::string>;

WebSight three(const Names& alive, const Names& drained = {}) {
    return {{"web1", "web2", "web3"}, alive, drained, 3, 8};
}

TEST(WebKeeper, leaves_a_whole_cluster_alone) {
    WebKeeper keeper;
    const WebDecision decision = keeper.decide(three({"web1", "web2", "web3"}), 0);
    EXPECT_EQ(decision.add, 0);
    EXPECT_TRUE(decision.remove.empty());
}

TEST(WebKeeper, adds_the_needed_number_at_once_when_hosts_are_lost) {
    WebKeeper keeper;
    EXPECT_EQ(keeper.decide(three({"web1"}), 0).add, 0);  // perhaps they are back in a moment
    EXPECT_EQ(keeper.decide(three({"web1"}), 499).add, 0);
    EXPECT_EQ(keeper.decide(three({"web1"}), 500).add, 2);
}

TEST(WebKeeper, does_not_add_again_while_the_added_ones_boot) {
    WebKeeper keeper;
    keeper.decide(three({"web1"}), 0);
    ASSERT_EQ(keeper.decide(three({"web1"}), 500).add, 2);
    keeper.added("web4", 1'000);
    keeper.added("web5", 1'500);
    WebSight sight{{"web1", "web2", "web3", "web4", "web5"}, {"web1"}, {}, 3, 8};
    EXPECT_EQ(keeper.decide(sight, 2'000).add, 0);
    EXPECT_EQ(keeper.decide(sight, 60'999).add, 0);
    EXPECT_EQ(keeper.decide(sight, 61'500).add, 2);  // they never came
}

TEST(WebKeeper, removes_the_lost_only_when_others_are_there) {
    WebKeeper keeper;
    keeper.decide(three({"web1"}), 0);
    EXPECT_TRUE(keeper.decide(three({"web1"}), 500).remove.empty());
    keeper.added("web4", 600);
    keeper.added("web5", 600);
    WebSight sight{{"web1", "web2", "web3", "web4", "web5"}, {"web1", "web4", "web5"}, {}, 3, 8};
    EXPECT_EQ(keeper.decide(sight, 700).remove, (List{"web2", "web3"}));
}

TEST(WebKeeper, does_not_replace_a_host_whose_agent_starts_anew) {
    WebKeeper keeper;
    keeper.decide(three({"web1", "web2"}), 0);
    EXPECT_EQ(keeper.decide(three({"web1", "web2", "web3"}), 300).add, 0);
    EXPECT_EQ(keeper.decide(three({"web1", "web2"}), 700).add, 0);  // counts from now again
    EXPECT_EQ(keeper.decide(three({"web1", "web2"}), 1'200).add, 1);
}

TEST(WebKeeper, counts_drained_hosts_as_not_serving_but_does_not_call_them_lost) {
    WebKeeper keeper;
    keeper.decide(three({"web1", "web2", "web3"}, {"web3"}), 0);
    EXPECT_EQ(keeper.decide(three({"web1", "web2", "web3"}, {"web3"}), 1'000).add, 1);
    EXPECT_TRUE(keeper.decide({{"web1", "web2", "web3", "web4"}, {"web1", "web2", "web4"}, {"web3"}, 3, 8}, 2'000)
                    .remove.empty());
}

TEST(WebKeeper, never_goes_over_the_maximum) {
    WebKeeper keeper;
    WebSight sight{{"web1", "web2", "web3"}, {}, {}, 3, 4};
    keeper.decide(sight, 0);
    EXPECT_EQ(keeper.decide(sight, 500).add, 3);  // the lost ones do not count
    keeper.added("web4", 500);
    keeper.added("web5", 500);
    WebSight more{{"web1", "web2", "web3", "web4", "web5"}, {}, {}, 3, 2};
    EXPECT_EQ(keeper.decide(more, 600).add, 0);
}

TEST(WebKeeper, waits_longer_after_each_failure_of_the_provider) {
    WebKeeper keeper;
    keeper.decide(three({"web1"}), 0);
    ASSERT_EQ(keeper.decide(three({"web1"}), 500).add, 2);
    keeper.added("", 600);
    EXPECT_EQ(keeper.decide(three({"web1"}), 2'599).add, 0);
    EXPECT_EQ(keeper.decide(three({"web1"}), 2'600).add, 2);
    keeper.added("", 2'600);
    EXPECT_EQ(keeper.decide(three({"web1"}), 6'599).add, 0);
    EXPECT_EQ(keeper.decide(three({"web1"}), 6'600).add, 2);
}

}  // namespace
}  // namespace stoa::cluster::control
