#pragma once
// CounterBoard: the counters that all clients of a load add to, and what they were promised. Any thread; no call waits
// for anything but the others.

#include <optional>
#include <string>
#include <vector>

#include "app/probe/counters.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::app::probe {

class CounterBoard {
  public:
    explicit CounterBoard(std::string run) : run_(std::move(run)) {}

    struct Turn {
        std::size_t counter = 0;  ///< names it in the other calls
        RecordId id = 0;          ///< 0: make it first, and say opened() or not_opened()
        std::string title;
    };
    /// What to add to. Nothing: the others are just making it.
    std::optional<Turn> turn();
    void opened(std::size_t counter, RecordId id);
    void not_opened();

    struct Ticket {
        std::size_t counter = 0, increment = 0;
        std::int64_t amount = 0;
        std::string tag;  ///< unique; to be stored with the increment
    };
    /// What is about to be sent.
    Ticket adding(std::size_t counter);
    void added(const Ticket& ticket);

    /// What a total that is asked for from now on must reach.
    std::int64_t least(std::size_t counter) const;
    /// Why an answer cannot be, when `least` was so before the question; empty when it can.
    std::string complaint_about(std::size_t counter, std::int64_t total, std::int64_t least) const;

    std::vector<CounterHistory> histories() const;

  private:
    const std::string run_;
    mutable Mutex mutex_;
    std::vector<CounterHistory> counters_ STOA_GUARDED_BY(mutex_);
    std::vector<std::size_t> open_ STOA_GUARDED_BY(mutex_);  ///< that take increments
    int opening_ STOA_GUARDED_BY(mutex_) = 0;
    std::size_t turns_ STOA_GUARDED_BY(mutex_) = 0;
};

}  // namespace stoa::app::probe
