// Looking at servers: what each is, how far behind, and which of them is the primary.

#include <pthread.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "db/mariadb/servers_state.hpp"

namespace stoa::db::mariadb {
namespace {

constexpr std::int64_t kProbeUs = 250'000;     ///< between looks at a server that is well
constexpr std::int64_t kProbeNextUs = 10'000;  ///< at one that is being promoted
constexpr std::size_t kWarmMax = 8;            ///< sessions of a kind opened with it before it takes writes
constexpr int kWarmAtOnce = 2;
constexpr std::size_t kMarksMax = 1'024;

/// A replica shows what gtid_slave_pos says: that moves after the commit in the engine. gtid_binlog_pos moves before
/// it, by the time that a flush takes or an acknowledgement; who reads in between does not see the row yet.
constexpr std::string_view kReplicationProbe =
    "SELECT @@global.read_only, @@global.gtid_slave_pos, @@global.gtid_binlog_pos, "
    "(SELECT variable_value FROM information_schema.global_status WHERE variable_name='SLAVE_RUNNING')='ON'";
constexpr std::string_view kGaleraProbe =
    "SELECT @@global.read_only OR (SELECT variable_value FROM information_schema.global_status "
    "WHERE variable_name='WSREP_READY')<>'ON', '', '', 0";

}  // namespace

void Servers::probe_loop(const std::shared_ptr<Server>& server) {
    pthread_setname_np(pthread_self(), "db-probe");
    for (;;) {
        const std::int64_t wait_us = probe(server);
        MutexLock lock(mutex_);
        if (!server->wanted) break;
        if (!server->probe_now) server->probe_wake.wait_us(mutex_, wait_us);
        server->probe_now = false;
        if (!server->wanted) break;
    }
    server->probe.reset();
}

/// Returns how long until the next look.
std::int64_t Servers::probe(const std::shared_ptr<Server>& known) {
    Server& server = *known;
    Probe found;
    if (server.probe == nullptr) {
        Connection::Failure failure;
        server.probe =
            Connection::open({server.address, Purpose::probe, server.group}, options_.credentials, watch_, failure);
        if (server.probe == nullptr) found.problem = failure.error.message;
        // With Galera a look waits until the node has applied what the others had committed: who switches to it then
        // reads no older state. https://mariadb.com/kb/en/galera-cluster-system-variables/#wsrep_sync_wait
        if (server.probe != nullptr && options_.galera) (void)server.probe->command("SET SESSION wsrep_sync_wait=1");
    }
    if (server.probe != nullptr) {
        server.probe->set_deadline(now_us() + kProbeCallUs);
        const auto status =
            server.probe->query(options_.galera ? kGaleraProbe : kReplicationProbe, {}, [&](const Row& r) {
                const bool read_only = r.integer(0) != 0;
                if (options_.galera) {
                    found.role = read_only ? Role::down : Role::primary;
                    if (read_only) found.problem = "not part of a cluster with a majority";
                    return true;
                }
                found.role = read_only ? Role::replica : Role::primary;
                found.position = GtidPosition::parse(r.text(1));
                if (!read_only) found.position.advance(GtidPosition::parse(r.text(2)));
                if (read_only && r.integer(3) == 0) {
                    found.role = Role::unknown;  // nothing new will arrive here
                    found.problem = "read-only, and replication is not running";
                }
                return true;
            });
        if (!status) {
            found = {};
            found.problem = status.error().message;
            server.probe.reset();
        }
    }
    note_probe(server, found);
    if (found.role != Role::down) warm_up(known);
    MutexLock lock(mutex_);
    if (is_next(server)) return kProbeNextUs;
    return primary_ == nullptr || found.role == Role::down ? kProbeSoonUs : kProbeUs;
}

bool Servers::is_next(const Server& server) const {
    return next_ && primary_ == nullptr && server.address == *next_;
}

/// Opens sessions with the one that will be the next, as many as with the last primary: all who were held come at once.
/// A few at a time, between looks at it.
void Servers::warm_up(const std::shared_ptr<Server>& server) {
    int opened = 0;
    for (const auto purpose : {Purpose::write, Purpose::read}) {
        const auto slot = static_cast<std::size_t>(purpose);
        while (opened < kWarmAtOnce) {
            {
                MutexLock lock(mutex_);
                const auto enough = std::min(wanted_sessions_[slot], kWarmMax);
                if (closing_ || !is_next(*server) || server->sessions[slot] >= enough) break;
                ++server->sessions[slot];
            }
            if (!open_counted(server, purpose, now_us() + kProbeCallUs)) return;
            ++opened;
        }
    }
}

void Servers::note_probe(Server& server, const Probe& found) {
    bool cut = false;
    std::vector<std::unique_ptr<Connection>> broken;  // closed outside the lock
    {
        MutexLock lock(mutex_);
        if (!server.wanted) return;
        if (&server == primary_.get()) {
            for (std::size_t slot = 0; slot < kPurposes; ++slot)
                wanted_sessions_[slot] = server.sessions[slot];
        }
        if (found.role == Role::down) {  // what was idle went the way of the session that looks
            for (std::size_t slot = 0; slot < kPurposes; ++slot) {
                server.sessions[slot] -= server.idle[slot].size();
                for (auto& idle : server.idle[slot])
                    broken.push_back(std::move(idle));
                server.idle[slot].clear();
            }
        }
        if (server.role != found.role || server.problem != found.problem) {
            const auto level_bad = !found.problem.empty();
            const std::string address = server.address.printable();
            if (level_bad) {
                log::warn("database_server",
                          {{"server", std::string_view(address)}, {"state", std::string_view(found.problem)}});
            } else {
                log::info("database_server", {{"server", std::string_view(address)},
                                              {"role", found.role == Role::primary ? "primary" : "replica"}});
            }
        }
        cut = server.role == Role::primary && found.role != Role::primary;
        server.role = found.role;
        server.problem = found.problem;
        server.position.advance(found.position);
        if (found.role != Role::down) {
            server.down_since_us = 0;
        } else if (server.down_since_us == 0) {
            server.down_since_us = now_us();
        }
        if (found.role == Role::primary && (primary_ == nullptr || primary_.get() == &server)) {
            if (marks_.empty() || !marks_.back().position.reached(found.position)) {
                marks_.push_back({now_us(), found.position});
                if (marks_.size() > kMarksMax) marks_.pop_front();
            }
        }
        if (found.role == Role::replica) measure_lag(server, found.position);
        choose_primary();
        if (!awaited_.empty()) await_.notify_all();
    }
    // Whoever still talks to a primary that is none any more learns it now, not at a deadline.
    if (cut) watch_.cut(server.group);
}

/// How long ago the primary stood where the replica stands now.
void Servers::measure_lag(Server& server, const GtidPosition& position) {
    server.position = position;
    server.lag_us = 0;
    for (const auto& mark : marks_) {
        if (position.reached(mark.position)) continue;
        server.lag_us = now_us() - mark.at_us;
        break;
    }
    // Marks are taken between two looks: the one behind may just not have been looked at again.
    if (server.lag_us < 2 * kProbeUs) server.lag_us = 0;
}

void Servers::choose_primary() {
    std::shared_ptr<Server> chosen;
    const auto writable = [](const auto& server) { return server->role == Role::primary; };
    if (decided_) {
        for (const auto& server : servers_) {
            const bool meant = server->address == *decided_ || (next_ && server->address == *next_);
            if (meant && writable(server)) chosen = server;
        }
    } else if (options_.galera) {
        // All take writes, and what one has another may show a moment later: all processes take the same one, the first
        // in order, and wait for the first look at it.
        for (const auto& server : servers_) {
            if (server->role == Role::unknown) break;
            if (writable(server)) {
                chosen = server;
                break;
            }
        }
    } else if (primary_ != nullptr && primary_->wanted && writable(primary_)) {
        chosen = primary_;
    } else {
        const auto first = std::find_if(servers_.begin(), servers_.end(), writable);
        if (first != servers_.end()) chosen = *first;
    }
    int replicas = 0;
    for (const auto& server : servers_) {
        if (server->role == Role::replica) ++replicas;
    }
    replicas_ = replicas;
    if (chosen == primary_) return;
    static Counter& changes = counter("stoa_db_primary_changes_total", "How often another server became the primary.");
    changes.add();
    if (chosen != nullptr) {
        const std::string address = chosen->address.printable();
        log::info("database_primary", {{"server", std::string_view(address)}});
    } else {
        log::warn("database_primary", {{"server", "none"}, {"do", "writes wait; see the states of the servers above"}});
    }
    primary_ = std::move(chosen);
    changed_.notify_all();
}

}  // namespace stoa::db::mariadb
