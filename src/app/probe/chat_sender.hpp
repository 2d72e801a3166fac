#pragma once
// ChatSender: one person who writes to another, message after message, each with an id of its own. A thread of its own;
// the functions from any.

#include <atomic>
#include <thread>
#include <vector>

#include "app/probe/asker.hpp"
#include "app/probe/chat_history.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::app::probe {

class ChatSender {
  public:
    /// Begins after `begin_ms`, so that not all write at once. Target and measures must live longer.
    ChatSender(const Target& target, Asker::Job job, const CallerOptions& options, Measures& measures,
               std::int64_t peer, int begin_ms);
    ~ChatSender();  ///< stop()s
    ChatSender(const ChatSender&) = delete;
    ChatSender& operator=(const ChatSender&) = delete;

    void start();
    /// This one is its last message.
    void end() { stopped_ = true; }
    /// The same, and waits for that.
    void stop();
    /// The newest message that was acknowledged before that moment; 0: there is none.
    RecordId acknowledged_before(std::int64_t at_us) const STOA_EXCLUDES(mutex_);
    std::vector<SentMessage> sent() const STOA_EXCLUDES(mutex_);

  private:
    void run();
    void say() STOA_EXCLUDES(mutex_);

    const Target& target_;
    const std::int64_t peer_;
    const int begin_ms_;
    Asker asker_;
    std::atomic<bool> stopped_{false};
    mutable Mutex mutex_;
    std::vector<SentMessage> sent_ STOA_GUARDED_BY(mutex_);
    std::thread thread_;
};

}  // namespace stoa::app::probe
