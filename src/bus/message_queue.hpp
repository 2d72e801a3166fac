#pragma once
// MessageQueue: what publish() took and the bus's thread has not sent yet. Any thread. Full: the oldest message goes,
// and its channel is remembered, so that its subscribers can be told of a gap.

#include <deque>
#include <set>
#include <string>
#include <string_view>

#include "base/metrics.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::bus {

struct Message {
    std::string channel;
    std::string payload;
};

class MessageQueue {
  public:
    /// False when the message is over a limit.
    bool push(std::string_view channel, std::string_view payload) STOA_EXCLUDES(mutex_);
    /// Puts back what was taken and perhaps not sent, in front.
    void push_front(std::deque<Message> messages) STOA_EXCLUDES(mutex_);
    bool empty() const STOA_EXCLUDES(mutex_);
    std::deque<Message> take() STOA_EXCLUDES(mutex_);
    /// The channels of dropped messages, once.
    std::set<std::string> take_gaps() STOA_EXCLUDES(mutex_);
    void add_gaps(const std::set<std::string>& channels) STOA_EXCLUDES(mutex_);

  private:
    void trim() STOA_REQUIRES(mutex_);

    mutable Mutex mutex_;
    std::deque<Message> messages_ STOA_GUARDED_BY(mutex_);
    std::set<std::string> gaps_ STOA_GUARDED_BY(mutex_);
    Counter& sent_ = counter("stoa_bus_messages_total", "Messages of the bus.", {{"way", "sent"}});
    Counter& dropped_ = counter("stoa_bus_messages_total", "Messages of the bus.", {{"way", "dropped"}});
    Gauge& length_ = gauge("stoa_bus_queue_length", "Messages of the bus that are not sent yet.");
};

}  // namespace stoa::bus
