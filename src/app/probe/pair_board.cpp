#include "app/probe/pair_board.hpp"

namespace stoa::app::probe {
namespace {

constexpr std::size_t kPairsOfEach = 2;
constexpr std::int64_t kFirstSum = 100'000;  ///< in hundredths; every pair has another

PairBoard::Ticket ticket_of(std::size_t number, PairHistory& pair) {
    return {number, pair.next(), pair.left(), pair.right(), pair.left_title(), pair.right_title()};
}

}  // namespace

PairBoard::Ticket PairBoard::opening(int owner) {
    const MutexLock lock(mutex_);
    const std::size_t number = pairs_.size();
    pairs_.emplace_back(run_ + " pair " + std::to_string(number), kFirstSum + static_cast<std::int64_t>(number));
    owners_.push_back(owner);
    return ticket_of(number, pairs_.back());
}

void PairBoard::opened(const Ticket& ticket, RecordId left, RecordId right) {
    const MutexLock lock(mutex_);
    pairs_[ticket.pair].opened(left, right);
}

std::optional<PairBoard::Ticket> PairBoard::moving(int owner) {
    const MutexLock lock(mutex_);
    std::vector<std::size_t> usable;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        if (owners_[i] == owner && !pairs_[i].versions().in_doubt()) usable.push_back(i);
    }
    if (usable.size() < kPairsOfEach) return std::nullopt;
    const std::size_t number = usable[turns_++ % usable.size()];
    return ticket_of(number, pairs_[number]);
}

void PairBoard::moved(const Ticket& ticket) {
    const MutexLock lock(mutex_);
    pairs_[ticket.pair].moved();
}

std::optional<PairBoard::Glimpse> PairBoard::other(int reader) const {
    const MutexLock lock(mutex_);
    std::optional<Glimpse> found;
    for (std::size_t step = 0; step < pairs_.size(); ++step) {
        const std::size_t i = (turns_ + step) % pairs_.size();
        if (pairs_[i].left() == 0) continue;
        found = Glimpse{i, pairs_[i].left(), pairs_[i].right(), pairs_[i].versions().last_acknowledged()};
        if (owners_[i] != reader) break;
    }
    ++turns_;
    return found;
}

std::string PairBoard::complaint_about(const Glimpse& glimpse, const StoredSide& left, const StoredSide& right) const {
    const MutexLock lock(mutex_);
    return pairs_[glimpse.pair].complaint_about(left, right, glimpse.least);
}

std::string PairBoard::read(std::size_t pair, const StoredSide& left, const StoredSide& right) {
    const MutexLock lock(mutex_);
    return pairs_[pair].read(left, right);
}

std::string PairBoard::read_one(std::size_t pair, const StoredSide& side) {
    const MutexLock lock(mutex_);
    return pairs_[pair].read_one(side);
}

std::vector<PairHistory> PairBoard::histories() const {
    const MutexLock lock(mutex_);
    return pairs_;
}

}  // namespace stoa::app::probe
