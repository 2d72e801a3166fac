#include "db/mariadb/servers.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/clock.hpp"
#include "base/fibers.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"

namespace stoa::db::mariadb {
namespace {

constexpr std::int64_t kProbeUs = 250'000;     ///< between looks at a server that is well
constexpr std::int64_t kProbeSoonUs = 30'000;  ///< while there is no primary
constexpr std::int64_t kProbeNextUs = 10'000;  ///< at one that is being promoted
constexpr std::size_t kWarmMax = 8;            ///< sessions of a kind opened with it before it takes writes
constexpr int kWarmAtOnce = 2;
constexpr std::int64_t kProbeCallUs = 1'000'000;  ///< a server that takes longer counts as down
constexpr std::int64_t kTopologyUs = 1'000'000;
constexpr std::int64_t kAwaitLookUs = 3'000;      ///< between looks at replicas that a commit waits for
constexpr std::int64_t kAwaitMarginUs = 500'000;  ///< other processes find out by two of their looks that one lags
constexpr std::size_t kMarksMax = 1'024;
constexpr std::size_t kPurposes = 3;

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

/// A replica shows what gtid_slave_pos says: that moves after the commit in the engine. gtid_binlog_pos moves before
/// it, by the time that a flush takes or an acknowledgement; who reads in between does not see the row yet.
constexpr std::string_view kReplicationProbe =
    "SELECT @@global.read_only, @@global.gtid_slave_pos, @@global.gtid_binlog_pos, "
    "(SELECT variable_value FROM information_schema.global_status WHERE variable_name='SLAVE_RUNNING')='ON'";
constexpr std::string_view kGaleraProbe =
    "SELECT @@global.read_only OR (SELECT variable_value FROM information_schema.global_status "
    "WHERE variable_name='WSREP_READY')<>'ON', '', '', 0";

}  // namespace

class Servers::Server {
  public:
    Server(ServerAddress where, std::uint64_t number) : address(std::move(where)), group(number) {}

    const ServerAddress address;
    const std::uint64_t group;

    // Guarded by Servers::mutex_.
    Role role = Role::unknown;
    GtidPosition position;
    std::int64_t lag_us = 0;
    std::string problem;
    bool wanted = true;  ///< still in the topology
    bool probe_now = false;
    std::int64_t down_since_us = 0;                 ///< 0: it is not
    std::array<std::size_t, kPurposes> sessions{};  ///< open, idle or not
    std::array<std::vector<std::unique_ptr<Connection>>, kPurposes> idle;
    CondVar probe_wake;
    std::thread thread;

    // The probing thread's own.
    std::unique_ptr<Connection> probe;
};

/// What one look at a server found.
struct Servers::Probe {
    Role role = Role::down;
    GtidPosition position;
    std::string problem;
};

Servers::Servers(ServersOptions options, std::unique_ptr<Topology> topology)
    : options_(std::move(options)), topology_(std::move(topology)) {
    topology_->on_change([this] { topology_changed(); });
    topology_thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "db-topology");
        follow_topology();
    });
}

Servers::~Servers() {
    close();
}

void Servers::close() {
    topology_->on_change(nullptr);
    std::vector<std::shared_ptr<Server>> servers;
    std::thread await_thread;
    {
        MutexLock lock(mutex_);
        if (closing_) return;
        closing_ = true;
        servers = servers_;
        for (const auto& server : servers) {
            server->wanted = false;
            server->probe_wake.notify_all();
        }
        changed_.notify_all();
        moved_.notify_all();
        returned_.notify_all();
        await_.notify_all();
        await_thread = std::move(await_thread_);
    }
    if (await_thread.joinable()) await_thread.join();
    for (const Awaited& one : take_awaited())
        one.then();
    for (const auto& server : servers)
        watch_.cut(server->group);
    topology_thread_.join();
    for (const auto& server : servers) {
        if (server->thread.joinable()) server->thread.join();
    }
    MutexLock lock(mutex_);
    for (const auto& server : servers_) {
        for (auto& idle : server->idle)
            idle.clear();
    }
}

void Servers::topology_changed() {
    MutexLock lock(mutex_);
    topology_moved_ = true;
    moved_.notify_all();
}

void Servers::follow_topology() {
    std::uint64_t next_group = 1;
    std::vector<std::shared_ptr<Server>> gone;
    for (;;) {
        {
            MutexLock lock(mutex_);
            topology_moved_ = false;
        }
        const TopologyView view = topology_->view();
        std::shared_ptr<Server> deposed;
        MutexLock lock(mutex_);
        if (closing_) break;
        std::vector<std::shared_ptr<Server>> kept;
        for (const auto& address : view.servers) {
            const auto known = std::find_if(servers_.begin(), servers_.end(),
                                            [&](const auto& server) { return server->address == address; });
            if (known != servers_.end()) {
                kept.push_back(*known);
                continue;
            }
            auto server = std::make_shared<Server>(address, next_group++);
            server->thread = std::thread([this, server] { probe_loop(server); });
            kept.push_back(std::move(server));
        }
        for (const auto& server : servers_) {
            if (std::find(kept.begin(), kept.end(), server) != kept.end()) continue;
            server->wanted = false;
            server->role = Role::down;
            server->probe_wake.notify_all();
            gone.push_back(server);
        }
        servers_ = std::move(kept);
        const bool decided_anew = decided_ != view.primary || next_ != view.next;
        decided_ = view.primary;
        next_ = view.next;
        if (decided_anew) {
            if (view.primary && primary_ != nullptr && !(primary_->address == *view.primary)) deposed = primary_;
            for (const auto& server : servers_) {
                server->probe_now = true;
                server->probe_wake.notify_all();
            }
        }
        choose_primary();
        if (deposed != nullptr) {  // whoever still waits for its answer asks the new one instead
            lock.unlock();
            watch_.cut(deposed->group);
            lock.lock();
        }
        const auto until_us = now_us() + kTopologyUs;
        while (!closing_ && !topology_moved_ && now_us() < until_us)
            moved_.wait_us(mutex_, until_us - now_us());
        if (closing_) break;
    }
    for (const auto& server : gone) {
        if (server->thread.joinable()) server->thread.join();
    }
}

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

void Servers::when_replicas_have(std::string_view position, std::function<void()> then) {
    const auto wanted = GtidPosition::parse(position);
    {
        MutexLock lock(mutex_);
        if (!closing_ && !options_.galera && somebody_may_read_before(wanted)) {
            const std::int64_t longest_us = options_.replica_lag_max_ms * 1'000LL + kAwaitMarginUs;
            awaited_.push_back({wanted, now_us() + longest_us, std::move(then)});
            if (!await_thread_.joinable()) await_thread_ = std::thread([this] { await_loop(); });
            await_.notify_all();
            return;
        }
    }
    then();
}

/// What this process knows of a replica may be old, but never tells more than the replica has. One that is out of reach
/// from here may be read from elsewhere; but one that has been down for long has lagged for as long when it is back.
bool Servers::somebody_may_read_before(const GtidPosition& position) const {
    const std::int64_t long_ago_us = now_us() - options_.replica_lag_max_ms * 1'000LL - kAwaitMarginUs;
    for (const auto& server : servers_) {
        if (server == primary_) continue;
        if (server->role == Role::replica && server->position.reached(position)) continue;
        if (server->role == Role::down && server->down_since_us != 0 && server->down_since_us < long_ago_us) continue;
        return true;
    }
    return false;
}

std::vector<Servers::Awaited> Servers::take_awaited() {
    MutexLock lock(mutex_);
    return std::exchange(awaited_, {});
}

void Servers::await_loop() {
    pthread_setname_np(pthread_self(), "db-await");
    MutexLock lock(mutex_);
    while (!closing_) {
        if (awaited_.empty()) {
            await_.wait(mutex_);
            continue;
        }
        std::vector<Awaited> ready;
        for (std::size_t i = 0; i < awaited_.size();) {
            if (now_us() < awaited_[i].until_us && somebody_may_read_before(awaited_[i].position)) {
                ++i;
                continue;
            }
            ready.push_back(std::move(awaited_[i]));
            if (i + 1 < awaited_.size()) awaited_[i] = std::move(awaited_.back());
            awaited_.pop_back();
        }
        if (!ready.empty()) {
            lock.unlock();
            for (const Awaited& one : ready)
                one.then();
            lock.lock();
            continue;
        }
        for (const auto& server : servers_) {
            if (server == primary_) continue;
            server->probe_now = true;
            server->probe_wake.notify_all();
        }
        await_.wait_us(mutex_, kAwaitLookUs);
    }
}

Error Servers::no_primary() const {
    std::string why;
    for (const auto& server : servers_) {
        if (!why.empty()) why += "; ";
        why += server->address.printable() + ": " +
               (!server->problem.empty()        ? server->problem
                : server->role == Role::replica ? "is a replica"
                                                : "not looked at yet");
    }
    return {Errc::unavailable, "No database server takes changes (" + why + ").", {}, {}, 2};
}

Result<Servers::Lease> Servers::primary(Purpose purpose, std::int64_t deadline_us) {
    for (;;) {
        std::shared_ptr<Server> server;
        {
            MutexLock lock(mutex_);
            while (primary_ == nullptr && !closing_) {
                const auto left = deadline_us - now_us();
                if (left <= 0) return no_primary();
                changed_.wait_us(mutex_, left);
            }
            if (closing_) return Error{Errc::unavailable, "The server is stopping.", {}, {}, 1};
            server = primary_;
        }
        auto leased = lease(server, purpose, deadline_us);
        if (leased || leased.error().code == Errc::busy || now_us() >= deadline_us) return leased;
        suspect(server, Trouble::lost);
        MutexLock lock(mutex_);
        if (primary_ == server) changed_.wait_us(mutex_, kProbeSoonUs);  // until the probe has looked
    }
}

std::optional<Servers::Lease> Servers::idle_primary() {
    MutexLock lock(mutex_);
    return primary_ == nullptr ? std::nullopt : idle(primary_, Purpose::read);
}

std::optional<Servers::Lease> Servers::idle(const std::shared_ptr<Server>& server, Purpose purpose) {
    auto& idle = server->idle[static_cast<std::size_t>(purpose)];
    if (idle.empty()) return std::nullopt;
    Lease lease;
    lease.server_ = server;
    lease.servers_ = this;
    lease.purpose_ = purpose;
    lease.connection_ = std::move(idle.back());
    idle.pop_back();
    return lease;
}

Result<std::optional<Servers::Lease>> Servers::replica(std::string_view at_least, std::int64_t wait_us,
                                                       std::int64_t deadline_us, bool only_idle) {
    const auto wanted = GtidPosition::parse(at_least);
    std::shared_ptr<Server> chosen;
    std::optional<Lease> leased;
    bool behind = false;
    {
        MutexLock lock(mutex_);
        const std::size_t start = next_replica_.fetch_add(1, std::memory_order_relaxed);
        for (std::size_t i = 0; i < servers_.size(); ++i) {
            const auto& server = servers_[(start + i) % servers_.size()];
            if (server->role != Role::replica || server->lag_us > options_.replica_lag_max_ms * 1000LL) continue;
            const bool there = server->position.reached(wanted);
            // Known to be behind by more than we would wait: no need to ask.
            if (!there && (server->lag_us > wait_us || chosen != nullptr)) continue;
            chosen = server;
            behind = !there;
            if (there) break;
        }
        if (chosen == nullptr) return std::optional<Lease>();
        leased = idle(chosen, Purpose::read);
    }
    if (!leased) {
        if (only_idle) return must_wait();
        auto opened = lease(chosen, Purpose::read, deadline_us);
        if (!opened) return std::optional<Lease>();
        leased = std::move(*opened);
    }
    if (behind && !waits_for(**leased, at_least, wait_us)) return std::optional<Lease>();
    if (behind) {
        MutexLock lock(mutex_);
        chosen->position.advance(wanted);
    }
    return leased;
}

/// https://mariadb.com/kb/en/master_gtid_wait/
bool Servers::waits_for(Connection& replica, std::string_view position, std::int64_t wait_us) {
    replica.set_deadline(now_us() + wait_us + kProbeCallUs / 10);
    const Value wait_s = static_cast<double>(wait_us) / 1e6;
    const Binding bindings[] = {{Binding::Kind::text, 0, position, nullptr}, {Binding::Kind::value, 0, {}, &wait_s}};
    bool reached = false;
    const auto status = replica.query("SELECT master_gtid_wait(?, ?)", bindings, [&](const Row& row) {
        reached = row.integer(0) == 0;
        return true;
    });
    return status.ok() && reached;
}

Result<Servers::Lease> Servers::lease(const std::shared_ptr<Server>& server, Purpose purpose,
                                      std::int64_t deadline_us) {
    const auto slot = static_cast<std::size_t>(purpose);
    {
        MutexLock lock(mutex_);
        while (server->idle[slot].empty() && server->sessions[slot] >= options_.connections_per_server) {
            const auto left = deadline_us - now_us();
            if (left <= 0 || closing_) return Error{Errc::busy, "All database sessions are in use.", {}, {}, 1};
            ++waiting_;
            returned_.wait_us(mutex_, left);
            --waiting_;
        }
        if (auto known = idle(server, purpose)) return std::move(*known);
        ++server->sessions[slot];
    }
    return open_counted(server, purpose, deadline_us);
}

Result<Servers::Lease> Servers::open_counted(const std::shared_ptr<Server>& server, Purpose purpose,
                                             std::int64_t deadline_us) {
    const auto slot = static_cast<std::size_t>(purpose);
    Lease lease;
    lease.server_ = server;
    lease.servers_ = this;
    lease.purpose_ = purpose;
    Connection::Failure failure;
    lease.connection_ =
        Connection::open({server->address, purpose, server->group}, options_.credentials, watch_, failure);
    // Processes may use different nodes for a moment: when one dies or comes back, or when one of them cannot reach it.
    // A read therefore waits until its node has applied what any other had committed; one message in the group.
    // https://mariadb.com/kb/en/galera-cluster-system-variables/#wsrep_sync_wait
    if (lease.connection_ != nullptr && options_.galera && purpose == Purpose::read) {
        lease.connection_->set_deadline(deadline_us);
        if (auto set = lease.connection_->command("SET SESSION wsrep_sync_wait=1"); !set) {
            lease.connection_.reset();
            failure = {Trouble::lost, std::move(set).error()};
        }
    }
    if (lease.connection_ != nullptr) return lease;
    MutexLock lock(mutex_);
    --server->sessions[slot];
    returned_.notify_one();
    return std::move(failure.error);
}

void Servers::take_back(Server& server, Purpose purpose, std::unique_ptr<Connection> connection) {
    const auto slot = static_cast<std::size_t>(purpose);
    const bool usable = connection->trouble() < Trouble::lost;
    std::vector<std::unique_ptr<Connection>> closed;  // outside the lock
    MutexLock lock(mutex_);
    if (usable && server.wanted && server.role != Role::down) {
        connection->set_deadline(0);
        connection->set_statement_limit(0);
        connection->clear_trouble();
        server.idle[slot].push_back(std::move(connection));
    } else {
        --server.sessions[slot];
        closed.push_back(std::move(connection));
        if (!usable) {  // its siblings went the same way: the next caller should not have to find out
            server.sessions[slot] -= server.idle[slot].size();
            for (auto& idle : server.idle[slot])
                closed.push_back(std::move(idle));
            server.idle[slot].clear();
        }
    }
    if (waiting_ > 0) returned_.notify_all();
    lock.unlock();
}

void Servers::suspect(const std::shared_ptr<Server>& server, Trouble trouble) {
    MutexLock lock(mutex_);
    if (trouble == Trouble::demoted && primary_ == server) {
        server->role = Role::unknown;
        choose_primary();
    }
    server->probe_now = true;
    server->probe_wake.notify_all();
}

Servers::Lease& Servers::Lease::operator=(Lease&& other) noexcept {
    give_back();
    connection_ = std::move(other.connection_);
    server_ = std::move(other.server_);
    servers_ = other.servers_;
    purpose_ = other.purpose_;
    return *this;
}

void Servers::Lease::give_back() {
    if (connection_ != nullptr) servers_->take_back(*server_, purpose_, std::move(connection_));
    connection_.reset();
}

std::vector<Servers::View> Servers::views() const {
    std::vector<View> views;
    MutexLock lock(mutex_);
    for (const auto& server : servers_) {
        const char* role = server == primary_              ? "primary"
                           : server->role == Role::replica ? "replica"
                           : server->role == Role::primary ? "writable"
                           : server->role == Role::down    ? "down"
                                                           : "unknown";
        views.push_back({server->address.printable(), role, server->lag_us / 1000, server->problem});
    }
    return views;
}

}  // namespace stoa::db::mariadb
