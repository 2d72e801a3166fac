#include "cluster/database/local_server.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace stoa::cluster::database {
namespace {

using db::mariadb::AdminConnection;
using db::mariadb::AdminRow;
using db::mariadb::quoted;

constexpr std::int64_t kFirstLeaderNumber = 1'000;  ///< below: those of the configuration
constexpr int kStopMs = 8'000;                      ///< STOP SLAVE may try to reach a source that is silent
constexpr int kStopTryMs = 40;                      ///< writers are held up for it, in vain when it fails
constexpr int kStopPauseMs = 10;
constexpr unsigned int kStatementTimeout = 1969;  ///< ER_STATEMENT_TIMEOUT

std::string at(const AdminRow& row, std::string_view name) {
    const auto found = row.find(name);
    return found == row.end() ? std::string() : found->second;
}
bool on(const AdminRow& row, std::string_view name) {
    const auto value = at(row, name);
    return value == "1" || value == "ON";
}
std::int64_t number(const AdminRow& row, std::string_view name) {
    const auto value = at(row, name);
    std::int64_t out = 0;
    std::from_chars(value.data(), value.data() + value.size(), out);
    return out;
}

}  // namespace

std::string replication_user(const std::string& member) {
    return "stoa_r_" + member;
}

db::ServerAddress server_address(const std::string& address) {
    const auto colon = address.rfind(':');
    if (colon == std::string::npos) return {address, 3306};
    return {address.substr(0, colon), static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1))};
}

LocalServer::LocalServer(db::mariadb::AdminOptions where, std::string member, std::vector<std::string> members,
                         Accounts accounts)
    : where_(std::move(where)),
      member_(std::move(member)),
      members_(std::move(members)),
      accounts_(std::move(accounts)) {}

Result<AdminConnection*> LocalServer::connection() {
    if (connection_ == nullptr || connection_->broken()) {
        connection_.reset();
        STOA_TRY(connection_, AdminConnection::open(where_));
        STOA_CHECK(connection_->run("SET SESSION sql_mode='', lock_wait_timeout=2", 1'000));
    }
    return connection_.get();
}

Status LocalServer::run(const std::string& sql, int timeout_ms) {
    STOA_CHECK(query(sql, timeout_ms));
    return {};
}

Result<std::vector<AdminRow>> LocalServer::query(const std::string& sql, int timeout_ms) {
    STOA_TRY(auto* session, connection());
    return session->query(sql, timeout_ms);
}

Result<ServerFacts> LocalServer::look(int timeout_ms) {
    ServerFacts facts;
    STOA_TRY(const auto variables, query("SELECT @@global.read_only AS ro, @@global.rpl_semi_sync_master_enabled AS m, "
                                         "@@global.rpl_semi_sync_slave_enabled AS s, @@global.gtid_slave_pos AS sp, "
                                         "@@global.gtid_binlog_pos AS bp",
                                         timeout_ms));
    if (variables.empty()) return internal_error("The database server gave no variables.");
    const auto& row = variables.front();
    facts.read_only = on(row, "ro");
    facts.as_leader = on(row, "m");
    facts.acknowledges = on(row, "s");
    facts.applied = Position(at(row, "bp")).further(Position(at(row, "sp")));
    facts.received = facts.applied;
    STOA_TRY(const auto replication, query("SHOW ALL SLAVES STATUS", timeout_ms));
    if (!replication.empty()) {
        const auto& status = replication.front();
        facts.receiving = at(status, "Slave_IO_Running") != "No";
        facts.applying = at(status, "Slave_SQL_Running") == "Yes";
        facts.source = at(status, "Master_Host") + ":" + at(status, "Master_Port");
        facts.received = facts.received.further(Position(at(status, "Gtid_IO_Pos")));
        facts.heard = at(status, "Slave_received_heartbeats") + " " + at(status, "Read_Master_Log_Pos") + " " +
                      at(status, "Slave_IO_Running");
        facts.receive_error = static_cast<int>(number(status, "Last_IO_Errno"));
        facts.apply_error = static_cast<int>(number(status, "Last_SQL_Errno"));
        if (facts.apply_error != 0) facts.problem = "applying stopped: " + at(status, "Last_SQL_Error");
        if (facts.receive_error != 0) facts.problem = "receiving: " + at(status, "Last_IO_Error");
        if (auto beat = query("SELECT at_us FROM stoa_cluster.heartbeat WHERE id=1", timeout_ms);
            beat && !beat->empty()) {
            facts.lag_ms =
                std::max<std::int64_t>(0, (system_clock().now_us() - number(beat->front(), "at_us")) / 1'000);
        }
    }
    return facts;
}

Status LocalServer::stop_receiving(int promise_ms) {
    // Both sides take their own lock before they look at the other's (peers.cpp): one of them sees the other.
    STOA_CHECK(run("DO GET_LOCK('stoa_election', 0)"));
    STOA_TRY(const auto promised, query("SELECT IS_USED_LOCK('stoa_confirmed') AS holder"));
    if (!promised.empty() && !at(promised.front(), "holder").empty()) ::usleep(promise_ms * 1'000U);
    return run("STOP SLAVE IO_THREAD", kStopMs);
}

Status LocalServer::pause_receiving() {
    return run("STOP SLAVE IO_THREAD", kStopMs);
}

Status LocalServer::apply(const Position& received, int timeout_ms) {
    if (received.empty()) return run("STOP SLAVE", kStopMs);
    STOA_TRY(const auto value, quoted(received.text()));
    STOA_TRY(auto waited,
             query("SELECT MASTER_GTID_WAIT(" + value + ", " + std::to_string(timeout_ms / 1'000 + 1) + ") AS late",
                   timeout_ms + 2'000));
    if (waited.empty() || at(waited.front(), "late") != "0") {
        return Error{Errc::timeout, "What was received is not applied in time."};
    }
    return run("STOP SLAVE", kStopMs);
}

Status LocalServer::make_accounts() {
    STOA_TRY(const auto known, query("SELECT User AS u FROM mysql.global_priv WHERE User LIKE 'stoa\\_%'"));
    const auto is_known = [&](const std::string& user) {
        return std::any_of(known.begin(), known.end(), [&](const auto& row) { return at(row, "u") == user; });
    };
    STOA_TRY(const auto password, quoted(accounts_.replication_password));
    for (const auto& member : members_) {
        if (is_known(replication_user(member))) continue;
        STOA_TRY(const auto user, quoted(replication_user(member)));
        STOA_CHECK(run("CREATE USER IF NOT EXISTS " + user + "@'%' IDENTIFIED BY " + password));
        STOA_CHECK(run("GRANT REPLICATION SLAVE ON *.* TO " + user + "@'%'"));
    }
    if (!is_known(kAgentUser)) {
        STOA_TRY(const auto agent_password, quoted(accounts_.agent_password));
        const std::string user = std::string("'") + kAgentUser + "'@'%'";
        STOA_CHECK(run("CREATE USER IF NOT EXISTS " + user + " IDENTIFIED BY " + agent_password));
        STOA_CHECK(run("GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO " + user));
    }
    STOA_TRY(const auto table, query("SELECT 1 FROM information_schema.tables WHERE table_schema='stoa_cluster' AND "
                                     "table_name='heartbeat'"));
    if (!table.empty()) return {};
    STOA_CHECK(run("CREATE DATABASE IF NOT EXISTS stoa_cluster"));
    return run(
        "CREATE TABLE IF NOT EXISTS stoa_cluster.heartbeat (id INT PRIMARY KEY, epoch BIGINT NOT NULL, at_us "
        "BIGINT NOT NULL) ENGINE=InnoDB");
}

/// A server never receives changes that carry its own number, and one that comes back from a crash lacks its last ones,
/// which others kept: so each leadership writes under a number of its own. It also makes any change that one server
/// alone has known at sight.
Status LocalServer::take_number(std::int64_t epoch) {
    const auto number = kFirstLeaderNumber + epoch % (4'294'967'295 - kFirstLeaderNumber);
    STOA_CHECK(run("SET GLOBAL server_id=" + std::to_string(number)));
    STOA_CHECK(run("SET SESSION server_id=" + std::to_string(number)));
    // Sessions that were opened before would go on with the old one.
    STOA_TRY(const auto sessions, query("SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ID<>CONNECTION_ID() "
                                        "AND USER NOT IN ('system user', 'event_scheduler') AND USER NOT LIKE "
                                        "'stoa\\_%'"));
    for (const auto& session : sessions)
        (void)run("KILL CONNECTION " + at(session, "id"));  // it may just have ended
    return {};
}

Status LocalServer::open(const Acknowledgers& list) {
    STOA_CHECK(run("STOP SLAVE", kStopMs));
    STOA_CHECK(run("RESET SLAVE ALL"));
    STOA_CHECK(run("DO RELEASE_LOCK('stoa_election')"));
    STOA_CHECK(run("SET GLOBAL rpl_semi_sync_slave_enabled=0"));
    STOA_CHECK(make_accounts());
    STOA_CHECK(set_locks(list, true, true));
    STOA_CHECK(run(std::string("SET GLOBAL rpl_semi_sync_master_timeout=4294967295, "
                               "GLOBAL rpl_semi_sync_master_wait_no_slave=1, "
                               "GLOBAL rpl_semi_sync_master_wait_point=AFTER_SYNC, "
                               "GLOBAL sync_binlog=1, GLOBAL innodb_flush_log_at_trx_commit=1, "
                               "GLOBAL rpl_semi_sync_master_enabled=") +
                   (list.alone ? "0" : "1")));
    return run("SET GLOBAL read_only=0");
}

Status LocalServer::wait_for_receipts(bool wait) {
    return run(std::string("SET GLOBAL rpl_semi_sync_master_enabled=") + (wait ? "1" : "0"));
}

Status LocalServer::leave_list() {
    STOA_CHECK(run("STOP SLAVE IO_THREAD", kStopMs));
    return run("SET GLOBAL rpl_semi_sync_slave_enabled=0");
}

Status LocalServer::follow(const Follow& follow, bool& thrown_away) {
    thrown_away = false;
    STOA_TRY(const ServerFacts now, look(1'000));
    const std::string semi_sync =
        std::string("SET GLOBAL rpl_semi_sync_slave_enabled=") + (follow.acknowledging ? "1" : "0");
    if (now.source == follow.source && now.applying) {
        // The relay log stays what it is: only the connection is made anew.
        if (!now.receiving || now.acknowledges != follow.acknowledging) {
            STOA_CHECK(run("STOP SLAVE IO_THREAD", kStopMs));
            STOA_CHECK(run(semi_sync));
            STOA_CHECK(run("START SLAVE IO_THREAD"));
        }
        return run("DO RELEASE_LOCK('stoa_election')");
    }
    STOA_CHECK(run("STOP SLAVE IO_THREAD", kStopMs));
    STOA_TRY(const ServerFacts fenced, look(1'000));
    if (!fenced.applied.reached(fenced.received)) {
        // To follow somebody else throws the relay log away.
        if (!fenced.applying || !apply(fenced.received, 2'000)) thrown_away = true;
    }
    STOA_CHECK(run("STOP SLAVE", kStopMs));
    STOA_TRY(const auto positions, query("SELECT @@global.gtid_slave_pos AS sp, @@global.gtid_binlog_pos AS bp"));
    const Position replicated(at(positions.at(0), "sp"));
    const Position logged(at(positions.at(0), "bp"));
    if (!(replicated == logged) && logged.reached(replicated) && !logged.empty()) {
        STOA_CHECK(run("SET GLOBAL gtid_slave_pos=@@global.gtid_binlog_pos"));  // it was a leader
    }
    const auto source = server_address(follow.source);
    STOA_TRY(const auto host, quoted(source.host));
    STOA_TRY(const auto user, quoted(replication_user(member_)));
    STOA_TRY(const auto password, quoted(accounts_.replication_password));
    const auto place = std::find(members_.begin(), members_.end(), member_) - members_.begin();
    STOA_CHECK(run("SET GLOBAL rpl_semi_sync_master_enabled=0, GLOBAL server_id=" + std::to_string(place + 1)));
    STOA_CHECK(run("CHANGE MASTER TO master_host=" + host + ", master_port=" + std::to_string(source.port) +
                   ", master_user=" + user + ", master_password=" + password +
                   ", master_use_gtid=slave_pos, master_connect_retry=1, master_heartbeat_period=1"));
    STOA_CHECK(run(semi_sync));
    STOA_CHECK(run("START SLAVE"));
    return run("DO RELEASE_LOCK('stoa_election')");
}

Status LocalServer::begin_at(const Position& position) {
    STOA_TRY(const auto value, quoted(position.text()));
    STOA_CHECK(run("STOP SLAVE", kStopMs));
    STOA_CHECK(run("RESET SLAVE ALL"));
    return run("SET GLOBAL gtid_slave_pos=" + value);
}

Status LocalServer::lock_barred(const Acknowledgers& list) {
    return set_locks(list, true, false);
}

Status LocalServer::unlock_others(const Acknowledgers& list) {
    return set_locks(list, false, true);
}

/// Without the log of changes: whom a leader bars is its own affair.
Status LocalServer::set_locks(const Acknowledgers& list, bool lock, bool unlock) {
    STOA_TRY(const auto rows, query("SELECT User AS u, COALESCE(JSON_VALUE(Priv, '$.account_locked'), 0) AS l FROM "
                                    "mysql.global_priv WHERE User LIKE 'stoa\\_r\\_%'"));
    for (const auto& row : rows) {
        const auto name = at(row, "u").substr(replication_user("").size());
        const bool barred = std::any_of(list.barred.begin(), list.barred.end(),
                                        [&](const ServerLife& one) { return one.name == name; });
        const bool locked = at(row, "l") == "1" || at(row, "l") == "true";
        STOA_TRY(const auto user, quoted(at(row, "u")));
        if (barred != locked && (barred ? lock : unlock)) {
            STOA_CHECK(run("SET SESSION sql_log_bin=0"));
            const auto altered = run("ALTER USER " + user + "@'%' ACCOUNT " + (barred ? "LOCK" : "UNLOCK"));
            STOA_CHECK(run("SET SESSION sql_log_bin=1"));
            STOA_CHECK(altered);
        }
        if (!barred || !lock) continue;
        STOA_TRY(const auto sessions, query("SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER=" + user));
        for (const auto& session : sessions)
            (void)run("KILL CONNECTION " + at(session, "id"));  // it may just have ended
    }
    return {};
}

Status LocalServer::stop_writes(int timeout_ms) {
    // https://mariadb.com/kb/en/server-system-variables/#read_only: waits for the statements and commits under way, and
    // holds up new ones meanwhile. When a statement waits for a row, the next one of the transaction that has the row
    // is held up, too, and nobody gets on: so it is asked for in short tries, with pauses in which such transactions
    // end. The server itself must end each try: a statement that was left behind would close it later.
    const auto deadline_us = system_clock().monotonic_us() + timeout_ms * 1'000LL;
    for (;;) {
        STOA_CHECK(run("SET SESSION max_statement_time=" + std::to_string(kStopTryMs / 1'000.0)));
        auto stopped = run("SET GLOBAL read_only=1", kStopTryMs + 200);
        const bool interrupted = connection_ && connection_->error_number() == kStatementTimeout;
        STOA_CHECK(run("SET SESSION max_statement_time=0"));
        const bool late = system_clock().monotonic_us() + kStopPauseMs * 1'000 > deadline_us;
        if (stopped || late || !interrupted) return stopped;
        ::usleep(kStopPauseMs * 1'000);
    }
}

Status LocalServer::resume_writes() {
    return run("SET GLOBAL read_only=0");
}

Status LocalServer::end_leadership() {
    return run("SET GLOBAL rpl_semi_sync_master_enabled=0");
}

Result<Position> LocalServer::position() {
    STOA_TRY(const auto rows, query("SELECT @@global.gtid_binlog_pos AS bp, @@global.gtid_slave_pos AS sp"));
    if (rows.empty()) return internal_error("The database server gave no position.");
    return Position(at(rows.front(), "bp")).further(Position(at(rows.front(), "sp")));
}

}  // namespace stoa::cluster::database
