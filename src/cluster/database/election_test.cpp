#include "cluster/database/election.hpp"

#include <gtest/gtest.h>

namespace stoa::cluster::database {
namespace {

const std::vector<std::string> kMembers{"db1", "db2", "db3"};

/// db1 has handed over to db2; db3, in the life in which it acknowledged, has not been heard yet.
class AfterAHandover : public ::testing::Test {
  protected:
    AfterAHandover() {
        Acknowledgers list;
        list.epoch = 7;
        list.leader = "db1";
        list.members = {{"db2", "b"}, {"db3", "c"}};
        list.base = Position("0-101-9");
        list.preferred = "db2";
        list.closed = true;
        view_.acknowledgers = list;
        view_.members["db2"] = member("db2", "b", true);
        view_.members["db3"] = member("db3", "c", true);
    }
    static Member member(const std::string& name, const Life& life, bool receiving) {
        Member one;
        one.name = name;
        one.life = life;
        one.receiving = receiving;
        one.received = one.applied = Position("0-101-9");
        return one;
    }
    void votes(const std::string& name) {
        Member& one = view_.members[name];
        one.receiving = false;
        one.vote = Vote{7, one.received};
    }
    ClusterView view_;
};

TEST_F(AfterAHandover, the_successor_waits_for_nobody) {
    EXPECT_EQ(elect(view_, kMembers).winner, "db2");
}

TEST_F(AfterAHandover, everybody_is_heard_when_the_leader_may_still_have_written) {
    view_.acknowledgers->closed = false;
    EXPECT_EQ(elect(view_, kMembers).winner, "");
    votes("db2");
    EXPECT_EQ(elect(view_, kMembers).missing, "db3 has not stopped receiving yet");
}

TEST_F(AfterAHandover, everybody_is_heard_when_the_successor_was_started_again) {
    view_.members["db2"].life = "later";
    EXPECT_EQ(elect(view_, kMembers).winner, "");
}

TEST_F(AfterAHandover, everybody_is_heard_when_the_successor_is_gone) {
    view_.members.erase("db2");
    EXPECT_EQ(elect(view_, kMembers).winner, "");
}

TEST_F(AfterAHandover, a_successor_whose_data_are_damaged_is_passed_over) {
    view_.members["db2"].damaged = true;
    EXPECT_EQ(elect(view_, kMembers).winner, "");
    votes("db2");
    votes("db3");
    EXPECT_EQ(elect(view_, kMembers).winner, "db3");
}

}  // namespace
}  // namespace stoa::cluster::database
