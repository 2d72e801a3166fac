// db-rw and db-ro in front of two MariaDB servers.

#include "cluster/balancer/test_balancer.hpp"

namespace stoa::cluster::testing {
namespace {

class DatabaseListeners : public ::testing::Test {
  protected:
    DatabaseListeners() {
        const auto made = run_command({"mariadb-install-db", "--no-defaults", "--datadir=" + dir_.path("db1"),
                                       "--user=root", "--skip-test-db", "--skip-log-bin"},
                                      60'000);
        EXPECT_TRUE(made.ok()) << made.error().message;
        EXPECT_TRUE(run_command({"cp", "-a", dir_.path("db1"), dir_.path("db2")}).ok());
        for (const char* name : {"db1", "db2"}) {
            const std::uint16_t port = free_port();
            auto started = EngineProcess::start(
                {{"mariadbd", "--no-defaults", "--user=root", "--datadir=" + dir_.path(name), "--skip-grant-tables",
                  "--bind-address=127.0.0.1", "--port=" + std::to_string(port), "--socket=" + dir_.path(name) + ".sock",
                  "--server-id=" + std::string(1, name[2]), "--skip-name-resolve", "--innodb-buffer-pool-size=16M",
                  "--innodb-log-file-size=16M", "--pid-file=" + dir_.path(name) + ".pid"},
                 dir_.path(),
                 std::string(name) + ".txt"});
            EXPECT_TRUE(started.ok());
            EXPECT_TRUE((*started)->wait_for_port(port).ok()) << (*started)->output();
            servers_.push_back(std::move(*started));
            spec_.databases.push_back({name, "127.0.0.1", port});
        }
        spec_.cluster = "test";
        spec_.name = "lb1";
        spec_.back_address = "127.0.0.1";
        spec_.db_primary = "db1";
        for (auto* port : {&spec_.http_port, &spec_.status_port, &spec_.peers_port, &spec_.waiting_port,
                           &spec_.db_rw_port, &spec_.db_ro_port})
            *port = free_port();
    }
    /// The id of the server that answers; empty: none.
    std::string ask(std::uint16_t port) const {
        auto answer = run_command({"mariadb", "--no-defaults", "--host=127.0.0.1", "--port=" + std::to_string(port),
                                   "--user=root", "--connect-timeout=3", "-N", "-B", "-e", "select @@server_id"})
                          .value_or("");
        while (!answer.empty() && answer.back() == '\n')
            answer.pop_back();
        return answer;
    }

    TempDir dir_;
    BalancerSpec spec_;
    std::vector<std::unique_ptr<EngineProcess>> servers_;
};

TEST_F(DatabaseListeners, writes_follow_the_primary_and_old_sessions_are_cut) {
    BalancerHost host(spec_, dir_.path("lb1"));
    host.start_haproxy();
    ASSERT_TRUE(host.haproxy().wait_for_port(spec_.db_rw_port).ok()) << host.haproxy().output();
    host.start_controller();
    EXPECT_EQ(ask(spec_.db_rw_port), "1");
    EXPECT_EQ(ask(spec_.db_ro_port), "2");

    std::atomic<bool> ended{false};
    std::thread session([&] {
        (void)run_command({"mariadb", "--no-defaults", "--host=127.0.0.1", "--port=" + std::to_string(spec_.db_rw_port),
                           "--user=root", "--skip-reconnect", "-e", "select sleep(20)"});
        ended = true;
    });
    ASSERT_TRUE(eventually([&] {
        for (const auto& server : host.servers())
            if (server.backend == "db-rw" && server.name == "db1" && server.sessions == 1) return true;
        return false;
    }));
    host.controller().want({{}, "db2"});
    EXPECT_TRUE(eventually([&] { return host.controller().status().db_primary == "db2"; }));
    EXPECT_TRUE(eventually([&] { return ended.load(); }, 3'000)) << "a session stays at the old primary";
    session.join();
    EXPECT_EQ(ask(spec_.db_rw_port), "2");
    EXPECT_EQ(ask(spec_.db_ro_port), "1");

    // With the replica gone the primary takes the reads as well.
    servers_[0]->kill();
    EXPECT_TRUE(eventually([&] { return ask(spec_.db_ro_port) == "2"; }));

    host.controller().want({{}, ""});
    EXPECT_TRUE(eventually([&] { return ask(spec_.db_rw_port).empty(); }));
}

TEST_F(DatabaseListeners, a_controller_that_knows_of_no_primary_changes_nothing_and_a_new_server_is_taken_in) {
    auto all = spec_.databases;
    spec_.databases = {all[1]};
    spec_.db_primary = "db2";
    spec_.web = {{"web1", "127.0.0.1", 1, Admission::admitted, "", "", false}};
    { BalancerHost earlier(spec_, dir_.path("lb1")); }
    ASSERT_TRUE(run_command({"cp", dir_.path("lb1/haproxy/initial.cfg"), dir_.path("lb1/haproxy/backends.cfg")}).ok());
    spec_.databases = all;
    spec_.db_primary = "db1";  // of the plan; today it is db2
    BalancerHost host(spec_, dir_.path("lb1"));
    host.start_haproxy();
    ASSERT_TRUE(host.haproxy().wait_for_port(spec_.db_rw_port).ok()) << host.haproxy().output();
    EXPECT_EQ(ask(spec_.db_rw_port), "2");
    host.start_controller();
    EXPECT_TRUE(host.wait_for("db1", "maint", 10'000, "db-rw")) << host.haproxy().output();
    EXPECT_EQ(host.state_of("db2", "db-rw"), "up");
    EXPECT_EQ(ask(spec_.db_rw_port), "2");
}

}  // namespace
}  // namespace stoa::cluster::testing
