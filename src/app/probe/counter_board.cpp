#include "app/probe/counter_board.hpp"

#include <algorithm>

namespace stoa::app::probe {
namespace {

constexpr std::size_t kOpenAtOnce = 2;  ///< few, so that clients meet
/// Clients that are just adding may go past it. The portal adds them all up for each new one.
constexpr std::size_t kIncrementsMax = 200;

}  // namespace

std::optional<CounterBoard::Turn> CounterBoard::turn() {
    const MutexLock lock(mutex_);
    std::erase_if(
        open_, [&](std::size_t i) STOA_REQUIRES(mutex_) { return counters_[i].increments().size() >= kIncrementsMax; });
    if (open_.size() + static_cast<std::size_t>(opening_) < kOpenAtOnce) {
        ++opening_;
        counters_.emplace_back(run_ + " counter " + std::to_string(counters_.size()));
        return Turn{counters_.size() - 1, 0, counters_.back().title()};
    }
    if (open_.empty()) return std::nullopt;
    const std::size_t counter = open_[turns_++ % open_.size()];
    return Turn{counter, counters_[counter].id(), counters_[counter].title()};
}

void CounterBoard::opened(std::size_t counter, RecordId id) {
    const MutexLock lock(mutex_);
    --opening_;
    counters_[counter].opened(id);
    open_.push_back(counter);
}

void CounterBoard::not_opened() {
    const MutexLock lock(mutex_);
    --opening_;
}

CounterBoard::Ticket CounterBoard::adding(std::size_t counter) {
    constexpr std::int64_t kAmounts = 9;
    const MutexLock lock(mutex_);
    CounterHistory& history = counters_[counter];
    Ticket ticket;
    ticket.counter = counter;
    ticket.amount = 1 + static_cast<std::int64_t>(history.increments().size()) % kAmounts;
    ticket.increment = history.adding(ticket.amount);
    ticket.tag = history.tag_of(ticket.increment);
    return ticket;
}

void CounterBoard::added(const Ticket& ticket) {
    const MutexLock lock(mutex_);
    counters_[ticket.counter].added(ticket.increment);
}

std::int64_t CounterBoard::least(std::size_t counter) const {
    const MutexLock lock(mutex_);
    return counters_[counter].acknowledged_sum();
}

std::string CounterBoard::complaint_about(std::size_t counter, std::int64_t total, std::int64_t least) const {
    const MutexLock lock(mutex_);
    return counters_[counter].complaint_about(total, least);
}

std::vector<CounterHistory> CounterBoard::histories() const {
    const MutexLock lock(mutex_);
    return counters_;
}

}  // namespace stoa::app::probe
