#pragma once
// The streams of one process. Any thread. At most kStreamsMax; the one appended to longest ago goes first.

#include <deque>
#include <map>
#include <span>
#include <string>

#include "base/thread_annotations.hpp"
#include "bus/bus.hpp"
#include "bus/stream_id.hpp"

namespace stoa::bus {

class MemoryStreams {
  public:
    static constexpr std::size_t kStreamsMax = 10'000;
    static constexpr std::size_t kKeysMax = 100'000;
    struct LogEntry {
        std::string id, previous;
    };

    Result<std::string> append(std::string_view stream, std::string_view payload, const StreamLimits& limits)
        STOA_EXCLUDES(mutex_);
    /// Empty when that key was used before.
    Result<LogEntry> tell(const Telling& what, const StreamLimits& limits) STOA_EXCLUDES(mutex_);
    Result<std::string> last_id(std::string_view stream) STOA_EXCLUDES(mutex_);
    Result<StreamRead> read_after(std::string_view stream, std::string_view after_id, std::size_t count)
        STOA_EXCLUDES(mutex_);

  private:
    struct Stream {
        std::deque<std::pair<StreamId, std::string>> entries;
        std::int64_t ends_us = 0;  ///< monotonic clock
    };
    void make_room(std::int64_t now_us) STOA_REQUIRES(mutex_);
    Stream& stream_at(std::string_view name, std::int64_t now_us) STOA_REQUIRES(mutex_);
    static void put(Stream& stream, StreamId id, std::string_view payload, const StreamLimits& limits,
                    std::int64_t now_us);
    bool is_new_key(const std::string& key, std::int64_t now_us) STOA_REQUIRES(mutex_);

    Mutex mutex_;
    std::map<std::string, Stream, std::less<>> streams_ STOA_GUARDED_BY(mutex_);
    StreamId last_ STOA_GUARDED_BY(mutex_);
    std::map<std::string, std::int64_t, std::less<>> keys_ STOA_GUARDED_BY(mutex_);  ///< until when, monotonic
    std::deque<std::string> key_order_ STOA_GUARDED_BY(mutex_);
};

/// What append() and read_after() refuse in every driver.
Status check_append(std::string_view stream, std::string_view payload, const StreamLimits& limits);
Status check_telling(std::span<const Telling> what, const StreamLimits& limits);
Status check_read(std::string_view stream, std::string_view after_id, std::size_t count);

}  // namespace stoa::bus
