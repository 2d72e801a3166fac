#include "bus/message_queue.hpp"

#include <iterator>
#include <utility>

#include "base/limits.hpp"
#include "bus/subscribers.hpp"

namespace stoa::bus {

bool MessageQueue::push(std::string_view channel, std::string_view payload) {
    if (!is_channel_name(channel) || payload.size() > limits::bus_message_bytes_max) return false;
    const MutexLock lock(mutex_);
    messages_.push_back({std::string(channel), std::string(payload)});
    trim();
    return true;
}

void MessageQueue::push_front(std::deque<Message> messages) {
    const MutexLock lock(mutex_);
    messages_.insert(messages_.begin(), std::make_move_iterator(messages.begin()),
                     std::make_move_iterator(messages.end()));
    trim();
}

void MessageQueue::trim() {
    while (messages_.size() > limits::bus_queue_max) {
        gaps_.insert(std::move(messages_.front().channel));
        messages_.pop_front();
        dropped_.add();
    }
    length_.set(static_cast<std::int64_t>(messages_.size()));
}

bool MessageQueue::empty() const {
    const MutexLock lock(mutex_);
    return messages_.empty();
}

std::deque<Message> MessageQueue::take() {
    const MutexLock lock(mutex_);
    sent_.add(messages_.size());
    length_.set(0);
    return std::exchange(messages_, {});
}

std::set<std::string> MessageQueue::take_gaps() {
    const MutexLock lock(mutex_);
    return std::exchange(gaps_, {});
}

void MessageQueue::add_gaps(const std::set<std::string>& channels) {
    const MutexLock lock(mutex_);
    gaps_.insert(channels.begin(), channels.end());
}

}  // namespace stoa::bus
