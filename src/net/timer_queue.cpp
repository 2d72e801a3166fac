#include "net/timer_queue.hpp"

#include <algorithm>

namespace stoa::net {

bool TimerQueue::later(const Timer& a, const Timer& b) {
    return a.due_us != b.due_us ? a.due_us > b.due_us : a.number > b.number;
}

void TimerQueue::add(std::int64_t due_us, Task task, std::int64_t interval_us) {
    heap_.push_back({due_us, count_++, interval_us, std::move(task)});
    std::push_heap(heap_.begin(), heap_.end(), later);
}

std::optional<std::int64_t> TimerQueue::wait_ms(std::int64_t now_us) const {
    if (heap_.empty()) return std::nullopt;
    return std::max<std::int64_t>(0, (heap_.front().due_us - now_us + 999) / 1'000);
}

std::optional<TimerQueue::Task> TimerQueue::take_due(std::int64_t now_us) {
    if (heap_.empty() || heap_.front().due_us > now_us) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Timer timer = std::move(heap_.back());
    heap_.pop_back();
    if (timer.interval_us > 0) add(now_us + timer.interval_us, timer.task, timer.interval_us);
    return std::move(timer.task);
}

}  // namespace stoa::net
