#pragma once
// ReaderPool: one reading connection for each thread that reads. Any thread; private to src/db/sqlite.
// A thread keeps its connection until it ends, then the next new thread takes it over.

#include <atomic>
#include <memory>
#include <vector>

#include "base/thread_annotations.hpp"
#include "db/sqlite/connection.hpp"

namespace stoa::db::sqlite {

class ReaderPool : public std::enable_shared_from_this<ReaderPool> {
  public:
    explicit ReaderPool(ConnectionOptions options);

    /// One thread's connection. `users` counts its open reads (a read may be inside a read); only its thread changes
    /// it, except for trim_idle(), which makes it negative while it holds the connection.
    struct Slot {
        std::unique_ptr<Connection> connection;
        std::atomic<int> users{0};
        std::atomic<std::uint64_t> reads{0};
        std::uint64_t reads_at_last_trim = 0;  ///< under the pool's mutex
    };

    class Lease {
      public:
        explicit Lease(Slot* slot) : slot_(slot) {}
        Lease(Lease&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (slot_ != nullptr) slot_->users.fetch_sub(1, std::memory_order_release);
        }
        Connection& connection() const { return *slot_->connection; }

      private:
        Slot* slot_;
    };

    Result<Lease> lease();
    /// Frees the memory of connections that nobody read from since the last call. True if there was one.
    bool trim_idle() STOA_EXCLUDES(mutex_);
    /// Waits for open reads, then closes all connections. Not from inside a read.
    void close() STOA_EXCLUDES(mutex_);

  private:
    friend struct ThreadReaders;
    Result<std::shared_ptr<Slot>> take_slot() STOA_EXCLUDES(mutex_);
    void give_back(std::shared_ptr<Slot> slot) STOA_EXCLUDES(mutex_);

    const ConnectionOptions options_;
    const std::uint64_t id_;  ///< never used twice, unlike an address
    std::atomic<bool> closed_{false};
    Mutex mutex_;
    std::vector<std::shared_ptr<Slot>> slots_ STOA_GUARDED_BY(mutex_);  ///< all
    std::vector<std::shared_ptr<Slot>> idle_ STOA_GUARDED_BY(mutex_);   ///< whose thread has ended
};

}  // namespace stoa::db::sqlite
