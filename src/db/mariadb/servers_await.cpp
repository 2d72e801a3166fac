// Commits whose answer waits until nobody can read what was before them.

#include <pthread.h>

#include <utility>

#include "db/mariadb/servers_state.hpp"

namespace stoa::db::mariadb {
namespace {

constexpr std::int64_t kAwaitLookUs = 3'000;      ///< between looks at replicas
constexpr std::int64_t kAwaitMarginUs = 500'000;  ///< other processes find out by two of their looks that one lags

}  // namespace

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

}  // namespace stoa::db::mariadb
