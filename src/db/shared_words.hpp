#pragma once
// SharedWords: a few numbers beside an embedded store (`stoa.db-shared`, mapped into memory) that all processes which
// have the store open see at once. They only save time: what they say stands in the store itself, too. Any thread.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace stoa::db {

class SharedWords {
  public:
    /// `store` is the path of the database file; the file beside it is made when it is missing.
    static Result<std::unique_ptr<SharedWords>> open(const std::string& store);
    ~SharedWords();
    SharedWords(const SharedWords&) = delete;
    SharedWords& operator=(const SharedWords&) = delete;

    // Homes epoch: even and unchanged means that the table `homes` is as it was when the number was last read; odd
    // means that a process is about to change it: look into the table every time.
    std::uint64_t homes_epoch() const { return word(kHomesEpoch).load(std::memory_order_acquire); }
    void begin_homes_change();  ///< odd from here on; before the transaction that changes the table
    void end_homes_change();    ///< even, and another number than before

    // The write lock of the store is not handed over in turn: who polls for it says so here, and who has just released
    // it steps aside for a moment. Times of the monotonic clock, which is the machine's; 0: nobody.
    void wait_for_writer(std::int64_t now_us) {
        word(kWaitingSince).store(static_cast<std::uint64_t>(now_us), std::memory_order_relaxed);
    }
    std::int64_t waiting_seen_us() const {
        return static_cast<std::int64_t>(word(kWaitingSince).load(std::memory_order_relaxed));
    }

    /// One process at a time may move data out of the store; held until this object goes. False: another one does.
    bool try_lock_for_move();
    void unlock_for_move();

  private:
    enum Index : std::size_t { kHomesEpoch, kWaitingSince, kWords = 8 };
    SharedWords(Fd fd, std::uint64_t* words) : fd_(std::move(fd)), words_(words) {}
    std::atomic_ref<std::uint64_t> word(Index index) const { return std::atomic_ref<std::uint64_t>(words_[index]); }

    Fd fd_;
    std::uint64_t* words_;
};

}  // namespace stoa::db
