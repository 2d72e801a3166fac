#include "db/mariadb/servers.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/fibers.hpp"
#include "db/mariadb/servers_state.hpp"

namespace stoa::db::mariadb {
namespace {

constexpr std::int64_t kTopologyUs = 1'000'000;

}  // namespace

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
