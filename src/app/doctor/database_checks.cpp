#include "app/doctor/database_checks.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "app/doctor/database_variables.hpp"

namespace stoa::app::doctor {
namespace {

using db::ServerFacts;

constexpr std::int64_t kMiB = 1024 * 1024;
constexpr int kLagAlarmS = 30;
constexpr int kProcesses = 2;  ///< that must find sessions at the same time: a portal that is replaced has two

/// Version as one number to compare: 10.11.19 → 101119.
int version_number(const std::string& text) {
    int parts[3] = {0, 0, 0};
    std::sscanf(text.c_str(), "%d.%d.%d", &parts[0], &parts[1], &parts[2]);
    return parts[0] * 10'000 + parts[1] * 100 + parts[2];
}

std::string mib(std::int64_t bytes) {
    return std::to_string(bytes / kMiB) + " MB";
}

/// One server and what is noted about it.
class Judge {
  public:
    Judge(const ServerFacts& server, const DatabaseUse& use, Role role, Findings& out)
        : s_(server), use_(use), role_(role), out_(out) {}

    void judge() {
        if (s_.refusal) {
            note_refusal();
            return;
        }
        check_version();
        check_schema();
        check_rights();
        for (const VariableRow& row : variable_rows()) {
            if ((row.roles & role_) != 0) {
                add(row.good(s_), row.level, row.name, s_.variable(row.name), row.required, row.action);
            }
        }
        check_sessions();
        check_clock();
        check_disk();
        if (role_ == kPrimary) check_acknowledgements();
        if (role_ == kReplica) check_following();
        if (role_ == kGalera) check_cluster();
        check_write();
    }

  private:
    void add(bool good, Level level, std::string check, std::string found, std::string required,
             std::string action) const {
        static const std::map<Role, const char*> names{
            {kAlone, ""}, {kPrimary, " (primary)"}, {kReplica, " (replica)"}, {kGalera, " (Galera)"}};
        out_.push_back({good ? Level::ok : level, "database " + s_.address + names.at(role_), std::move(check),
                        std::move(found), std::move(required), std::move(action)});
    }

    void note_refusal() const {
        // Error::field is the server's own number, https://mariadb.com/kb/en/mariadb-error-code-reference/
        struct Row {
            const char* number;
            const char* check;
            const char* action;
        };
        constexpr const char* kLogin =
            "The user or the password is wrong, or the user may not come from this machine: "
            "look at database.url and database.password_file.";
        constexpr Row kRows[] = {
            {"1045", "credentials", kLogin},
            {"1698", "credentials", kLogin},
            {"1044", "credentials",
             "The user may not use this schema. GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, "
             "REFERENCES ON the schema to it."},
            {"1049", "schema",
             "There is no such schema: CREATE DATABASE … CHARACTER SET utf8mb4, or correct database.url."},
            {"1130", "credentials", "This machine's address is not allowed: CREATE USER for it."},
            {"1040", "max_connections", "All sessions are in use: raise max_connections."},
            {"1047", "wsrep_cluster_status",
             "This node has lost the majority of its Galera cluster: bring the others back."},
            {"2026", "TLS", "No TLS with this server: look at database.tls_ca and at the server's certificate."},
        };
        for (const Row& row : kRows) {
            if (s_.refusal->field == row.number) {
                add(false, Level::error, row.check, s_.refusal->message, "", row.action);
                return;
            }
        }
        add(false, Level::error, "reachable", s_.refusal->message, "an answer",
            "Is the server running, and is the address in database.url right?");
    }

    void check_version() const {
        const std::string version = s_.variable("version");
        const bool mariadb = version.find("MariaDB") != std::string::npos;
        const int number = version_number(version);
        if (!mariadb || number < 100'600) {
            add(false, Level::error, "version", version, "MariaDB 10.11 or newer",
                "The portal needs what other and older servers lack.");
            return;
        }
        add(number >= 101'100, Level::warning, "version", version, "MariaDB 10.11 or newer",
            "It is tested with 10.11.");
    }

    void check_schema() const {
        add(s_.schema_charset == "utf8mb4", Level::warning, "character set", s_.schema_charset, "utf8mb4",
            "ALTER DATABASE … CHARACTER SET utf8mb4, before there are tables.");
        if (!s_.newest_step) {
            add(false, Level::warning, "schema version", "empty", "",
                "Nothing is in the schema yet: stoa account create --config FILE makes what is needed.");
            return;
        }
        const std::string found = "step " + std::to_string(*s_.newest_step);
        const std::string known = "step " + std::to_string(use_.newest_step);
        if (*s_.newest_step > use_.newest_step) {
            add(false, Level::error, "schema version", found, "at most " + known,
                "A newer program has changed the schema, this one refuses it: install the newer one.");
            return;
        }
        add(*s_.newest_step == use_.newest_step, Level::warning, "schema version", found, known,
            "stoa db migrate --config FILE, or the next start, brings it up to date.");
    }

    void check_rights() const {
        std::string too_many;
        for (const std::string& grant : s_.grants) {
            const bool everywhere = grant.find(" ON *.* ") != std::string::npos;
            for (const char* right : {"ALL PRIVILEGES", "SUPER", "READ_ONLY ADMIN", "READ ONLY ADMIN"}) {
                if (everywhere && grant.find(right) != std::string::npos) too_many = right;
            }
        }
        add(too_many.empty(), Level::warning, "rights", too_many.empty() ? "no more than needed" : too_many + " ON *.*",
            "rights on one schema",
            "With these, even a replica that is read_only takes writes. REVOKE them from the portal's user.");
        add(!s_.replica_hidden, Level::warning, "REPLICA MONITOR", s_.replica_hidden ? "not granted" : "granted",
            "granted", "How replication fares cannot be seen. GRANT REPLICA MONITOR ON *.* to the portal's user.");
        add(s_.tracks_commits, Level::error, "session_track", s_.tracks_commits ? "permitted" : "refused", "permitted",
            "Reads from replicas could not wait for a session's own writes.");
        if (use_.asks_for_tls) {
            add(s_.encrypted, Level::error, "TLS", s_.encrypted ? "on" : "off", "on",
                "database.tls_ca is set, but the session is not encrypted.");
        } else if (!s_.encrypted && !is_local()) {
            add(false, Level::warning, "TLS", "off", "on",
                "The password and all data go over the network as they are: set database.tls_ca.");
        }
    }

    bool is_local() const {
        return s_.address.starts_with("127.") || s_.address.starts_with("::1") || s_.address.starts_with("/");
    }

    void check_sessions() const {
        const std::int64_t most = s_.number("max_connections");
        const std::int64_t needed = std::int64_t{use_.sessions_per_process} * kProcesses;
        add(most >= needed, most >= use_.sessions_per_process ? Level::warning : Level::error, "max_connections",
            std::to_string(most), std::to_string(needed) + " or more",
            "One process may open " + std::to_string(use_.sessions_per_process) +
                " sessions. In my.cnf: max_connections, or lower database.connections and database.writers.");
    }

    void check_clock() const {
        const std::int64_t off = std::abs(s_.clock_ahead_ms);
        add(off < 1'000, off < 10'000 ? Level::warning : Level::error, "clock",
            std::to_string(s_.clock_ahead_ms) + " ms ahead of ours", "within 1000 ms",
            "Let both machines follow a time server (chrony, systemd-timesyncd).");
    }

    void check_disk() const {
        if (!s_.free_bytes) return;
        add(*s_.free_bytes >= 1024 * kMiB, *s_.free_bytes >= 100 * kMiB ? Level::warning : Level::error, "disk",
            mib(*s_.free_bytes) + " free in " + s_.variable("datadir"), "1024 MB or more",
            "A full disk stops all writes. Make room, or remove old binary logs (PURGE BINARY LOGS).");
    }

    void check_acknowledgements() const {
        const std::string state = s_.state("rpl_semi_sync_master_status");
        const std::string clients = s_.state("rpl_semi_sync_master_clients");
        if (s_.variable("rpl_semi_sync_master_enabled") != "ON") return;  // said already
        add(state == "ON", Level::error, "semi-sync", state, "ON",
            "It has silently become asynchronous: commits are answered that only this machine has. Look at the "
            "replicas.");
        add(std::atoi(clients.c_str()) >= 1, Level::error, "semi-sync replicas", clients, "1 or more",
            "Nobody acknowledges commits, so every write waits: start the replicas.");
    }

    std::string replica(const char* name) const {
        const auto found = s_.replica.find(name);
        return found == s_.replica.end() ? "" : found->second;
    }

    void check_following() const {
        if (s_.replica.empty()) {
            if (!s_.replica_hidden)
                add(false, Level::error, "replication", "follows nobody", "a primary",
                    "CHANGE MASTER TO …; START SLAVE");
            return;
        }
        const std::string io = replica("slave_io_running");
        const std::string sql = replica("slave_sql_running");
        add(io == "Yes", Level::error, "receiving", io + (io == "Yes" ? "" : ": " + replica("last_io_error")), "Yes",
            "It does not get what the primary writes.");
        add(sql == "Yes", Level::error, "applying", sql + (sql == "Yes" ? "" : ": " + replica("last_sql_error")), "Yes",
            "It does not apply what it gets.");
        const std::string gtid = replica("using_gtid");
        add(gtid != "No", Level::error, "using_gtid", gtid, "Slave_Pos",
            "After a failover it cannot find its place. CHANGE MASTER TO master_use_gtid=slave_pos");
        const std::string behind = replica("seconds_behind_master");
        const int seconds = behind.empty() ? -1 : std::atoi(behind.c_str());
        add(seconds >= 0 && seconds * 1000 <= use_.replica_lag_max_ms,
            seconds < 0 || seconds > kLagAlarmS ? Level::error : Level::warning, "lag",
            behind.empty() ? "unknown" : behind + " s", std::to_string(use_.replica_lag_max_ms) + " ms",
            "It is not read from while it is so far behind (database.replica_lag_max_ms).");
    }

    void check_cluster() const {
        const auto state = [&](const char* name, const char* wanted, const char* action) {
            const std::string found = s_.state(name);
            add(found == wanted, Level::error, name, found, wanted, action);
        };
        state("wsrep_cluster_status", "Primary",
              "The majority is out of reach, so it takes nothing: bring the other nodes back.");
        state("wsrep_ready", "ON", "The node takes no statements: look into its log.");
        state("wsrep_local_state_comment", "Synced", "The node is catching up: wait.");
        const int size = std::atoi(s_.state("wsrep_cluster_size").c_str());
        add(size >= 3 && size % 2 == 1, Level::warning, "wsrep_cluster_size", std::to_string(size), "3 or 5",
            "With fewer, or an even number, the loss of one node can stop all.");
        const std::string options = s_.variable("wsrep_provider_options");
        const bool slow = options.find("evs.suspect_timeout = PT5S") != std::string::npos;
        add(!slow, Level::warning, "evs.suspect_timeout", slow ? "PT5S" : "tuned", "PT1S",
            "All writes stall for more than 6 s when a node dies, 1.2 s with "
            "wsrep_provider_options=\"evs.keepalive_period="
            "PT0.2S;evs.inactive_check_period=PT0.1S;evs.suspect_timeout=PT1S;evs.join_retrans_period=PT0.2S;"
            "evs.inactive_timeout=PT3S;evs.install_timeout=PT3S\"");
    }

    void check_write() const {
        if (!s_.wrote) return;
        add(!s_.write_refusal, Level::error, "a write", s_.write_refusal ? s_.write_refusal->message : "stored",
            "stored", "Is the disk full, or no replica there to acknowledge? The server's log says more.");
    }

    const ServerFacts& s_;
    const DatabaseUse& use_;
    const Role role_;
    Findings& out_;
};

bool takes_writes(const ServerFacts& server) {
    return !server.refusal && server.variable("read_only") == "OFF";
}

Role role_of(const ServerFacts& server, const std::vector<ServerFacts>& all, const DatabaseUse& use) {
    if (use.galera || server.variable("wsrep_on") == "ON") return kGalera;
    if (all.size() == 1 && server.replica.empty() && std::atoi(server.state("slaves_connected").c_str()) == 0)
        return kAlone;
    return takes_writes(server) ? kPrimary : kReplica;
}

void judge_roles(const std::vector<ServerFacts>& servers, Findings& out) {
    std::string writers;
    std::map<std::string, std::string> ids;
    int taking = 0;
    for (const ServerFacts& server : servers) {
        if (takes_writes(server)) {
            ++taking;
            writers += (writers.empty() ? "" : ", ") + server.address;
        }
        if (server.refusal) continue;
        const auto [other, is_new] = ids.emplace(server.variable("server_id"), server.address);
        if (!is_new) {
            out.push_back({Level::error, "database", "server_id",
                           server.address + " and " + other->second + " both have " + other->first, "one for each",
                           "Replication between them breaks. In my.cnf: server_id=…"});
        }
    }
    out.push_back({taking == 1 ? Level::ok : Level::error, "database", "who takes writes",
                   taking == 0 ? "nobody" : writers, "one server",
                   taking == 0 ? "All servers are read_only or down. On the one to lead: SET GLOBAL read_only=0"
                               : "Data drift apart. SET GLOBAL read_only=1 on all but the primary, at once."});
}

}  // namespace

Findings judge_database(const std::vector<ServerFacts>& servers, const DatabaseUse& use) {
    Findings out;
    const bool galera = use.galera || std::any_of(servers.begin(), servers.end(), [](const ServerFacts& server) {
                            return server.variable("wsrep_on") == "ON";
                        });
    if (!galera) judge_roles(servers, out);
    for (const ServerFacts& server : servers)
        Judge(server, use, role_of(server, servers, use), out).judge();
    return out;
}

}  // namespace stoa::app::doctor
