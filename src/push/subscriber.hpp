#pragma once
// Subscriber: one client of the push server as its shard sees it, by WebSocket or waiting in a long poll. Its shard's
// thread only.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "push/account.hpp"
#include "push/publication.hpp"
#include "push/shard.hpp"

namespace stoa::push {

/// A tag that a client watches, with the position from which on it does; without one, from that of the session.
struct WatchedTag {
    std::string route;
    std::optional<Position> after;
};

/// What a client showed when it came.
struct Session {
    AccountId account = 0;
    UserId user = 0;  ///< 0: none of its channels is a user's
    std::string app;  ///< of an application's channels
    UnixSeconds expires_at = 0;
    std::vector<std::string> routes;
    std::optional<Position> after;  ///< the last message that it has
    std::vector<WatchedTag> tags;   ///< that it named when it came
};

class Subscriber {
  public:
    Subscriber(std::shared_ptr<Account> account, std::shared_ptr<Shard> shard, Session session);
    virtual ~Subscriber() = default;
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;

    /// A message for it; one that it has already is skipped. `alone`: no other one waits to be sent.
    void take(const EntryPtr& entry, bool alone) {
        if (entry->position <= position_) return;
        position_ = entry->position;
        deliver(entry, alone);
    }
    /// Something is missing that will not come any more.
    void lack(Position top) {
        position_ = top;
        tell_lacking();
    }
    /// Watches that route, too; of too many the oldest is let go.
    void watch(const std::string& route);
    /// Watches these and no others.
    void watch_only(const std::vector<std::string>& routes);

    virtual void flush() = 0;
    /// Once a second.
    virtual void tick(std::int64_t now_us) = 0;
    /// The server stops: comes back elsewhere.
    virtual void restart() = 0;

    Account& account() { return *account_; }
    Shard& shard() { return *shard_; }
    Session& session() { return session_; }
    const Session& session() const { return session_; }
    Position position() const { return position_; }

    // Of the shard.
    std::size_t slot = 0;
    bool to_be_flushed = false;

  protected:
    /// Takes its place: what it missed is delivered at once, the rest as it comes. Gives what is lacking. Nothing: the
    /// account is not ready.
    std::optional<Resumed> join();
    /// Hears nothing any more. Repeats are fine.
    void leave();
    bool joined() const { return joined_; }
    /// One route more, from now on.
    void listen(const std::string& route);
    void stop_listening(const std::string& route);
    virtual void deliver(const EntryPtr& entry, bool alone) = 0;
    virtual void tell_lacking() = 0;

  private:
    const std::shared_ptr<Account> account_;
    const std::shared_ptr<Shard> shard_;
    Session session_;
    Position position_;
    std::vector<std::string> watched_;  ///< routes of tags, oldest first
    bool joined_ = false;
};

}  // namespace stoa::push
