#pragma once
// BusSession: the two connections of a bus to one Redis server, one that listens and one that publishes, as long as
// both work. Used on the bus's thread. Errors end it.
//
// Every half second a message to oneself goes out; when none has come back for 3 s, the session is dead, whatever the
// sockets say. So a frozen server, a half-open connection, a server that only takes or only gives, and a listener and a
// publisher on different servers are all found.

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.hpp"
#include "bus/message_queue.hpp"
#include "cache/redis/connection.hpp"
#include "cache/redis/master_finder.hpp"

namespace stoa::bus::redis {

class BusSession {
  public:
    /// `node` names this process among those on the bus.
    static Result<std::unique_ptr<BusSession>> open(const cache::redis::Settings& settings,
                                                    const cache::Address& address, const std::string& node);

    /// Asked for; heard() tells when it is so.
    Status listen(const std::vector<std::string>& channels);
    Status stop_listening(const std::string& channel);
    Status send(std::deque<Message> messages);
    /// Tells all subscribers of the channels, in every process, that messages were dropped.
    Status send_gaps(const std::set<std::string>& channels);
    /// What the others may not have heard: not confirmed, or sent in the last seconds, in which they may have moved to
    /// another server already (a failover).
    std::deque<Message> take_doubtful();

    bool all_confirmed() const { return unconfirmed_.empty(); }

    struct Heard {
        enum class Kind : std::uint8_t { message, gap, live } kind;
        std::string channel;
        std::string_view payload;
        bool own = false;
    };
    /// Waits until something arrives, `wake_fd` is readable or a heartbeat is due; handles all that is there.
    Status wait_and_receive(int wake_fd, FunctionRef<void(const Heard&)> heard);

  private:
    BusSession(const cache::redis::Settings& settings, const std::string& node);
    Status publish(const std::string& channel, char kind, std::string_view payload);
    Status beat();
    Status receive_published();
    void remember(Message message);
    Status receive_heard(FunctionRef<void(const Heard&)> heard);
    std::string name_of(std::string_view channel) const { return head_ + std::string(channel); }
    cache::Deadline soon() const { return cache::Deadline::in_ms(command_ms_); }

    const std::string node_;
    const std::string head_;  ///< before each channel's name
    const std::string echo_;
    const int command_ms_;
    std::unique_ptr<cache::redis::Connection> listener_;
    std::unique_ptr<cache::redis::Connection> publisher_;
    struct Sent {
        std::int64_t at_us;
        Message message;
    };
    std::deque<Message> unconfirmed_;  ///< with an empty channel: a heartbeat or a gap
    std::deque<Sent> confirmed_;       ///< of the last seconds
    std::int64_t next_beat_us_ = 0;
    std::int64_t unanswered_since_us_ = 0;  ///< the first message to oneself that has not come back; 0 = none
};

}  // namespace stoa::bus::redis
