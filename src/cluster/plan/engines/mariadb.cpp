// MariaDB: each server starts as a replica that takes no writes and follows nobody; the member in its host's agent
// (cluster/database) says in which role it starts, who leads and who follows. A commit is answered when a second server
// has it (semi-sync, AFTER_SYNC), and waits for ever otherwise. Each server makes its own users and schema, outside of
// its log of changes.

#include <algorithm>

#include "cluster/plan/engines/engines.hpp"

namespace stoa::cluster::engines {
namespace {

constexpr const char* kReplication = R"(log_bin=bin
log_slave_updates=1
gtid_domain_id=0
gtid_strict_mode=1
relay_log=relay
relay_log_recovery=1
skip_slave_start=1
read_only=1
slave_parallel_threads=4
slave_parallel_mode=optimistic
slave_net_timeout=4
rpl_semi_sync_master_wait_point=AFTER_SYNC
rpl_semi_sync_master_timeout=4294967295
rpl_semi_sync_master_wait_no_slave=1
rpl_semi_sync_slave_kill_conn_timeout=1
rpl_semi_sync_slave_enabled=0
rpl_semi_sync_master_enabled=0
expire_logs_days=3
)";

// Crash recovery as a replica drops what nobody acknowledged, as a leader it keeps all: the member knows which is
// right, and each start waits for its word.
constexpr const char* kStart = R"(#!/bin/sh
PATH=$PATH:/usr/sbin:/sbin
rm -f "{{dir}}/role"
until read -r role 2>/dev/null < "{{dir}}/role"; do sleep 0.02; done
rm -f "{{dir}}/role"
exec mariadbd --defaults-file="{{dir}}/my.cnf" --init-rpl-role="$role"
)";

}  // namespace

std::string mariadb_settings(const ClusterSpec& spec, const HostSpec& host) {
    const auto hosts = spec.of_role("db");
    const auto place = std::find_if(hosts.begin(), hosts.end(), [&](const auto* h) { return h->name == host.name; });
    const std::string memory = std::to_string(spec.database.memory_mb) + "M";
    return "[mariadbd]\n"
           "user=root\n"  // who starts the agent; its folder is open to nobody else
           "datadir={{dir}}/data\n"
           "tmpdir={{dir}}/tmp\n"
           "socket={{dir}}/socket\n"
           "pid-file={{dir}}/mariadbd.pid\n"
           "init_file={{dir}}/init.sql\n"
           "bind-address=" +
           host.address +
           "\n"
           "port=" +
           std::to_string(kDatabasePort) +
           "\n"
           "report_host=" +
           host.address +
           "\n"
           "server_id=" +
           std::to_string(place - hosts.begin() + 1) +
           "\n"
           "skip-name-resolve\n"
           "character-set-server=utf8mb4\n"
           "local_infile=0\n"
           "query_cache_type=0\n"
           "query_cache_size=0\n"
           "binlog_format=ROW\n"
           "sync_binlog=1\n"
           "innodb_flush_log_at_trx_commit=1\n"
           "innodb_buffer_pool_size=" +
           memory +
           "\n"
           "innodb_log_file_size=" +
           (spec.database.memory_mb < 512 ? "64M" : "512M") +
           "\n"
           "innodb_log_buffer_size=2M\n"
           "innodb_buffer_pool_dump_at_shutdown=0\n"
           "innodb_buffer_pool_load_at_startup=0\n"
           "key_buffer_size=1M\n"
           "aria_pagecache_buffer_size=1M\n"
           "performance_schema=0\n"
           "max_connections=400\n"
           "table_open_cache=1000\n"
           "thread_stack=256k\n";
}

// --init-file: one statement a line, run at each start.
std::string mariadb_users(const ClusterSpec& spec) {
    const std::string schema = "`" + spec.database.schema + "`";
    const std::string password = "'" + secret(kDatabasePassword) + "'";
    const std::string replica = "'" + secret(kReplicaPassword) + "'";
    return "SET SESSION sql_log_bin=0;\n"
           "CREATE DATABASE IF NOT EXISTS " +
           schema +
           " CHARACTER SET utf8mb4;\n"
           "CREATE USER IF NOT EXISTS stoa@'%' IDENTIFIED BY " +
           password +
           ";\n"
           "ALTER USER stoa@'%' IDENTIFIED BY " +
           password +
           ";\n"
           "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES ON " +
           schema +
           ".* TO stoa@'%';\n"
           "GRANT REPLICA MONITOR, BINLOG MONITOR ON *.* TO stoa@'%';\n"
           "CREATE USER IF NOT EXISTS replica@'%' IDENTIFIED BY " +
           replica +
           ";\n"
           "ALTER USER replica@'%' IDENTIFIED BY " +
           replica +
           ";\n"
           "GRANT REPLICATION SLAVE ON *.* TO replica@'%';\n";
}

std::vector<std::string> mariadb_install() {
    return {"mariadb-install-db",
            "--no-defaults",
            "--datadir={{dir}}/data",
            "--tmpdir={{dir}}/tmp",
            "--user=root",
            "--skip-test-db",
            "--auth-root-authentication-method=socket",
            "--auth-root-socket-user=root",
            "--skip-name-resolve"};
}

HealthCheck mariadb_health() {
    HealthCheck health;
    health.kind = HealthCheck::Kind::command;
    health.command = {"mariadb-admin", "--no-defaults",       "--socket={{dir}}/socket",
                      "--user=root",   "--connect-timeout=2", "ping"};
    health.interval_ms = 1'000;
    health.timeout_ms = 3'000;
    health.fall = 3;
    return health;
}

bool has_elections(const ClusterSpec& spec) {
    return spec.topology == Topology::classic && spec.of_role("db").size() > 1;
}

Service mariadb(const ClusterSpec& spec, const HostSpec& host) {
    const auto hosts = spec.of_role("db");
    std::string settings = mariadb_settings(spec, host);
    Service service;
    service.name = "mariadb";
    if (has_elections(spec)) {
        settings += kReplication;
        std::string members;
        for (const HostSpec* one : hosts)
            members += one->name + "\n";
        const std::string password = secret(kReplicaPassword) + "\n";
        service.argv = {"sh", "{{dir}}/start.sh"};
        service.files = {{"start.sh", kStart},
                         {"members", members},
                         {"policy", spec.database.without_standby + "\n"},
                         {"accounts", password + password}};
        service.stop_signal = 9;  // a clean stop would commit what nobody acknowledged
        service.restart_longest_ms = 1'000;
    } else {
        settings += "log_bin=bin\ngtid_strict_mode=1\n";
        service.argv = {"mariadbd", "--defaults-file={{dir}}/my.cnf"};
    }
    service.files.push_back({"my.cnf", settings});
    service.files.push_back({"init.sql", mariadb_users(spec)});
    service.folders = {"tmp"};
    service.prepare = {mariadb_install()};
    service.health = mariadb_health();
    service.stop_grace_ms = 60'000;
    return service;
}

}  // namespace stoa::cluster::engines
