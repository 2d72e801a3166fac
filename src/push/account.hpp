#pragma once
// Account: the stream of one account in this process: its numbers, its history, which I/O threads have somebody who
// listens, and who is there. Any thread.
//
// Where this process is the only one, it gives the numbers itself: publish(). Else they come from the log of all
// processes (feed.hpp): receive(); and while it is not certain that nothing of it was missed the account is not ready:
// nothing is passed on, and who comes waits.
//
// A message gets its number, its place in the history and its way to the threads under one lock, so all see the same
// order; a connection takes its place under the same lock, so nothing falls between what it is given at once and what
// it hears later.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/thread_annotations.hpp"
#include "push/history.hpp"
#include "push/presence.hpp"
#include "push/resume.hpp"

namespace stoa::push {

class Shard;
struct Session;

class Account {
  public:
    /// What an account needs of the other processes. The functions are quick and run under a lock.
    struct Others {
        std::string self;  ///< the name of this process
        /// Takes what the account itself has to tell its clients: who is there.
        std::function<void(AccountId, Publication)> tell;
        /// A text of PresenceNews to all processes that have this account, this one included: hear() gets it.
        std::function<void(AccountId, const std::string&)> say;
        /// Whether what others say arrives at the moment.
        std::function<bool()> hears;
    };
    /// With others, the numbers are theirs to give.
    explicit Account(AccountId id, std::optional<Others> others = {}, PresenceTimes times = {});
    AccountId id() const { return id_; }

    Position publish(Publication publication) STOA_EXCLUDES(mutex_);

    /// From the log. False: something before it is missing, see lost().
    bool receive(Position position, std::optional<Position> previous, Publication publication) STOA_EXCLUDES(mutex_);
    /// Something may have been missed: not ready until loaded().
    void lost() STOA_EXCLUDES(mutex_);
    struct Loading {
        std::optional<Position> top;  ///< nothing: was never loaded
    };
    /// What the loader must read: what is behind the top. Messages that come meanwhile are kept.
    Loading begin_loading() STOA_EXCLUDES(mutex_);
    struct Loaded {
        Position begin;  ///< the entries follow this position
        std::vector<std::pair<Position, Publication>> entries;
        bool continuous = false;  ///< begin is the top that begin_loading() gave
    };
    /// False: messages that came meanwhile do not follow; load again.
    bool loaded(Loaded loaded) STOA_EXCLUDES(mutex_);
    /// Runs it on the shard's thread when the account is ready; false, and it is not kept: it is ready.
    bool when_ready(const std::shared_ptr<Shard>& shard, std::function<void()> then) STOA_EXCLUDES(mutex_);

    struct Joined {
        Position position;  ///< what comes behind it, comes through the shard
        Resumed resumed;    ///< what is lacking between the position that it came with and that
    };
    /// On the shard's thread, before any route of the session is added there. `missed` gets what the client lacks.
    /// Nothing: the account is not ready, see when_ready().
    std::optional<Joined> join(Shard& shard, const Session& session, const std::function<void(const EntryPtr&)>& missed)
        STOA_EXCLUDES(mutex_);
    void leave(Shard& shard, const Session& session) STOA_EXCLUDES(mutex_);

    /// Of this account's channel of news, in their order.
    void hear(const PresenceNews& news) STOA_EXCLUDES(mutex_);
    /// News may have been missed; also when they begin to arrive.
    void news_missed() STOA_EXCLUDES(mutex_);
    /// These processes are dead.
    void bury(const std::vector<std::string>& dead) STOA_EXCLUDES(mutex_);

    /// So many connections more (or fewer) want to know who is there.
    void watch_status(int more) STOA_EXCLUDES(mutex_);

    /// Messages come at once. False: the bus is away, and clients had better ask for news themselves. A second late.
    bool is_live() const { return live_; }

    Position top() const STOA_EXCLUDES(mutex_);
    /// Seconds since the user was last connected, to whichever process; 0: is now. Nothing: was not, as far as this
    /// process knows. While the bus is away only its own connections count.
    std::optional<std::int64_t> last_seen_s(UserId user) const STOA_EXCLUDES(mutex_);
    /// Once a second: lets go what is old. True when nothing is left that anybody may come back for.
    bool age() STOA_EXCLUDES(mutex_);

  private:
    void add(Position position, Publication publication) STOA_REQUIRES(mutex_);
    void begin_anew(Position top) STOA_REQUIRES(mutex_);
    bool take_pending() STOA_REQUIRES(mutex_);
    void become_ready() STOA_REQUIRES(mutex_);
    void tell_status(UserId user, bool online) STOA_REQUIRES(mutex_);
    void say(PresenceNews news) STOA_REQUIRES(mutex_);
    void say_came() STOA_REQUIRES(mutex_);
    void say_here() STOA_REQUIRES(mutex_);
    void age_presence(std::int64_t now_us) STOA_REQUIRES(mutex_);

    const AccountId id_;
    const std::optional<Others> others_;
    mutable Mutex mutex_;
    bool ready_ STOA_GUARDED_BY(mutex_);
    bool was_ready_ STOA_GUARDED_BY(mutex_) = false;
    std::atomic<bool> live_{true};
    struct Pending {
        Position position;
        std::optional<Position> previous;
        Publication publication;
    };
    std::vector<Pending> pending_ STOA_GUARDED_BY(mutex_);  ///< came while it was not ready
    bool pending_overflow_ STOA_GUARDED_BY(mutex_) = false;
    struct Waiting {
        std::shared_ptr<Shard> shard;
        std::function<void()> then;
    };
    std::vector<Waiting> waiting_ STOA_GUARDED_BY(mutex_);
    History history_ STOA_GUARDED_BY(mutex_);
    std::int64_t active_us_ STOA_GUARDED_BY(mutex_);  ///< the last message or departure
    struct Listening {
        std::shared_ptr<Shard> shard;
        std::size_t subscribers = 0;
    };
    std::vector<Listening> listening_ STOA_GUARDED_BY(mutex_);
    Presence presence_ STOA_GUARDED_BY(mutex_);
    int watchers_ STOA_GUARDED_BY(mutex_) = 0;
    // What is to be said to the others: in bursts, and not more often than they can use it.
    std::uint64_t said_ STOA_GUARDED_BY(mutex_) = 0;  ///< the number of the last
    std::vector<UserId> came_ STOA_GUARDED_BY(mutex_);
    std::int64_t said_came_us_ STOA_GUARDED_BY(mutex_) = 0;
    std::int64_t said_here_us_ STOA_GUARDED_BY(mutex_) = 0;
    bool owes_here_ STOA_GUARDED_BY(mutex_) = false;
};

}  // namespace stoa::push
