#include "cluster/galera/beat.hpp"

#include <pthread.h>

#include "base/clock.hpp"

namespace stoa::cluster::galera {
namespace {

using db::mariadb::AdminConnection;

constexpr std::int64_t kBeatUs = 250'000;
constexpr std::int64_t kWellUs = 1'000'000;
constexpr int kForeverMs = 60'000;  ///< whoever hangs is ended long before

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

/// Each server has a row of its own that the others never hear of.
Result<std::shared_ptr<AdminConnection>> open(const db::mariadb::AdminOptions& where) {
    STOA_TRY(auto opened, AdminConnection::open(where));
    for (const char* sql : {"SET SESSION wsrep_on=OFF, sql_log_bin=0", "CREATE DATABASE IF NOT EXISTS stoa_local",
                            "CREATE TABLE IF NOT EXISTS stoa_local.beat (id INT PRIMARY KEY, at_us BIGINT NOT NULL) "
                            "ENGINE=InnoDB"}) {
        STOA_CHECK(opened->run(sql, kForeverMs));
    }
    return std::shared_ptr<AdminConnection>(std::move(opened));
}

}  // namespace

Beat::~Beat() {
    stop();
}

void Beat::start() {
    stop();
    {
        const MutexLock lock(mutex_);
        stopping_ = false;
    }
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "galera-beat");
        run();
    });
}

void Beat::stop() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
        if (session_ != nullptr) session_->cut();
    }
    if (thread_.joinable()) thread_.join();
    begun_us_ = last_us_ = 0;  // the next server is not late for the last one's
    const MutexLock lock(mutex_);
    session_.reset();
}

std::int64_t Beat::late_ms() const {
    const std::int64_t begun_us = begun_us_.load();
    return begun_us == 0 || last_us_.load() == 0 ? 0 : (now_us() - begun_us) / 1'000;
}

bool Beat::well() const {
    const std::int64_t last_us = last_us_.load();
    return last_us != 0 && now_us() - last_us < kWellUs;
}

void Beat::run() {
    std::shared_ptr<AdminConnection> session;
    for (;;) {
        if (session == nullptr || session->broken()) {
            auto opened = open(where_);
            session = opened ? std::move(*opened) : nullptr;
            const MutexLock lock(mutex_);
            if (stopping_) return;
            session_ = session;
        }
        if (session != nullptr && begun_us_ == 0) begun_us_ = now_us();
        if (session != nullptr &&
            session->run("REPLACE INTO stoa_local.beat VALUES (1, " + std::to_string(system_clock().now_us()) + ")",
                         kForeverMs)) {
            last_us_ = now_us();
            begun_us_ = 0;
        }
        MutexLock lock(mutex_);
        if (!stopping_) wake_.wait_us(mutex_, kBeatUs);
        if (stopping_) return;
    }
}

}  // namespace stoa::cluster::galera
