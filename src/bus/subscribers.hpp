#pragma once
// Subscribers: who listens to which channel. Private to src/bus. add() and remove() from any thread; the others from
// the bus's thread, on which they run the handlers.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.hpp"
#include "base/thread_annotations.hpp"
#include "bus/bus.hpp"

namespace stoa::bus {

struct SubscriberEntry {
    std::string channel;
    Subscriber subscriber;
    std::recursive_mutex running;  ///< held while a handler runs, so that remove() can wait for its end
    bool removed = false;          ///< under `running`
    bool live = false;             ///< under the mutex of Subscribers
};

class Subscribers {
  public:
    using Entry = std::shared_ptr<SubscriberEntry>;

    /// `changed` runs when a channel has got a subscriber or lost its last one; under a lock, so it may only take note.
    void on_change(std::function<void(const std::string& channel)> changed) STOA_EXCLUDES(mutex_);
    Result<Entry> add(std::string channel, Subscriber subscriber) STOA_EXCLUDES(mutex_);
    void remove(const Entry& entry) STOA_EXCLUDES(mutex_);

    std::vector<std::string> channels() const STOA_EXCLUDES(mutex_);
    bool listens(const std::string& channel) const STOA_EXCLUDES(mutex_);
    void deliver(const std::string& channel, std::string_view payload, bool own) STOA_EXCLUDES(mutex_);
    /// Messages of the channel arrive from now on: on_gap for those to whom that is news.
    void went_live(const std::string& channel) STOA_EXCLUDES(mutex_);
    /// Nothing arrives any more, on no channel.
    void lost() STOA_EXCLUDES(mutex_);
    /// Messages of the channel were dropped: on_gap for all of it.
    void gap(const std::string& channel) STOA_EXCLUDES(mutex_);
    /// No handler runs after this.
    void close() STOA_EXCLUDES(mutex_);

  private:
    std::vector<Entry> of(const std::string& channel) const STOA_EXCLUDES(mutex_);
    void tell_gap(const std::vector<Entry>& entries);

    mutable Mutex mutex_;
    std::multimap<std::string, Entry> entries_ STOA_GUARDED_BY(mutex_);
    std::function<void(const std::string&)> changed_ STOA_GUARDED_BY(mutex_);
    bool closed_ STOA_GUARDED_BY(mutex_) = false;
    Counter& received_ = counter("stoa_bus_messages_total", "Messages of the bus.", {{"way", "received"}});
    Counter& gaps_ =
        counter("stoa_bus_gaps_total", "Times that a subscriber was told that it may have missed messages.");
};

/// Printable, without blanks, within the limit.
bool is_channel_name(std::string_view name);

}  // namespace stoa::bus
