#include "db/sqlite/reader_pool.hpp"

#include <chrono>
#include <thread>

namespace stoa::db::sqlite {
namespace {

std::uint64_t next_pool_id() {
    static std::atomic<std::uint64_t> next{1};
    return next++;
}

Error is_closed() {
    return {Errc::unavailable, "The server is stopping.", {}, {}, 1};
}

}  // namespace

/// The connections of this thread, one per open database.
struct ThreadReaders {
    struct Entry {
        std::uint64_t pool_id;
        std::shared_ptr<ReaderPool::Slot> slot;  ///< shared with the pool, which closes it
        std::weak_ptr<ReaderPool> pool;
    };
    std::vector<Entry> entries;

    ReaderPool::Slot* find(std::uint64_t pool_id) const {
        for (const auto& entry : entries) {
            if (entry.pool_id == pool_id) return entry.slot.get();
        }
        return nullptr;
    }
    void add(Entry entry) {
        std::erase_if(entries, [](const Entry& old) { return old.pool.expired(); });
        entries.push_back(std::move(entry));
    }
    ~ThreadReaders() {
        for (auto& entry : entries) {
            if (const auto pool = entry.pool.lock()) pool->give_back(std::move(entry.slot));
        }
    }
};

namespace {
thread_local ThreadReaders t_readers;
}  // namespace

ReaderPool::ReaderPool(ConnectionOptions options) : options_(std::move(options)), id_(next_pool_id()) {}

Result<ReaderPool::Lease> ReaderPool::lease() {
    Slot* slot = t_readers.find(id_);
    if (slot == nullptr) {
        STOA_TRY(auto taken, take_slot());
        slot = taken.get();
        t_readers.add({id_, std::move(taken), weak_from_this()});
    }
    // Either close() sees this user, or this thread sees that it is closed: both sides write first, then look.
    while (slot->users.fetch_add(1, std::memory_order_seq_cst) < 0) {  // being trimmed: rare and short
        slot->users.fetch_sub(1, std::memory_order_relaxed);
        std::this_thread::yield();
    }
    Lease lease(slot);
    if (closed_.load(std::memory_order_seq_cst)) return is_closed();
    slot->reads.store(slot->reads.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return lease;
}

bool ReaderPool::trim_idle() {
    constexpr int kTrimming = -1'000'000;
    bool trimmed = false;
    MutexLock lock(mutex_);
    for (const auto& slot : slots_) {
        const auto reads = slot->reads.load(std::memory_order_relaxed);
        if (reads == 0 || reads != std::exchange(slot->reads_at_last_trim, reads)) continue;
        int nobody = 0;
        if (!slot->users.compare_exchange_strong(nobody, kTrimming, std::memory_order_acquire)) continue;
        slot->connection->release_memory();
        slot->reads.store(0, std::memory_order_relaxed);  // trimmed once is enough
        slot->reads_at_last_trim = 0;
        slot->users.fetch_sub(kTrimming, std::memory_order_release);
        trimmed = true;
    }
    return trimmed;
}

Result<std::shared_ptr<ReaderPool::Slot>> ReaderPool::take_slot() {
    {
        MutexLock lock(mutex_);
        if (closed_) return is_closed();
        if (!idle_.empty()) {
            auto slot = std::move(idle_.back());
            idle_.pop_back();
            return slot;
        }
    }
    STOA_TRY(auto connection, Connection::open(options_));
    auto slot = std::make_shared<Slot>();
    slot->connection = std::move(connection);
    MutexLock lock(mutex_);
    if (closed_) return is_closed();
    slots_.push_back(slot);
    return slot;
}

void ReaderPool::give_back(std::shared_ptr<Slot> slot) {
    MutexLock lock(mutex_);
    if (!closed_) idle_.push_back(std::move(slot));
}

void ReaderPool::close() {
    MutexLock lock(mutex_);
    closed_.store(true, std::memory_order_seq_cst);
    for (const auto& slot : slots_) {
        // Reads are short, and this happens once: no need for a signal on the path of each read.
        while (slot->users.load(std::memory_order_seq_cst) > 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        slot->connection.reset();
    }
    slots_.clear();
    idle_.clear();
}

}  // namespace stoa::db::sqlite
