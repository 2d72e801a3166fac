#include "cluster/database/heartbeat.hpp"

#include <pthread.h>

#include <algorithm>
#include <vector>

#include "base/clock.hpp"

namespace stoa::cluster::database {
namespace {

using db::mariadb::AdminConnection;

constexpr int kForeverMs = 86'400'000;  ///< a beat that waits for receipts is not given up
constexpr int kLookMs = 100;
constexpr int kAnswerMs = 250;
constexpr int kRows = 8;

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

std::string beat_sql(int row, std::int64_t epoch) {
    return "REPLACE INTO stoa_cluster.heartbeat (id, epoch, at_us) VALUES (" + std::to_string(row) + ", " +
           std::to_string(epoch) + ", " + std::to_string(system_clock().now_us()) + ")";
}

}  // namespace

Heartbeat::Heartbeat(db::mariadb::AdminOptions where, int beat_ms, OnChange on_change)
    : where_(std::move(where)), beat_ms_(beat_ms), on_change_(std::move(on_change)) {}

Heartbeat::~Heartbeat() {
    stop();
}

void Heartbeat::start(std::int64_t epoch, int limit_ms) {
    stop();
    {
        MutexLock lock(mutex_);
        stopping_ = false;
    }
    limit_ms_ = limit_ms;
    hangs_ = waits_ = false;
    last_us_ = 0;
    begun_us_ = now_us();
    beater_ = std::thread([this, epoch] {
        pthread_setname_np(pthread_self(), "db-beat");
        beat(epoch);
    });
    watcher_ = std::thread([this, epoch] {
        pthread_setname_np(pthread_self(), "db-beat-watch");
        watch(epoch);
    });
}

void Heartbeat::stop() {
    {
        MutexLock lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
        for (const auto& one : {beating_, watching_, nudging_}) {
            if (one != nullptr) one->cut();
        }
    }
    for (auto* thread : {&beater_, &watcher_}) {
        if (thread->joinable()) thread->join();
    }
    {
        MutexLock lock(mutex_);
        if (nudging_ != nullptr) nudging_->cut();
    }
    if (nudger_.joinable()) nudger_.join();
    hangs_ = waits_ = false;
}

void Heartbeat::set(std::atomic<bool>& flag, bool value) {
    if (flag.exchange(value) != value) on_change_();
}

void Heartbeat::beat(std::int64_t epoch) {
    std::shared_ptr<AdminConnection> session;
    for (;;) {
        if (session == nullptr || session->broken()) {
            auto opened = AdminConnection::open(where_);
            session = opened ? std::shared_ptr<AdminConnection>(std::move(*opened)) : nullptr;
            MutexLock lock(mutex_);
            beating_ = session;
            if (stopping_) return;
        }
        std::int64_t pause_us = beat_ms_ * 1'000LL;
        if (session != nullptr && session->run(beat_sql(1, epoch), kForeverMs)) {
            last_us_ = now_us();
            begun_us_ = 0;
            set(waits_, false);
        } else {
            pause_us = 50'000;  // begun_us_ stays: the time goes on
        }
        MutexLock lock(mutex_);
        if (!stopping_) wake_.wait_us(mutex_, pause_us);
        if (stopping_) return;
        if (begun_us_ == 0) begun_us_ = now_us();
    }
}

/// Looks at the beat from outside: whether it waits for receipts, which the server's counters tell.
void Heartbeat::watch(std::int64_t epoch) {
    std::shared_ptr<AdminConnection> session;
    std::int64_t nudge_us = 0;  ///< when the next is due
    int nudges = 0;
    for (;;) {
        {
            MutexLock lock(mutex_);
            if (!stopping_) wake_.wait_us(mutex_, kLookMs * 1'000LL);
            if (stopping_) return;
        }
        const auto begun = begun_us_.load();
        auto late_us = begun == 0 ? 0 : now_us() - begun;
        const bool broken = session == nullptr || session->broken();
        // To connect to a server that hangs takes a second: not while that is the question.
        if (broken && (late_us < 300'000 || late_us >= limit_ms_ * 1'000LL)) {
            auto opened = AdminConnection::open(where_);
            session = opened ? std::shared_ptr<AdminConnection>(std::move(*opened)) : nullptr;
            MutexLock lock(mutex_);
            watching_ = session;
            if (stopping_) return;
        }
        if (late_us < 300'000) {
            set(hangs_, false);
            continue;
        }
        bool waiting = false;
        bool receivers = false;
        if (session != nullptr && !session->broken()) {
            const int left_ms = limit_ms_ - static_cast<int>(late_us / 1'000);
            const auto rows = session->query(
                "SELECT variable_name AS n, variable_value AS v FROM information_schema.global_status WHERE "
                "variable_name IN ('RPL_SEMI_SYNC_MASTER_WAIT_SESSIONS', 'RPL_SEMI_SYNC_MASTER_CLIENTS')",
                std::max(kAnswerMs, left_ms));
            for (const auto& row : rows ? *rows : std::vector<db::mariadb::AdminRow>()) {
                (row.at("n").ends_with("CLIENTS") ? receivers : waiting) = row.at("v") != "0";
            }
        }
        if (begun_us_ != begun) continue;  // it was written meanwhile
        late_us = now_us() - begun;
        set(waits_, waiting);
        set(hangs_, !waiting && late_us >= limit_ms_ * 1'000LL);
        if (!waiting) nudges = 0;
        if (waiting && receivers && now_us() >= nudge_us) {
            // Each that gets no receipt either leaves a waiting session behind: fewer and fewer.
            nudge_us = now_us() + (300'000LL << std::min(nudges++, 8));
            nudge(epoch);
        }
    }
}

/// A member that has received all that waits acknowledges with the next change only: this is one, in a row of its own.
void Heartbeat::nudge(std::int64_t epoch) {
    if (nudge_busy_.exchange(true)) return;
    if (nudger_.joinable()) nudger_.join();
    nudger_ = std::thread([this, epoch] {
        pthread_setname_np(pthread_self(), "db-nudge");
        // One session is given up for the next: each waits as the ones before.
        static std::atomic<int> row{1};
        auto opened = AdminConnection::open(where_);
        if (opened) {
            std::shared_ptr<AdminConnection> session(std::move(*opened));
            bool stopping = false;
            {
                MutexLock lock(mutex_);
                nudging_ = session;
                stopping = stopping_;
            }
            const int next = 2 + row.fetch_add(1) % kRows;
            if (!stopping) (void)session->run(beat_sql(next, epoch), kAnswerMs);
            MutexLock lock(mutex_);
            nudging_.reset();
        }
        nudge_busy_ = false;
    });
}

}  // namespace stoa::cluster::database
