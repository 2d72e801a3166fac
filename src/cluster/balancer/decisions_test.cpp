#include "cluster/balancer/decisions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/balancer/cluster_view.hpp"
#include "cluster/state/live.hpp"

namespace stoa::cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::int64_t kSecondUs = 1'000'000;

WebServer web(const std::string& name, Admission admission = Admission::admitted,
              const std::string& incarnation = "1") {
    return {name, "10.0.0.1", 80, admission, "", incarnation, false};
}

ServerStatus status(const std::string& name, const std::string& backend = "web") {
    ServerStatus server;
    server.backend = backend;
    server.name = name;
    server.address = "10.0.0.1";
    server.port = 80;
    server.up = true;
    return server;
}

TEST(WebServers, a_server_that_is_as_it_should_be_is_left_alone) {
    std::string problem;
    EXPECT_THAT(WebServers().decide({}, {{web("a")}, {}}, {status("a")}, 0, problem), IsEmpty());
}

TEST(WebServers, a_new_server_is_down_until_its_checks_pass) {
    std::string problem;
    EXPECT_THAT(WebServers().decide({}, {{web("a"), web("b")}, {}}, {status("a")}, 0, problem),
                ElementsAre(StartsWith("add server web/b 10.0.0.1:80 check"),
                            "enable health web/b; enable server web/b; set server web/b health down"));
}

TEST(WebServers, one_that_leaves_ends_its_requests_first) {
    WebServers servers;
    std::string problem;
    ServerStatus leaving = status("b");
    leaving.sessions = 2;
    const BalancerView view{{web("a")}, {}};
    EXPECT_THAT(servers.decide({}, view, {status("a"), leaving}, 0, problem),
                ElementsAre("set server web/b state drain"));
    leaving.draining = true;
    EXPECT_THAT(servers.decide({}, view, {status("a"), leaving}, kSecondUs, problem), IsEmpty());
    EXPECT_THAT(servers.decide({}, view, {status("a"), leaving}, 121 * kSecondUs, problem),
                ElementsAre("set server web/b state maint", "shutdown sessions server web/b", "del server web/b"));
    leaving.sessions = 0;
    leaving.maintenance = true;
    EXPECT_THAT(servers.decide({}, view, {status("a"), leaving}, 122 * kSecondUs, problem),
                ElementsAre("del server web/b"));
}

TEST(WebServers, the_last_one_that_serves_goes_on_whatever_the_view_says) {
    for (const Admission admission : {Admission::draining, Admission::refused}) {
        std::string problem;
        EXPECT_THAT(WebServers().decide({}, {{web("a", admission)}, {}}, {status("a")}, 0, problem), IsEmpty());
        EXPECT_NE(problem, "");
    }
    std::string problem;
    EXPECT_THAT(WebServers().decide({}, {}, {status("a")}, 0, problem), IsEmpty());
}

TEST(PushServers, come_and_go_in_a_backend_of_their_own) {
    WebServers servers;
    std::string problem;
    WebServer push = web("p");
    push.backend = "push";
    EXPECT_THAT(servers.decide({}, {{web("a"), push}, {}}, {status("a")}, 0, problem),
                ElementsAre(StartsWith("add server push/p 10.0.0.1:80 check"),
                            "enable health push/p; enable server push/p; set server push/p health down"));
    EXPECT_THAT(servers.decide({}, {{web("a"), push}, {}}, {status("a"), status("p", "push")}, 0, problem), IsEmpty());
    EXPECT_THAT(servers.decide({}, {{web("a")}, {}}, {status("a"), status("p", "push")}, 0, problem),
                ElementsAre("set server push/p state maint", "del server push/p"));
    EXPECT_EQ(problem, "");
}

TEST(PushServers, may_all_go_because_web_servers_stand_in_but_not_the_other_way_round) {
    std::string problem;
    WebServer push = web("p", Admission::draining);
    push.backend = "push";
    EXPECT_THAT(WebServers().decide({}, {{web("a"), push}, {}}, {status("a"), status("p", "push")}, 0, problem),
                ElementsAre("set server push/p state drain"));
    push.admission = Admission::admitted;
    EXPECT_THAT(WebServers().decide({}, {{web("a", Admission::draining), push}, {}}, {status("a"), status("p", "push")},
                                    0, problem),
                IsEmpty());
    EXPECT_NE(problem, "");
}

TEST(WebServers, nobody_is_taken_away_before_another_one_is_up) {
    WebServers servers;
    std::string problem;
    ServerStatus other = status("b");
    other.draining = true;
    const BalancerView view{{web("a", Admission::draining), web("b")}, {}};
    EXPECT_THAT(servers.decide({}, view, {status("a"), other}, 0, problem),
                ElementsAre("set server web/b state ready"));
    EXPECT_NE(problem, "");
    other.draining = false;
    EXPECT_THAT(servers.decide({}, view, {status("a"), other}, 0, problem),
                ElementsAre("set server web/a state drain"));
    other.up = false;
    EXPECT_THAT(servers.decide({}, {{web("b")}, {}}, {status("a"), other}, 0, problem), IsEmpty());
}

TEST(Databases, the_old_primary_is_closed_before_the_new_one_is_opened) {
    auto old_rw = status("db1", "db-rw"), new_rw = status("db2", "db-rw");
    auto old_ro = status("db1", "db-ro"), new_ro = status("db2", "db-ro");
    new_rw.maintenance = old_ro.maintenance = true;
    const std::vector servers{old_rw, new_rw, old_ro, new_ro};
    EXPECT_THAT(decide_databases({{}, "db2"}, servers),
                ElementsAre("set server db-rw/db1 state maint", "shutdown sessions server db-rw/db1",
                            "set server db-rw/db2 state ready", "set server db-ro/db1 state ready",
                            "set server db-ro/db2 state maint"));
    EXPECT_THAT(decide_databases({{}, ""}, {old_rw}),
                ElementsAre("set server db-rw/db1 state maint", "shutdown sessions server db-rw/db1"));
    EXPECT_THAT(decide_databases({{}, std::nullopt}, servers), IsEmpty());
}

TEST(Databases, the_primary_takes_reads_while_no_replica_does) {
    auto primary = status("db1", "db-ro"), replica = status("db2", "db-ro");
    primary.maintenance = true;
    replica.up = false;
    EXPECT_THAT(decide_databases({{}, "db1"}, {primary, replica}), ElementsAre("set server db-ro/db1 state ready"));
    primary.maintenance = false;
    replica.up = true;
    EXPECT_THAT(decide_databases({{}, "db1"}, {primary, replica}), ElementsAre("set server db-ro/db1 state maint"));
}

TEST(FailurePauses, end_after_the_timeout_or_with_a_new_process_or_when_nobody_else_is_there) {
    const BalancerSpec spec;
    const auto begin = [&](FailurePauses& pauses, ServerStatus& failed) {
        const BalancerView view{{web("a"), web("b")}, {}};
        pauses.decide(spec, view, {failed, status("b")}, 0);
        failed.up = false;
        failed.passive_downs = 1;
        EXPECT_THAT(pauses.decide(spec, view, {failed, status("b")}, 0), ElementsAre("disable health web/a"));
        failed.checks_paused = true;
        EXPECT_THAT(pauses.decide(spec, view, {failed, status("b")}, 14 * kSecondUs), IsEmpty());
        return view;
    };
    {
        FailurePauses pauses;
        ServerStatus failed = status("a");
        const auto view = begin(pauses, failed);
        EXPECT_THAT(pauses.decide(spec, view, {failed, status("b")}, 15 * kSecondUs),
                    ElementsAre("enable health web/a"));
    }
    {
        FailurePauses pauses;
        ServerStatus failed = status("a");
        begin(pauses, failed);
        EXPECT_THAT(
            pauses.decide(spec, {{web("a", Admission::admitted, "2"), web("b")}, {}}, {failed, status("b")}, kSecondUs),
            ElementsAre("enable health web/a"));
    }
    {
        FailurePauses pauses;
        ServerStatus failed = status("a"), other = status("b");
        const auto view = begin(pauses, failed);
        other.up = false;
        EXPECT_THAT(pauses.decide(spec, view, {failed, other}, kSecondUs), ElementsAre("enable health web/a"));
    }
}

TEST(FailurePauses, do_not_begin_while_a_process_starts) {
    // It was killed, and its agent has begun another one before the failed connections were counted: those say nothing
    // of the new one, which must not stay out once its checks pass.
    const BalancerSpec spec;
    FailurePauses pauses;
    ServerStatus failed = status("a");
    WebServer starting = web("a", Admission::admitted, "2");
    starting.starting = true;
    pauses.decide(spec, {{web("a"), web("b")}, {}}, {failed, status("b")}, 0);
    failed.up = false;
    failed.passive_downs = 1;
    EXPECT_THAT(pauses.decide(spec, {{starting, web("b")}, {}}, {failed, status("b")}, 0), IsEmpty());
    starting.starting = false;
    EXPECT_THAT(pauses.decide(spec, {{starting, web("b")}, {}}, {failed, status("b")}, 1'000), IsEmpty());
}

TEST(VanishedServers, are_down_and_silent_twice) {
    VanishedServers vanished;
    ServerStatus server = status("a");
    EXPECT_THAT(VanishedServers::suspects({server}), IsEmpty());
    server.check_failing = true;
    ASSERT_EQ(VanishedServers::suspects({server}).size(), 1U);
    EXPECT_FALSE(vanished.vanished(server, Reach::no_answer));
    EXPECT_FALSE(vanished.vanished(server, Reach::no_answer)) << "not down yet";
    server.up = false;
    EXPECT_TRUE(vanished.vanished(server, Reach::no_answer));
    EXPECT_FALSE(vanished.vanished(server, Reach::refused)) << "its host is there";
    EXPECT_FALSE(vanished.vanished(server, Reach::no_answer));
}

TEST(RuntimeAnswers, become_servers) {
    const auto servers = parse_servers(
        "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
        "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
        "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port\n"
        "3 web 1 a 10.0.0.1 2 8 1 1 14 15 3 3 6 0 0 0 - 8000\n"
        "3 web 2 b 10.0.0.2 0 1 1 1 14 15 3 3 2 0 0 0 - 8001\n",
        "# pxname,svname,scur,lastchg,check_status,check_desc,hanafail\n"
        "web,a,4,14,* L4TOUT,\"Layer4 timeout, at connect\",0\n"
        "web,b,0,3,HANA,\"\",2\n"
        "web,BACKEND,4,3,,,\n");
    ASSERT_EQ(servers.size(), 2U);
    EXPECT_TRUE(servers[0].up && servers[0].draining && servers[0].check_failing);
    EXPECT_FALSE(servers[0].maintenance || servers[0].checks_paused);
    EXPECT_EQ(servers[0].port, 8000);
    EXPECT_EQ(servers[0].sessions, 4);
    EXPECT_EQ(servers[0].check, "Layer4 timeout, at connect");
    EXPECT_TRUE(servers[1].maintenance && servers[1].checks_paused && !servers[1].up);
    EXPECT_EQ(servers[1].passive_downs, 2);
}

class ClusterView : public ::testing::Test {
  protected:
    void live(const std::string& name, const std::string& version, ServiceState state = ServiceState::well,
              const std::string& runs = "web") {
        LiveHost host;
        host.name = name;
        host.address = "10.0.0.9";
        LiveService service;
        service.name = runs;
        service.state = state;
        service.pid = 17;
        service.version = version;
        service.config_hash = "c1";
        host.services = {service};
        values[keys.live(name)] = to_json(host);
        HostServices services;
        Service wanted;
        wanted.name = runs;
        services.services = {wanted};
        values[keys.services(name)] = to_json(services);
    }
    BalancerView see() { return previous = view_of_cluster(values, keys, spec, previous); }
    const WebServer* find(const std::string& name) const {
        for (const auto& server : previous.web)
            if (server.name == name) return &server;
        return nullptr;
    }

    Keys keys{"test"};
    std::map<std::string, std::string, std::less<>> values;
    BalancerSpec spec;
    BalancerView previous;
};

TEST_F(ClusterView, hosts_of_another_version_are_refused_with_the_reason) {
    live("web1", "0.2.0");
    live("web2", "0.3.0");
    see();
    EXPECT_EQ(find("web2")->admission, Admission::admitted) << "no release says otherwise";
    values[keys.release()] = to_json(Release{{{"0.2.0", "c1"}}, false});
    see();
    EXPECT_EQ(find("web1")->admission, Admission::admitted);
    EXPECT_EQ(find("web2")->admission, Admission::refused);
    EXPECT_EQ(find("web2")->reason, "has version 0.3.0, the cluster 0.2.0");
    live("web2", "", ServiceState::starting);
    see();
    EXPECT_EQ(find("web2")->admission, Admission::refused) << "it says nothing new while it starts";
    live("web2", "0.2.0");
    see();
    EXPECT_EQ(find("web2")->admission, Admission::admitted);
}

TEST_F(ClusterView, a_host_without_registration_stays_until_nobody_wants_it) {
    live("web1", "0.2.0");
    see();
    values.erase(keys.live("web1"));
    see();
    ASSERT_NE(find("web1"), nullptr);
    EXPECT_EQ(find("web1")->admission, Admission::admitted);
    values.erase(keys.services("web1"));
    see();
    EXPECT_EQ(find("web1"), nullptr);
}

TEST_F(ClusterView, draining_and_stopping_hosts_get_nothing_new) {
    live("web1", "0.2.0");
    live("web2", "0.2.0");
    see();
    values[keys.drain("web1")] = to_json(Drain{"new disk", 0});
    live("web2", "0.2.0", ServiceState::stopping);
    see();
    EXPECT_EQ(find("web1")->admission, Admission::draining);
    EXPECT_EQ(find("web1")->reason, "new disk");
    EXPECT_EQ(find("web2")->admission, Admission::draining);
    values.erase(keys.drain("web1"));
    see();
    EXPECT_EQ(find("web1")->admission, Admission::admitted);
}

TEST_F(ClusterView, a_new_host_is_added_when_its_service_is_well) {
    live("web1", "0.2.0", ServiceState::starting);
    EXPECT_THAT(see().web, IsEmpty());
    live("web1", "0.2.0");
    EXPECT_EQ(see().web.size(), 1U);
    live("web1", "0.2.0", ServiceState::sick);
    EXPECT_EQ(see().web.size(), 1U) << "HAProxy's checks decide";
}

TEST_F(ClusterView, push_hosts_are_servers_of_another_backend_when_the_balancer_knows_of_them) {
    live("web1", "0.2.0");
    live("push1", "0.1.0", ServiceState::well, "push");
    EXPECT_EQ(see().web.size(), 1U);
    spec.push_path = "/push/";
    spec.push_port = 81;
    values[keys.release()] = to_json(Release{{{"0.2.0", "c1"}}, false});
    EXPECT_EQ(see().web.size(), 2U);
    EXPECT_EQ(find("push1")->backend, "push");
    EXPECT_EQ(find("push1")->port, 81);
    EXPECT_EQ(find("push1")->admission, Admission::admitted) << "the release is that of web hosts";
    EXPECT_EQ(find("web1")->backend, "web");
    values[keys.drain("push1")] = to_json(Drain{"new disk", 0});
    see();
    EXPECT_EQ(find("push1")->admission, Admission::draining);
    values.erase(keys.drain("push1"));
    values.erase(keys.live("push1"));
    see();
    EXPECT_EQ(find("push1")->admission, Admission::admitted) << "its agent may have died alone";
    values.erase(keys.services("push1"));
    see();
    EXPECT_EQ(find("push1"), nullptr);
}

TEST_F(ClusterView, the_primary_is_the_leader_that_takes_writes) {
    EXPECT_EQ(see().db_primary, std::nullopt);
    values[keys.root() + "database/members/db1"] = "{}";
    EXPECT_EQ(see().db_primary, "");
    values[keys.root() + "database/leader"] = R"({"name":"db1","open":false})";
    EXPECT_EQ(see().db_primary, "");
    values[keys.root() + "database/leader"] = R"({"name":"db1","open":true})";
    EXPECT_EQ(see().db_primary, "db1");
}

}  // namespace
}  // namespace stoa::cluster
