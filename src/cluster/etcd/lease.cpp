#include "cluster/etcd/lease.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace stoa::cluster::etcd {
namespace {

constexpr std::int64_t kRetryUs = 200'000;

}  // namespace

Lease::Lease(Client& client, int ttl_s, OnChange on_change)
    : client_(client), ttl_s_(ttl_s), on_change_(std::move(on_change)) {}

Lease::~Lease() {
    stop();
}

void Lease::start() {
    thread_ = std::thread([this] { run(); });
}

void Lease::stop() {
    end();
    const MutexLock calls(call_mutex_);
    const LeaseId lease = id_.exchange(0);
    until_us_.store(0);
    if (lease == 0) return;
    if (const Status revoked = client_.revoke(lease); !revoked) {
        log::info("etcd_lease_left", {{"reason", revoked.error().message}});
    }
}

void Lease::abandon() {
    end();
    const MutexLock calls(call_mutex_);
    id_.store(0);
    until_us_.store(0);
}

void Lease::end() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

std::int64_t Lease::left_ms() const {
    return std::max<std::int64_t>(0, (until_us_.load() - system_clock().monotonic_us()) / 1'000);
}

Status Lease::put(std::string_view key, std::string_view value) {
    const MutexLock calls(call_mutex_);
    {
        const MutexLock lock(mutex_);
        Entry& entry = entries_[std::string(key)];
        entry.value = value;
        entry.written_under = 0;
    }
    const LeaseId lease = id();
    if (lease == 0) return Error{Errc::unavailable, "There is no lease of etcd yet."};
    return write(lease, std::string(key), std::string(value));
}

Status Lease::remove(std::string_view key) {
    const MutexLock calls(call_mutex_);
    {
        const MutexLock lock(mutex_);
        if (const auto found = entries_.find(key); found != entries_.end()) entries_.erase(found);
    }
    const auto removed = client_.remove(key);
    if (!removed) return removed.error();
    return {};
}

Status Lease::write(LeaseId lease, const std::string& key, const std::string& value) {
    const auto written = client_.put(key, value, lease);
    const MutexLock lock(mutex_);
    if (!written) {
        failed_ = true;  // the thread sees to it
        wake_.notify_all();
        return written.error();
    }
    if (const auto found = entries_.find(key); found != entries_.end()) found->second.written_under = lease;
    return {};
}

void Lease::run() {
    while (true) {
        if (id_.load() == 0) {
            take();
        } else {
            renew();
        }
        write_missing();
        const MutexLock lock(mutex_);
        if (stopping_) return;
        const bool well = held() && !failed_;
        failed_ = false;
        wake_.wait_us(mutex_, well ? std::int64_t{ttl_s_} * 1'000'000 / 3 : kRetryUs);
        if (stopping_) return;
    }
}

void Lease::take() {
    const std::int64_t before_us = system_clock().monotonic_us();
    const auto lease = client_.grant_lease(ttl_s_);
    if (!lease) return tell(false, lease.error().message);
    until_us_.store(before_us + std::int64_t{ttl_s_} * 1'000'000);
    id_.store(*lease);
    tell(true, "");
}

void Lease::renew() {
    const std::int64_t before_us = system_clock().monotonic_us();
    const auto ttl_s = client_.keep_alive(id_.load());
    if (ttl_s) {
        until_us_.store(before_us + std::int64_t{ttl_s_} * 1'000'000);
        return tell(true, "");
    }
    if (ttl_s.error().code == Errc::not_found) {
        id_.store(0);
        until_us_.store(0);
        tell(false, ttl_s.error().message);
        return take();
    }
    // It may live on: a new leader of etcd gives every lease its full time again.
    if (!held()) tell(false, ttl_s.error().message);
}

void Lease::write_missing() {
    const MutexLock calls(call_mutex_);
    const LeaseId lease = id();
    if (lease == 0) return;
    std::map<std::string, std::string> missing;
    {
        const MutexLock lock(mutex_);
        for (const auto& [key, entry] : entries_) {
            if (entry.written_under != lease) missing[key] = entry.value;
        }
    }
    for (const auto& [key, value] : missing) {
        if (!write(lease, key, value)) return;
    }
}

void Lease::tell(bool held, std::string_view reason) {
    if (std::exchange(told_held_, held) == held) return;
    if (held) log::info("etcd_lease_taken", {{"lease", id_.load()}});
    if (!held) log::warn("etcd_lease_lost", {{"reason", reason}});
    if (on_change_) on_change_(held);
}

}  // namespace stoa::cluster::etcd
