#include "cluster/galera/decide.hpp"

#include <gtest/gtest.h>

namespace stoa::cluster::galera {
namespace {

using Kind = Action::Kind;

const std::string kHistory = "f081c2dc-a16e-5f9c-3ace-aca922273453";
const std::string kOther = "11111111-2222-3333-4444-555555555555";
const std::vector<std::string> kNodes{"db1", "db2", "db3"};

Node node(const std::string& name, Node::Kind kind, std::int64_t seqno, const std::string& history = kHistory) {
    Node made;
    made.name = name;
    made.address = "10.0.0.1";
    made.kind = kind;
    made.life = name + "-1";
    made.position = {history, seqno};
    made.ready = made.well = kind == Node::Kind::primary;
    return made;
}
Node down(const std::string& name, std::int64_t seqno) {
    return node(name, Node::Kind::down, seqno);
}
Node alone(const std::string& name, std::int64_t seqno) {
    return node(name, Node::Kind::non_primary, seqno);
}
Node primary(const std::string& name, std::int64_t seqno) {
    return node(name, Node::Kind::primary, seqno);
}
Node unknown(const std::string& name, Node::Kind kind) {
    Node made = node(name, kind, -1);
    made.position = {};
    return made;
}

View seen(const std::vector<Node>& nodes) {
    View view;
    view.fresh = true;
    for (const Node& one : nodes)
        view.nodes[one.name] = one;
    return view;
}

/// What the node of that name does.
Action of(const std::string& name, const View& view, Self self = {}) {
    Settings settings;
    settings.name = name;
    settings.nodes = kNodes;
    if (self.node.name.empty()) self.node = view.nodes.at(name);
    return decide(settings, view, self);
}
Self self_of(const Node& node) {
    Self self;
    self.node = node;
    return self;
}
Round round_of(const Node& node, bool forced = false) {
    return {node.name, node.life, node.position, forced, 1};
}
std::vector<std::string> who_begins(const View& view) {
    std::vector<std::string> names;
    for (const auto& [name, one] : view.nodes) {
        const Kind kind = of(name, view).kind;
        if (kind == Kind::begin || kind == Kind::promote) names.push_back(name);
    }
    return names;
}
using Names = std::vector<std::string>;

TEST(GaleraDecide, the_most_advanced_begins_and_nobody_else) {
    EXPECT_EQ(who_begins(seen({down("db1", 10), down("db2", 12), down("db3", 11)})), Names{"db2"});
}
TEST(GaleraDecide, among_equals_the_first_configured_begins) {
    EXPECT_EQ(who_begins(seen({down("db3", 12), down("db2", 12), down("db1", 11)})), Names{"db2"});
}
TEST(GaleraDecide, nobody_begins_while_one_is_not_heard) {
    const View view = seen({down("db1", 10), down("db2", 12)});
    EXPECT_EQ(who_begins(view), Names{});
    EXPECT_NE(of("db2", view).reason.find("db3"), std::string::npos);
}
TEST(GaleraDecide, nobody_begins_while_one_is_still_finding_out_its_position) {
    for (const auto kind : {Node::Kind::recovering, Node::Kind::stopped})
        EXPECT_EQ(who_begins(seen({down("db1", 10), down("db2", 12), unknown("db3", kind)})), Names{});
}
TEST(GaleraDecide, nobody_begins_while_the_position_of_one_cannot_be_read) {
    EXPECT_EQ(who_begins(seen({down("db1", 10), down("db2", 12), unknown("db3", Node::Kind::down)})), Names{});
}
TEST(GaleraDecide, nobody_begins_while_etcd_is_away) {
    View view = seen({down("db1", 10), down("db2", 12), down("db3", 11)});
    view.fresh = false;
    Self self = self_of(down("db2", 12));
    self.away_ms = 1'000'000;
    self.answering = {"db1"};
    EXPECT_EQ(of("db2", view, self).kind, Kind::join);  // which begins nothing
    self.answering.clear();
    EXPECT_EQ(of("db2", view, self).kind, Kind::wait);
}
TEST(GaleraDecide, the_first_start_is_by_the_first_configured) {
    EXPECT_EQ(who_begins(seen({down("db1", 0), down("db2", 0), down("db3", 0)})), Names{"db1"});
}
TEST(GaleraDecide, a_lost_disk_never_wins) {
    EXPECT_EQ(who_begins(seen({down("db1", 0), down("db2", 7), down("db3", 6)})), Names{"db2"});
    const Node broken = node("db1", Node::Kind::down, -1, Position::kNone);
    EXPECT_EQ(who_begins(seen({broken, down("db2", 7), down("db3", 6)})), Names{"db2"});
}
TEST(GaleraDecide, three_lost_disks_are_no_new_cluster) {
    View view = seen({down("db1", 0), down("db2", 0), down("db3", 0)});
    view.reached = true;
    EXPECT_EQ(who_begins(view), Names{});
    EXPECT_NE(of("db1", view).reason.find("backup"), std::string::npos);
}
TEST(GaleraDecide, different_histories_are_for_an_operator) {
    const View view = seen({down("db1", 10), node("db2", Node::Kind::down, 12, kOther), down("db3", 11)});
    EXPECT_EQ(who_begins(view), Names{});
    EXPECT_NE(of("db1", view).reason.find("different histories"), std::string::npos);
}
TEST(GaleraDecide, a_survivor_without_a_group_begins_one_when_the_others_are_heard_and_have_no_more) {
    EXPECT_EQ(who_begins(seen({down("db1", 10), alone("db2", 10), down("db3", 9)})), Names{"db2"});
    EXPECT_EQ(of("db2", seen({down("db1", 10), alone("db2", 10), down("db3", 9)})).kind, Kind::promote);
    EXPECT_EQ(who_begins(seen({down("db1", 10), alone("db2", 10)})), Names{});
}
TEST(GaleraDecide, a_survivor_that_lacks_changes_is_ended_so_that_its_exact_position_is_known) {
    const View view = seen({down("db1", 11), alone("db2", 10), down("db3", 9)});
    EXPECT_EQ(who_begins(view), Names{});
    Self self = self_of(alone("db2", 10));
    EXPECT_EQ(of("db2", view, self).kind, Kind::wait);
    self.vacant_ms = 5'000;
    EXPECT_EQ(of("db2", view, self).kind, Kind::end);
}
TEST(GaleraDecide, of_two_that_run_without_a_group_one_is_ended_before_the_other_begins) {
    // They could come together by themselves at the same time.
    const View view = seen({alone("db1", 10), alone("db2", 11), down("db3", 9)});
    EXPECT_EQ(who_begins(view), Names{});
    for (const auto& [name, kind] : {std::pair{"db1", Kind::end}, std::pair{"db2", Kind::wait}}) {
        Self self = self_of(view.nodes.at(name));
        self.vacant_ms = 5'000;
        EXPECT_EQ(of(name, view, self).kind, kind);
    }
    EXPECT_EQ(who_begins(seen({down("db1", 10), alone("db2", 11), down("db3", 9)})), Names{"db2"});
}
TEST(GaleraDecide, one_that_looks_for_a_lost_group_is_ended) {
    const View view = seen({unknown("db1", Node::Kind::joining), down("db2", 11), down("db3", 9)});
    EXPECT_EQ(who_begins(view), Names{});
    Self self = self_of(view.nodes.at("db1"));
    self.told = true;
    self.vacant_ms = 5'000;
    EXPECT_EQ(of("db1", view, self).kind, Kind::end);
}
TEST(GaleraDecide, who_was_told_to_begin_is_not_ended_for_looking_for_a_group) {
    View view = seen({unknown("db1", Node::Kind::joining), down("db2", 11), down("db3", 9)});
    view.round = round_of(view.nodes.at("db1"));
    Self self = self_of(view.nodes.at("db1"));
    self.told = self.began = true;
    self.vacant_ms = 30'000;
    EXPECT_EQ(of("db1", view, self).kind, Kind::wait);
    self.kind_ms = 60'000;
    EXPECT_EQ(of("db1", view, self).kind, Kind::end);
}
TEST(GaleraDecide, nobody_is_chosen_beside_somebody_who_may_be_acting_on_its_choice) {
    View view = seen({down("db1", 10), down("db2", 12), down("db3", 11)});
    view.round = round_of(view.nodes.at("db1"));
    EXPECT_EQ(of("db2", view).kind, Kind::wait);
    // Who was chosen and is no longer the right one ends that life, and the others go on.
    EXPECT_EQ(of("db1", view).kind, Kind::end);
    view.nodes.at("db1").life = "db1-2";
    EXPECT_EQ(who_begins(view), Names{"db2"});
}
TEST(GaleraDecide, others_join_who_was_chosen_as_soon_as_its_port_answers) {
    View view = seen({unknown("db1", Node::Kind::joining), down("db2", 0), down("db3", 0)});
    view.round = round_of(view.nodes.at("db1"));
    Self self = self_of(down("db2", 0));
    EXPECT_EQ(of("db2", view, self).kind, Kind::wait);
    self.answering = {"db1"};
    EXPECT_EQ(of("db2", view, self).kind, Kind::join);
}
TEST(GaleraDecide, who_was_chosen_begins_again_when_its_agent_died_in_between) {
    View view = seen({down("db1", 10), down("db2", 12), down("db3", 11)});
    view.round = round_of(view.nodes.at("db2"));
    EXPECT_EQ(who_begins(view), Names{"db2"});
}
TEST(GaleraDecide, an_old_choice_does_not_let_a_server_begin_a_group_again) {
    View view = seen({down("db1", 12), alone("db2", 11)});
    view.round = round_of(view.nodes.at("db2"));
    EXPECT_EQ(who_begins(view), Names{});
    view.nodes["db3"] = down("db3", 9);
    EXPECT_EQ(who_begins(view), Names{});
}
TEST(GaleraDecide, others_join_a_group_once_its_port_answers) {
    const View view = seen({primary("db1", 20), down("db2", 12)});
    Self self = self_of(down("db2", 12));
    EXPECT_EQ(of("db2", view, self).kind, Kind::wait);
    self.answering = {"db3"};  // not in the group
    EXPECT_EQ(of("db2", view, self).kind, Kind::wait);
    self.answering = {"db1"};
    EXPECT_EQ(of("db2", view, self).kind, Kind::join);
    self.told = true;
    EXPECT_EQ(of("db2", view, self).kind, Kind::wait);
}
TEST(GaleraDecide, a_lost_disk_joins) {
    Self self = self_of(down("db2", 0));
    self.answering = {"db1"};
    EXPECT_EQ(of("db2", seen({primary("db1", 20), down("db2", 0)}), self).kind, Kind::join);
    self.node.position = {Position::kNone, -1};
    EXPECT_EQ(of("db2", seen({primary("db1", 20), down("db2", 0)}), self).kind, Kind::join);
}
TEST(GaleraDecide, data_of_another_history_are_not_overwritten_unasked) {
    View view = seen({primary("db1", 20), node("db2", Node::Kind::down, 12, kOther)});
    Self self = self_of(view.nodes.at("db2"));
    self.answering = {"db1"};
    EXPECT_EQ(of("db2", view, self).kind, Kind::wait);
    view.round = round_of(view.nodes.at("db1"), true);  // an operator said which one is right
    EXPECT_EQ(of("db2", view, self).kind, Kind::join);
}
TEST(GaleraDecide, a_server_that_stays_outside_of_the_group_comes_back_to_it) {
    const View view = seen({primary("db1", 20), alone("db2", 12), primary("db3", 20)});
    Self self = self_of(alone("db2", 12));
    EXPECT_EQ(of("db2", view, self).kind, Kind::wait);
    self.kind_ms = 10'000;
    EXPECT_EQ(of("db2", view, self).kind, Kind::end);
}
TEST(GaleraDecide, an_operator_makes_one_begin_whoever_is_missing) {
    View view = seen({down("db1", 10), down("db2", 12)});
    view.command = Command{"id", "db1", ""};
    const Action action = of("db1", view);
    EXPECT_EQ(action.kind, Kind::begin);
    EXPECT_TRUE(action.forced);
    EXPECT_EQ(of("db2", view).kind, Kind::wait);
}
TEST(GaleraDecide, an_operator_who_forces_a_running_server_has_it_ended_first) {
    View view = seen({alone("db1", 10), down("db2", 12)});
    view.command = Command{"id", "db1", ""};
    EXPECT_EQ(of("db1", view).kind, Kind::end);
}
TEST(GaleraDecide, forcing_is_refused_beside_a_group) {
    View view = seen({down("db1", 10), primary("db2", 12)});
    view.command = Command{"id", "db1", ""};
    EXPECT_EQ(of("db1", view).kind, Kind::answer);
    EXPECT_TRUE(of("db1", view).reason.starts_with("refused"));
}
TEST(GaleraDecide, what_was_set_aside_by_force_never_wins_again) {
    View view = seen({down("db1", 5), down("db2", 120), down("db3", 110)});
    view.nodes.at("db1").position.history = kOther;
    view.round = Round{"db1", "db1-0", {kOther, 4}, true, 1};
    EXPECT_EQ(who_begins(view), Names{"db1"});
    view.nodes.at("db1").position = {kHistory, 0};  // its disk is lost, too
    EXPECT_EQ(who_begins(view), Names{});
}
TEST(GaleraDecide, a_server_that_hangs_is_ended_only_while_all_others_are_well) {
    View view = seen({primary("db1", 20), primary("db2", 20), primary("db3", 20)});
    Self self = self_of(primary("db1", 20));
    self.hangs = true;
    EXPECT_EQ(of("db1", view, self).kind, Kind::end_hanging);
    view.nodes.at("db3").well = false;
    EXPECT_EQ(of("db1", view, self).kind, Kind::wait);
    view.nodes.erase("db3");
    EXPECT_EQ(of("db1", view, self).kind, Kind::wait);
}
TEST(GaleraForce, names_who_is_not_heard_and_who_has_more) {
    const ForcePlan plan = plan_force(seen({down("db1", 10), down("db2", 12)}), kNodes, "db1");
    EXPECT_EQ(plan.winner, "db1");
    ASSERT_EQ(plan.risks.size(), 2u);
    EXPECT_NE(plan.risks[0].find("2 changes more"), std::string::npos);
    EXPECT_NE(plan.risks[1].find("db3 is not heard"), std::string::npos);
    EXPECT_EQ(plan_force(seen({down("db1", 10), down("db2", 12)}), kNodes).winner, "db2");
    EXPECT_EQ(plan_force(seen({down("db1", 10)}), kNodes, "db3").winner, "");
}
TEST(GaleraRecords, survive_their_json) {
    Node one = primary("db1", 20);
    one.paused_percent = 7;
    const auto read = node_from_json(to_json(one));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->kind, Node::Kind::primary);
    EXPECT_EQ(read->position, one.position);
    const auto round = round_from_json(to_json(round_of(one, true)));
    ASSERT_TRUE(round.ok());
    EXPECT_TRUE(round->forced);
    EXPECT_EQ(round->position, one.position);
    EXPECT_TRUE(position_from("unknown").unknown());
    EXPECT_TRUE(position_from(kHistory + ":").unknown());
    EXPECT_EQ(position_from(kHistory + ":12").seqno, 12);
}

}  // namespace
}  // namespace stoa::cluster::galera
