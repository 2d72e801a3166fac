#include "cluster/database/leader_key.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/clock.hpp"

namespace stoa::cluster::database {
namespace {

constexpr int kCallMs = 400;
constexpr int kDeadlineMs = 1'200;
constexpr int kRenewers = 3;
constexpr int kSpareMs = 1'000;  ///< a lease that was got before it was needed is used until then
constexpr int kRenewMs = 1'300;  ///< for one renewal, to one server

std::int64_t now_us() {
    return system_clock().monotonic_us();
}
/// For the renewer number `turn`: patient with one server, and with another one than its neighbours.
etcd::ClientOptions patient(etcd::ClientOptions options, int turn) {
    options.call_ms = options.deadline_ms = kRenewMs;
    auto& servers = options.endpoints;
    if (!servers.empty())
        std::rotate(servers.begin(),
                    servers.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(turn) % servers.size()),
                    servers.end());
    return options;
}
etcd::ClientOptions quick(etcd::ClientOptions options) {
    options.call_ms = kCallMs;
    options.deadline_ms = kDeadlineMs;
    return options;
}

}  // namespace

LeaderKey::LeaderKey(etcd::ClientOptions etcd, std::string key, int ttl_s, int renew_ms, Listener listener)
    : client_(quick(etcd)), key_(std::move(key)), ttl_s_(ttl_s), renew_ms_(renew_ms), listener_(std::move(listener)) {
    for (int turn = 0; turn < kRenewers; ++turn) {
        threads_.emplace_back([this, turn, etcd] {
            pthread_setname_np(pthread_self(), "db-leader-key");
            run(turn, patient(etcd, turn));
        });
    }
}

LeaderKey::~LeaderKey() {
    {
        MutexLock lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    for (std::thread& thread : threads_)
        thread.join();
}

void LeaderKey::hold(etcd::LeaseId lease) {
    lease_ = lease;
    MutexLock lock(mutex_);
    wake_.notify_all();
}

void LeaderKey::prepare() {
    if (spare_ != 0 && now_us() - spare_us_ < kSpareMs * 1'000 / 2) return;
    spare_us_ = now_us();
    const auto lease = client_.grant_lease(ttl_s_);
    spare_ = lease ? *lease : 0;
}

Result<LeaderKey::Taken> LeaderKey::take(const std::string& value) {
    Taken taken;
    const auto spare = std::exchange(spare_, 0);
    etcd::LeaseId lease = 0;
    if (spare != 0 && now_us() - spare_us_ < kSpareMs * 1'000) {
        lease = spare;
        taken.sent_us = spare_us_;
    } else {
        taken.sent_us = now_us();
        STOA_TRY(lease, client_.grant_lease(ttl_s_));
    }
    auto outcome = client_.create_if_absent(key_, value, lease);
    if (!outcome || !outcome->done) {
        (void)client_.revoke(lease);
        if (!outcome) return std::move(outcome).error();
        return Error{Errc::conflict, "Somebody else was quicker."};
    }
    taken.epoch = taken.revision = mod_revision_ = outcome->revision;
    hold(lease);
    return taken;
}

Result<LeaderKey::Taken> LeaderKey::adopt(const etcd::KeyValue& key) {
    Taken taken;
    taken.sent_us = now_us();
    STOA_CHECK(client_.keep_alive(key.lease));
    taken.epoch = key.create_revision;
    taken.revision = mod_revision_ = key.mod_revision;
    hold(key.lease);
    return taken;
}

Result<std::int64_t> LeaderKey::rewrite(const std::string& value) {
    STOA_TRY(const auto outcome, client_.put_if_unchanged(key_, value, mod_revision_, lease_.load()));
    if (!outcome.done) return Error{Errc::conflict, "The key is somebody else's."};
    mod_revision_ = outcome.revision;
    return outcome.revision;
}

void LeaderKey::give_up(etcd::LeaseId of_earlier_run) {
    const auto lease = lease_.exchange(0);
    if (lease != 0) (void)client_.revoke(lease);
    if (of_earlier_run != 0 && of_earlier_run != lease) (void)client_.revoke(of_earlier_run);
}

void LeaderKey::forget() {
    lease_ = 0;
}

void LeaderKey::run(int turn, etcd::ClientOptions etcd) {
    etcd::Client client(std::move(etcd));
    const std::int64_t period_us = renew_ms_ * 1'000LL;
    for (;;) {
        {
            MutexLock lock(mutex_);
            // The threads' times lie evenly apart, however long a renewal takes.
            const std::int64_t since_us = (now_us() + turn * period_us / kRenewers) % period_us;
            if (!stopping_) wake_.wait_us(mutex_, lease_.load() != 0 ? period_us - since_us : 60'000'000LL);
            if (stopping_) return;
        }
        const auto lease = lease_.load();
        if (lease == 0 || !listener_.may_renew()) continue;
        const auto sent = now_us();
        const auto renewed = client.keep_alive(lease);
        if (lease_.load() != lease) continue;
        if (renewed) {
            listener_.renewed(sent);
        } else if (renewed.error().code == Errc::not_found) {
            lease_ = 0;
            listener_.lost();
        }
    }
}

}  // namespace stoa::cluster::database
