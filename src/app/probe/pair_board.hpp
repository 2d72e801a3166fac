#pragma once
// PairBoard: the pairs of all clients of a load: each is written by its owner alone and read by everybody. Any thread;
// no call waits for anything but the others.

#include <optional>
#include <string>
#include <vector>

#include "app/probe/transfers.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::app::probe {

class PairBoard {
  public:
    explicit PairBoard(std::string run) : run_(std::move(run)) {}

    struct Ticket {
        std::size_t pair = 0;  ///< names it in the other calls
        PairHistory::Move move;
        RecordId left = 0, right = 0;
        std::string left_title, right_title;
    };
    /// A pair about to be made.
    Ticket opening(int owner);
    void opened(const Ticket& ticket, RecordId left, RecordId right);
    /// The next transfer of one of the owner's pairs, about to be sent. Nothing: it has too few, one is to be opened.
    std::optional<Ticket> moving(int owner);
    void moved(const Ticket& ticket);

    struct Glimpse {
        std::size_t pair = 0;
        RecordId left = 0, right = 0;
        std::int64_t least = 0;  ///< what an answer from now on must have
    };
    /// A pair of somebody else to look at; of one's own when there is no other. Nothing: there is none.
    std::optional<Glimpse> other(int reader) const;
    /// Why an answer cannot be; empty when it can.
    std::string complaint_about(const Glimpse& glimpse, const StoredSide& left, const StoredSide& right) const;
    /// The same for the pair's owner: of both or of one.
    std::string read(std::size_t pair, const StoredSide& left, const StoredSide& right);
    std::string read_one(std::size_t pair, const StoredSide& side);

    std::vector<PairHistory> histories() const;

  private:
    const std::string run_;
    mutable Mutex mutex_;
    std::vector<PairHistory> pairs_ STOA_GUARDED_BY(mutex_);
    std::vector<int> owners_ STOA_GUARDED_BY(mutex_);  ///< of each
    mutable std::size_t turns_ STOA_GUARDED_BY(mutex_) = 0;
};

}  // namespace stoa::app::probe
