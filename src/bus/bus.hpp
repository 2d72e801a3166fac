#pragma once
// Bus: messages from each process to all, and streams that can be read again. In process or Redis.
//
// Channels carry what is only of interest now ("forget what you know of account 12"): a message reaches those that are
// subscribed and connected at that moment, usually within a millisecond, perhaps twice, and not at all when a
// connection was down. Then on_gap says so: whoever keeps something that messages keep fresh must drop it. on_gap runs
// once for each subscription when it has become live, and after each interruption. While connected() is false nothing
// arrives: trust what is cached for a shorter time.
//
// Streams keep their last entries, so that a reader who knows where he stopped can go on (append(), read_after()).
//
// A log is both: tell() appends to a stream and publishes the entry on log_channel() in one step, so everybody hears
// the entries in the order of their ids, each with the id before it. Ids of a log are numbered without gaps within an
// epoch (StreamId: ms is the epoch); a new epoch begins when the log is new, and when another server has taken over,
// because that may lack entries which somebody has heard.
//
// Any thread. publish() never blocks; handlers run one after the other on the bus's thread and must not block either.
// append(), read_after(), tell() and last_id() wait for the engine, at most for its command timeout: not on I/O
// threads. A connection is proven both ways twice a second: a message to oneself must come back within 3 s.
//
// Metrics: stoa_bus_messages_total{way=sent|received|dropped}, stoa_bus_gaps_total, stoa_bus_queue_length,
// stoa_engine_reachable{engine="bus"}.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/engine_url.hpp"
#include "base/result.hpp"

namespace stoa::bus {

class Subscribers;
struct SubscriberEntry;

/// Ends when it is destroyed; after that no handler runs, and none is running (unless it is destroyed by the handler
/// itself). May outlive the bus. Empty when default-made.
class Subscription {
  public:
    Subscription() = default;
    Subscription(std::shared_ptr<Subscribers> subscribers, std::shared_ptr<SubscriberEntry> entry)
        : subscribers_(std::move(subscribers)), entry_(std::move(entry)) {}
    Subscription(Subscription&&) noexcept = default;
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription();

  private:
    void end();
    std::shared_ptr<Subscribers> subscribers_;
    std::shared_ptr<SubscriberEntry> entry_;
};

enum class Hear : std::uint8_t {
    all,
    others,  ///< not what this process publishes
};

struct Subscriber {
    std::function<void(std::string_view payload)> on_message;
    std::function<void()> on_gap = {};
    Hear hear = Hear::all;
};

struct StreamEntry {
    std::string id;  ///< opaque, ascending
    std::string payload;
};

struct StreamRead {
    std::vector<StreamEntry> entries;
    /// False: between the position asked for and the first entry something may be missing (thrown out, or the engine
    /// lost it). The reader must load everything anew.
    bool complete = true;
};

/// What tell() says.
struct Telling {
    std::string log;
    std::string payload;
    /// If not empty: what was told under the same key within the last ten minutes is not told again.
    std::string once{};
};

/// What is heard on log_channel().
struct LogMessage {
    std::string_view id, previous;  ///< previous is empty for the log's very first entry
    std::string_view payload;
};
std::string log_channel(std::string_view log);
std::optional<LogMessage> read_log_message(std::string_view heard);

struct StreamLimits {
    std::size_t length = 1'000;  ///< entries kept, about; 1 … limits::bus_stream_length_max
    int lifetime_s = 24 * 3600;  ///< after the last append
};

class Bus {
  public:
    virtual ~Bus() = default;

    /// Errors: invalid_argument (limits::bus_channel_bytes_max printable characters without blanks), busy (too many).
    virtual Result<Subscription> subscribe(std::string channel, Subscriber subscriber) = 0;
    /// False when it is over a limit. While the engine is away, limits::bus_queue_max messages wait; then the oldest
    /// are dropped and the subscribers of their channels are told of a gap later.
    virtual bool publish(std::string_view channel, std::string_view payload) = 0;
    /// False: what others publish does not arrive at the moment.
    virtual bool connected() const = 0;

    /// Gives the id. Errors: invalid_argument, unavailable, timeout.
    virtual Result<std::string> append(std::string_view stream, std::string_view payload,
                                       const StreamLimits& limits) = 0;
    /// At most `count` (limits::bus_stream_read_max) entries after that id; from the oldest on when it is empty.
    virtual Result<StreamRead> read_after(std::string_view stream, std::string_view after_id, std::size_t count) = 0;

    /// Gives the ids, in order; empty for what had been told already. Errors: invalid_argument, unavailable, timeout:
    /// then some or all of it may have been told.
    virtual Result<std::vector<std::string>> tell(std::span<const Telling> what, const StreamLimits& limits) = 0;
    /// Of a log or stream; empty when it has no entry.
    virtual Result<std::string> last_id(std::string_view stream) = 0;

    /// No handler runs any more. What waits is still sent, if that takes no longer than 0.3 s. Idempotent.
    virtual void close() = 0;
};

/// redis: and redis+sentinel: (cache/redis/master_finder.hpp), memory: or no scheme: in this process only. Waits half a
/// second at most for the engine; one that is down is no error. Errors: invalid_argument naming the part of the
/// address.
Result<std::unique_ptr<Bus>> open(const EngineUrl& url);
std::unique_ptr<Bus> make_memory_bus();

}  // namespace stoa::bus
