#pragma once
// ConnectionPool: connections to the engine that an EngineWatch found, shared by threads. Any thread; take() waits at
// most until its deadline. A connection that failed is dropped and the watch told; one made for an earlier target is
// dropped.

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/thread_annotations.hpp"
#include "cache/wire/engine_watch.hpp"

namespace stoa::cache {

/// C needs `bool looks_alive() const`.
template <class C>
class ConnectionPool {
  public:
    using Open = std::function<Result<std::unique_ptr<C>>(const Address&)>;

    ConnectionPool(EngineWatch& watch, int connections_max, Open open)
        : watch_(watch), connections_max_(connections_max), open_(std::move(open)) {}

    /// Goes back into the pool when it ends.
    class Lease {
      public:
        Lease(ConnectionPool& pool, std::unique_ptr<C> connection, EngineWatch::Target target)
            : pool_(&pool), connection_(std::move(connection)), target_(std::move(target)) {}
        Lease(Lease&&) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (connection_) pool_->give_back(std::move(connection_), target_.generation);
        }
        C* operator->() { return connection_.get(); }
        C& operator*() { return *connection_; }
        /// The connection is of no more use, and perhaps the engine neither.
        void failed(const Error& error) {
            pool_->forget(std::move(connection_));
            pool_->watch_.failed(target_, error);
        }
        /// The connection works, but the engine needs a new look (it became a replica).
        void doubt(const Error& error) { pool_->watch_.failed(target_, error); }

      private:
        ConnectionPool* pool_;
        std::unique_ptr<C> connection_;
        EngineWatch::Target target_;
    };

    /// Nothing: the engine is down, does not take a connection, or all are in use until the deadline.
    std::optional<Lease> take(Deadline deadline) STOA_EXCLUDES(mutex_) {
        while (auto target = watch_.target()) {
            std::unique_ptr<C> idle;
            switch (reserve(target->generation, deadline, idle)) {
                case Reserved::nothing:
                    return std::nullopt;
                case Reserved::again:
                    continue;
                case Reserved::idle:
                    if (idle->looks_alive()) return Lease(*this, std::move(idle), std::move(*target));
                    forget(std::move(idle));
                    continue;
                case Reserved::place:
                    break;
            }
            auto opened = open_(target->address);
            if (opened) return Lease(*this, std::move(*opened), std::move(*target));
            forget(nullptr);
            watch_.failed(*target, opened.error());
            return std::nullopt;
        }
        return std::nullopt;
    }

  private:
    enum class Reserved { nothing, again, idle, place };

    Reserved reserve(std::uint64_t generation, Deadline deadline, std::unique_ptr<C>& idle) STOA_EXCLUDES(mutex_) {
        std::vector<std::unique_ptr<C>> old;  // closed after the lock is gone
        const MutexLock lock(mutex_);
        if (generation != generation_) {
            if (generation < generation_) return Reserved::again;
            generation_ = generation;
            count_ -= static_cast<int>(idle_.size());
            old.swap(idle_);
        }
        while (idle_.empty() && count_ >= connections_max_) {
            const std::int64_t left_us = deadline.left_us();
            if (left_us == 0 || watch_.closed()) return Reserved::nothing;
            returned_.wait_us(mutex_, left_us);
            if (generation != generation_) return Reserved::again;
        }
        if (idle_.empty()) {
            ++count_;
            return Reserved::place;
        }
        idle = std::move(idle_.back());  // the one used last: the others may then be closed by an idle timeout
        idle_.pop_back();
        return Reserved::idle;
    }

    void give_back(std::unique_ptr<C> connection, std::uint64_t generation) STOA_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        if (generation == generation_) {
            idle_.push_back(std::move(connection));
        } else {
            --count_;
        }
        returned_.notify_one();
    }

    void forget(std::unique_ptr<C> connection) STOA_EXCLUDES(mutex_) {
        connection.reset();
        const MutexLock lock(mutex_);
        --count_;
        returned_.notify_one();
    }

    EngineWatch& watch_;
    const int connections_max_;
    const Open open_;
    Mutex mutex_;
    CondVar returned_;
    std::vector<std::unique_ptr<C>> idle_ STOA_GUARDED_BY(mutex_);
    int count_ STOA_GUARDED_BY(mutex_) = 0;  ///< idle, in use, and being opened
    std::uint64_t generation_ STOA_GUARDED_BY(mutex_) = 0;
};

}  // namespace stoa::cache
