#pragma once
// CounterHistory: what several clients added to one record, to be held against its total and its single entries.
// Pure; one thread at a time (CounterBoard shares it).

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "app/probe/verdict.hpp"
#include "base/ids.hpp"

namespace stoa::app::probe {

class CounterHistory {
  public:
    struct Increment {
        std::int64_t amount = 0;
        bool acknowledged = false;
    };

    explicit CounterHistory(std::string title) : title_(std::move(title)) {}
    void opened(RecordId id) { id_ = id; }

    /// What is about to be sent. The number names the increment, also in the portal: tag_of().
    std::size_t adding(std::int64_t amount);
    void added(std::size_t increment);

    const std::string& title() const { return title_; }  ///< unique
    RecordId id() const { return id_; }                  ///< 0: its creation was never acknowledged
    const std::vector<Increment>& increments() const { return increments_; }
    std::size_t acknowledged() const { return acknowledged_; }
    std::int64_t acknowledged_sum() const { return acknowledged_sum_; }
    std::int64_t tried_sum() const { return tried_sum_; }
    std::string tag_of(std::size_t increment) const { return title_ + "+" + std::to_string(increment); }

    /// A total that was read when `least` was the acknowledged sum before: empty when it may be so, else why not.
    std::string complaint_about(std::int64_t total, std::int64_t least) const;

  private:
    std::string title_;
    RecordId id_ = 0;
    std::vector<Increment> increments_;
    std::size_t acknowledged_ = 0;
    std::int64_t acknowledged_sum_ = 0;
    std::int64_t tried_sum_ = 0;
};

struct StoredCounter {
    struct Increment {
        std::string tag;
        std::int64_t amount = 0;
    };
    RecordId id = 0;
    std::string title;
    std::int64_t total = 0;  ///< as the portal keeps it
    std::vector<Increment> increments;
};

/// Each acknowledged increment must be in there exactly once, any other at most once, and the total must be their sum.
void compare(const std::vector<CounterHistory>& promised, const std::vector<StoredCounter>& stored, Verdict& verdict);

}  // namespace stoa::app::probe
