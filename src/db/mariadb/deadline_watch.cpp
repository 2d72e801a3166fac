#include "db/mariadb/deadline_watch.hpp"

#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.hpp"

namespace stoa::db::mariadb {
namespace {
constexpr std::int64_t kTickUs = 25'000;
}

DeadlineWatch::DeadlineWatch() : thread_([this] { run(); }) {}

DeadlineWatch::~DeadlineWatch() {
    {
        MutexLock lock(mutex_);
        closing_ = true;
        wake_.notify_one();
    }
    thread_.join();
}

DeadlineWatch::Guard::Guard(DeadlineWatch& watch, int fd, std::uint64_t group) : watch_(watch), fd_(fd), group_(group) {
    MutexLock lock(watch_.mutex_);
    watch_.guards_.insert(this);
}

DeadlineWatch::Guard::~Guard() {
    MutexLock lock(watch_.mutex_);
    watch_.guards_.erase(this);
}

void DeadlineWatch::cut(std::uint64_t group) {
    MutexLock lock(mutex_);
    for (const Guard* guard : guards_) {
        if (guard->group_ == group) ::shutdown(guard->fd_, SHUT_RDWR);
    }
}

void DeadlineWatch::run() {
    pthread_setname_np(pthread_self(), "db-deadlines");
    MutexLock lock(mutex_);
    while (!closing_) {
        const auto now = system_clock().monotonic_us();
        for (Guard* guard : guards_) {
            const auto deadline = guard->deadline_us_.load(std::memory_order_relaxed);
            if (deadline != 0 && deadline < now) ::shutdown(guard->fd_, SHUT_RDWR);
        }
        wake_.wait_us(mutex_, kTickUs);
    }
}

}  // namespace stoa::db::mariadb
