#include "app/probe/counters.hpp"

#include <algorithm>
#include <unordered_map>

namespace stoa::app::probe {
namespace {

void compare_increments(const CounterHistory& promised, const StoredCounter& stored, Verdict& verdict) {
    const std::string which = promised.title() + " (id " + std::to_string(stored.id) + ")";
    std::unordered_map<std::string, std::vector<std::int64_t>> by_tag;
    std::int64_t sum = 0;
    for (const StoredCounter::Increment& increment : stored.increments) {
        by_tag[increment.tag].push_back(increment.amount);
        sum += increment.amount;
    }
    for (std::size_t i = 0; i < promised.increments().size(); ++i) {
        const CounterHistory::Increment& increment = promised.increments()[i];
        const auto found = by_tag.find(promised.tag_of(i));
        if (found == by_tag.end()) {
            if (increment.acknowledged) verdict.lose(which + ": increment " + std::to_string(i) + " is not there");
            continue;
        }
        const std::vector<std::int64_t> amounts = std::move(found->second);
        by_tag.erase(found);
        if (amounts.size() > 1) {
            verdict.repeat(which + ": increment " + std::to_string(i) + " is there " + std::to_string(amounts.size()) +
                           " times");
        }
        if (amounts.front() != increment.amount) {
            ++verdict.never_written;
            verdict.lose(which + ": increment " + std::to_string(i) + " is " + std::to_string(amounts.front()) +
                         ", sent was " + std::to_string(increment.amount));
        }
    }
    for (const auto& [tag, amounts] : by_tag) {
        ++verdict.never_written;
        verdict.repeat(which + ": there is an increment '" + tag + "' that nobody sent");
    }
    if (stored.total == sum) return;
    ++verdict.broken_sums;
    verdict.lose(which + ": the total is " + std::to_string(stored.total) + ", its increments add up to " +
                 std::to_string(sum));
}

}  // namespace

std::size_t CounterHistory::adding(std::int64_t amount) {
    increments_.push_back({amount, false});
    tried_sum_ += amount;
    return increments_.size() - 1;
}

void CounterHistory::added(std::size_t increment) {
    increments_[increment].acknowledged = true;
    acknowledged_sum_ += increments_[increment].amount;
    ++acknowledged_;
}

std::string CounterHistory::complaint_about(std::int64_t total, std::int64_t least) const {
    if (total < least) {
        return "the total is " + std::to_string(total) + ", acknowledged before were " + std::to_string(least);
    }
    if (total > tried_sum_) {
        return "the total is " + std::to_string(total) + ", sent were only " + std::to_string(tried_sum_);
    }
    return {};
}

void compare(const std::vector<CounterHistory>& promised, const std::vector<StoredCounter>& stored, Verdict& verdict) {
    for (const CounterHistory& counter : promised) {
        const auto named = [&](const StoredCounter& found) { return found.title == counter.title(); };
        const auto copies = std::count_if(stored.begin(), stored.end(), named);
        if (copies > 1) verdict.repeat(counter.title() + " is there " + std::to_string(copies) + " times");
        if (counter.id() == 0) continue;
        const auto same =
            std::find_if(stored.begin(), stored.end(), [&](const auto& found) { return found.id == counter.id(); });
        if (same != stored.end()) {
            compare_increments(counter, *same, verdict);
        } else {
            verdict.lose(counter.title() + " (id " + std::to_string(counter.id()) + ") is not there");
        }
    }
}

}  // namespace stoa::app::probe
