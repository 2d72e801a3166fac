#include <gtest/gtest.h>

#include "app/doctor/cache_checks.hpp"
#include "app/doctor/database_checks.hpp"

namespace stoa::app::doctor {
namespace {

/// A server as the portal wants it.
db::ServerFacts good_server(const std::string& address = "10.0.0.1:3306", const std::string& id = "1") {
    db::ServerFacts server;
    server.address = address;
    server.variables = {{"version", "10.11.19-MariaDB-log"},
                        {"server_id", id},
                        {"read_only", "OFF"},
                        {"binlog_format", "ROW"},
                        {"log_bin", "ON"},
                        {"innodb_flush_log_at_trx_commit", "1"},
                        {"innodb_doublewrite", "ON"},
                        {"sync_binlog", "1"},
                        {"gtid_strict_mode", "ON"},
                        {"log_slave_updates", "ON"},
                        {"rpl_semi_sync_master_enabled", "ON"},
                        {"rpl_semi_sync_master_wait_point", "AFTER_SYNC"},
                        {"rpl_semi_sync_master_timeout", "18446744073709551615"},
                        {"rpl_semi_sync_master_wait_no_slave", "ON"},
                        {"rpl_semi_sync_slave_enabled", "ON"},
                        {"slave_net_timeout", "4"},
                        {"innodb_autoinc_lock_mode", "2"},
                        {"default_storage_engine", "InnoDB"},
                        {"query_cache_type", "OFF"},
                        {"local_infile", "OFF"},
                        {"innodb_log_file_size", "100663296"},
                        {"innodb_buffer_pool_size", "134217728"},
                        {"max_allowed_packet", "16777216"},
                        {"max_connections", "151"}};
    server.status = {
        {"slaves_connected", "0"}, {"rpl_semi_sync_master_status", "ON"}, {"rpl_semi_sync_master_clients", "2"}};
    server.schema_charset = "utf8mb4";
    server.newest_step = 900;
    server.tracks_commits = true;
    server.encrypted = true;
    return server;
}

db::ServerFacts good_replica(const std::string& address, const std::string& id) {
    db::ServerFacts server = good_server(address, id);
    server.variables["read_only"] = "ON";
    server.variables["rpl_semi_sync_master_enabled"] = "OFF";
    server.replica = {{"slave_io_running", "Yes"},
                      {"slave_sql_running", "Yes"},
                      {"using_gtid", "Slave_Pos"},
                      {"seconds_behind_master", "0"}};
    return server;
}

DatabaseUse use() {
    DatabaseUse out;
    out.sessions_per_process = 33;
    out.newest_step = 900;
    return out;
}

/// "error sync_binlog" … of everything that is not well.
std::vector<std::string> complaints(const Findings& findings) {
    std::vector<std::string> out;
    for (const Finding& finding : findings) {
        if (finding.level == Level::ok) continue;
        EXPECT_FALSE(finding.action.empty() && finding.found.empty()) << finding.check;
        out.push_back(std::string(to_string(finding.level)) + " " + finding.check);
    }
    return out;
}
using Complaints = std::vector<std::string>;

Complaints of(const db::ServerFacts& server) {
    return complaints(judge_database({server}, use()));
}

TEST(DatabaseChecks, a_good_server_is_left_alone) {
    EXPECT_EQ(of(good_server()), Complaints{});
    EXPECT_EQ(exit_code(judge_database({good_server()}, use())), 0);
}

TEST(DatabaseChecks, what_debian_has_by_default_is_named) {
    db::ServerFacts server = good_server();
    for (const auto& [name, value] : std::map<std::string, std::string>{{"binlog_format", "MIXED"},
                                                                        {"log_bin", "OFF"},
                                                                        {"sync_binlog", "0"},
                                                                        {"gtid_strict_mode", "OFF"},
                                                                        {"local_infile", "ON"}}) {
        server.variables[name] = value;
    }
    EXPECT_EQ(of(server), (Complaints{"error binlog_format", "warning log_bin", "warning local_infile"}));
    EXPECT_EQ(exit_code(judge_database({server}, use())), 2);
}

TEST(DatabaseChecks, settings_that_lose_commits_are_errors) {
    for (const auto& [name, value] : std::map<std::string, std::string>{
             {"sync_binlog", "0"}, {"innodb_flush_log_at_trx_commit", "2"}, {"innodb_doublewrite", "OFF"}}) {
        db::ServerFacts server = good_server();
        server.variables[name] = value;
        EXPECT_EQ(of(server), Complaints{"error " + name});
    }
}

TEST(DatabaseChecks, the_redo_log_is_measured_by_the_data) {
    db::ServerFacts server = good_server();
    server.data_bytes = 28LL << 30;
    server.variables["innodb_buffer_pool_size"] = std::to_string(8LL << 30);
    EXPECT_EQ(of(server), Complaints{"warning innodb_log_file_size"});
    server.variables["innodb_log_file_size"] = std::to_string(512LL << 20);
    EXPECT_EQ(of(server), Complaints{});
    server.variables["innodb_buffer_pool_size"] = std::to_string(1LL << 30);
    EXPECT_EQ(of(server), Complaints{"warning innodb_buffer_pool_size"});
}

TEST(DatabaseChecks, sessions_of_one_process_must_fit_and_those_of_two_should) {
    db::ServerFacts server = good_server();
    server.variables["max_connections"] = "66";
    EXPECT_EQ(of(server), Complaints{});
    server.variables["max_connections"] = "65";
    EXPECT_EQ(of(server), Complaints{"warning max_connections"});
    server.variables["max_connections"] = "32";
    EXPECT_EQ(of(server), Complaints{"error max_connections"});
}

TEST(DatabaseChecks, clocks_and_disks_are_looked_at) {
    db::ServerFacts server = good_server();
    server.clock_ahead_ms = -1'500;
    EXPECT_EQ(of(server), Complaints{"warning clock"});
    server.clock_ahead_ms = 20'000;
    EXPECT_EQ(of(server), Complaints{"error clock"});
    server = good_server();
    server.free_bytes = 50 << 20;
    EXPECT_EQ(of(server), Complaints{"error disk"});
    server = good_server();
    server.wrote = true;
    server.write_refusal = Error{Errc::unavailable, "Lost connection (2013)"};
    EXPECT_EQ(of(server), Complaints{"error a write"});
}

TEST(DatabaseChecks, rights_that_bypass_read_only_are_named) {
    db::ServerFacts server = good_server();
    server.grants = {"GRANT ALL PRIVILEGES ON *.* TO `stoa`@`%`"};
    EXPECT_EQ(of(server), Complaints{"warning rights"});
    server.grants = {"GRANT REPLICA MONITOR ON *.* TO `stoa`@`%`", "GRANT ALL PRIVILEGES ON `stoa`.* TO `stoa`@`%`"};
    EXPECT_EQ(of(server), Complaints{});
    server.replica_hidden = Error{Errc::unavailable, "Access denied"};
    EXPECT_EQ(of(server), Complaints{"warning REPLICA MONITOR"});
}

TEST(DatabaseChecks, schemas_of_other_versions_are_told_apart) {
    db::ServerFacts server = good_server();
    server.newest_step = 901;
    EXPECT_EQ(of(server), Complaints{"error schema version"});
    server.newest_step = 899;
    EXPECT_EQ(of(server), Complaints{"warning schema version"});
    server.newest_step.reset();
    EXPECT_EQ(of(server), Complaints{"warning schema version"});
}

TEST(DatabaseChecks, refusals_are_told_apart) {
    for (const auto& [number, check] : std::map<std::string, std::string>{
             {"1045", "credentials"}, {"1049", "schema"}, {"1040", "max_connections"}, {"2002", "reachable"}}) {
        db::ServerFacts server;
        server.address = "10.0.0.1:3306";
        server.refusal = Error{Errc::unavailable, "No (" + number + ")", number};
        EXPECT_EQ(of(server), (Complaints{"error who takes writes", "error " + check}));
    }
}

TEST(DatabaseChecks, a_primary_with_replicas_is_left_alone) {
    const auto findings =
        judge_database({good_server("a", "1"), good_replica("b", "2"), good_replica("c", "3")}, use());
    EXPECT_EQ(complaints(findings), Complaints{});
}

TEST(DatabaseChecks, semi_synchronous_replication_must_hold) {
    const auto with = [](auto change) {
        db::ServerFacts primary = good_server("a", "1");
        change(primary);
        return complaints(judge_database({primary, good_replica("b", "2")}, use()));
    };
    EXPECT_EQ(with([](auto& s) { s.variables["rpl_semi_sync_master_enabled"] = "OFF"; }),
              Complaints{"error rpl_semi_sync_master_enabled"});
    EXPECT_EQ(with([](auto& s) { s.variables["rpl_semi_sync_master_wait_point"] = "AFTER_COMMIT"; }),
              Complaints{"error rpl_semi_sync_master_wait_point"});
    EXPECT_EQ(with([](auto& s) { s.variables["rpl_semi_sync_master_timeout"] = "10000"; }),
              Complaints{"warning rpl_semi_sync_master_timeout"});
    EXPECT_EQ(with([](auto& s) { s.status["rpl_semi_sync_master_status"] = "OFF"; }), Complaints{"error semi-sync"});
    EXPECT_EQ(with([](auto& s) { s.status["rpl_semi_sync_master_clients"] = "0"; }),
              Complaints{"error semi-sync replicas"});
}

TEST(DatabaseChecks, replicas_must_follow) {
    const auto with = [](auto change) {
        db::ServerFacts replica = good_replica("b", "2");
        change(replica);
        return complaints(judge_database({good_server("a", "1"), replica}, use()));
    };
    EXPECT_EQ(with([](auto& s) { s.replica["seconds_behind_master"] = "6"; }), Complaints{"warning lag"});
    EXPECT_EQ(with([](auto& s) { s.replica["seconds_behind_master"] = "31"; }), Complaints{"error lag"});
    EXPECT_EQ(with([](auto& s) {
                  s.replica["slave_io_running"] = "Connecting";
                  s.replica["seconds_behind_master"] = "";
              }),
              (Complaints{"error receiving", "error lag"}));
    EXPECT_EQ(with([](auto& s) { s.replica["using_gtid"] = "No"; }), Complaints{"error using_gtid"});
    EXPECT_EQ(with([](auto& s) { s.replica.clear(); }), Complaints{"error replication"});
    EXPECT_EQ(with([](auto& s) { s.variables["server_id"] = "1"; }), Complaints{"error server_id"});
    EXPECT_EQ(with([](auto& s) { s.variables["rpl_semi_sync_master_enabled"] = "ON"; }),
              Complaints{"error rpl_semi_sync_master_enabled"});
}

TEST(DatabaseChecks, exactly_one_server_takes_writes) {
    db::ServerFacts other = good_server("b", "2");
    EXPECT_EQ(complaints(judge_database({good_server("a", "1"), other}, use())), Complaints{"error who takes writes"});
    db::ServerFacts read_only = good_server("a", "1");
    read_only.variables["read_only"] = "ON";
    EXPECT_EQ(complaints(judge_database({read_only}, use())), Complaints{"error who takes writes"});
}

TEST(DatabaseChecks, a_galera_cluster_needs_its_majority) {
    DatabaseUse galera = use();
    galera.galera = true;
    std::vector<db::ServerFacts> servers;
    for (const char* id : {"1", "2", "3"}) {
        db::ServerFacts server = good_server(id, id);
        server.status = {{"wsrep_cluster_status", "Primary"},
                         {"wsrep_ready", "ON"},
                         {"wsrep_local_state_comment", "Synced"},
                         {"wsrep_cluster_size", "3"}};
        server.variables["wsrep_provider_options"] = "evs.suspect_timeout = PT1S;";
        servers.push_back(server);
    }
    EXPECT_EQ(complaints(judge_database(servers, galera)), Complaints{});
    servers[0].status["wsrep_cluster_status"] = "non-Primary";
    servers[1].status["wsrep_cluster_size"] = "2";
    servers[2].variables["wsrep_provider_options"] = "evs.suspect_timeout = PT5S;";
    EXPECT_EQ(complaints(judge_database(servers, galera)),
              (Complaints{"error wsrep_cluster_status", "warning wsrep_cluster_size", "warning evs.suspect_timeout"}));
}

cache::EngineFacts good_redis() {
    return {"10.0.0.1:6379",
            "redis",
            {},
            {{"redis_version", "7.0.15"},
             {"role", "master"},
             {"connected_slaves", "1"},
             {"maxmemory", "1000"},
             {"maxmemory_policy", "noeviction"},
             {"used_memory", "100"},
             {"aof_enabled", "1"},
             {"aof_last_write_status", "ok"},
             {"config:min-replicas-to-write", "1"}},
            0};
}

TEST(CacheChecks, a_bus_must_keep_what_it_has) {
    const CacheUse bus{"bus", true};
    EXPECT_EQ(complaints(judge_cache({good_redis()}, bus)), Complaints{});
    cache::EngineFacts redis = good_redis();
    redis.facts["maxmemory_policy"] = "allkeys-lru";
    redis.facts["aof_enabled"] = "0";
    EXPECT_EQ(complaints(judge_cache({redis}, bus)), (Complaints{"error maxmemory-policy", "warning appendonly"}));
    EXPECT_EQ(complaints(judge_cache({redis}, {"cache", false})), Complaints{});
}

TEST(CacheChecks, refusals_of_redis_are_told_apart) {
    for (const auto& [kind, check] : std::map<std::string, std::string>{
             {"wrong_password", "credentials"}, {"loading", "loading"}, {"", "reachable"}}) {
        cache::EngineFacts redis{"h:1", "redis", Error{Errc::unavailable, "No.", kind}, {}, {}};
        EXPECT_EQ(complaints(judge_cache({redis}, {})), Complaints{"error " + check});
    }
}

TEST(CacheChecks, sentinels_must_agree) {
    const auto sentinel = [](const std::string& address, const std::string& master) {
        return cache::EngineFacts{address, "sentinel", {}, {{"redis_version", "7.0.15"}, {"master", master}}, {}};
    };
    EXPECT_EQ(complaints(judge_cache({sentinel("a", "m"), sentinel("b", "m"), sentinel("c", "m"), good_redis()}, {})),
              Complaints{});
    EXPECT_EQ(complaints(judge_cache({sentinel("a", "m"), sentinel("b", "n"), sentinel("c", "m"), good_redis()}, {})),
              Complaints{"error master"});
    EXPECT_EQ(complaints(judge_cache({sentinel("a", "m"), sentinel("b", "m"), good_redis()}, {})),
              Complaints{"warning how many"});
}

TEST(Findings, are_printed_for_people_and_programs) {
    const Findings findings{{Level::warning, "database a", "sync_binlog", "0", "1", "Set it."},
                            {Level::ok, "database a", "log_bin", "ON", "ON", "x"}};
    EXPECT_EQ(print_findings(findings),
              "database a\n"
              "  warning sync_binlog                        0; required: 1\n"
              "            Set it.\n"
              "  ok      log_bin                            ON\n"
              "2 checks: 0 errors, 1 warnings");
    EXPECT_EQ(findings_json({}), R"({"errors":0,"warnings":0,"findings":[]})");
    EXPECT_EQ(exit_code(findings), 1);
}

}  // namespace
}  // namespace stoa::app::doctor
