#pragma once
// Feed: one stream for each account over all processes, on logs of the bus. Any thread; publish() never blocks.
//
// What is published goes to the log, and comes back from there to every process that has somebody who listens: so all
// see the same numbers. A sender repeats what may have been lost until it is sure; the log's own memory of keys keeps
// it from being told twice. After a gap on the bus a loader reads what was missed; until then the account is not ready.
// Threads: a sender and a loader.

#include <deque>
#include <memory>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/thread_annotations.hpp"
#include "bus/bus.hpp"
#include "push/account.hpp"
#include "push/neighbours.hpp"

namespace stoa::push {

class Feed {
  public:
    explicit Feed(bus::Bus& bus, NeighbourTimes times = {});
    ~Feed();  ///< what waits is still sent, for half a second at most
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    /// Errors: busy (limits::push_queue_max wait: the bus is away).
    Status publish(AccountId account, Publication publication) STOA_EXCLUDES(mutex_);
    /// Waits until the log has them, at most limits::bus_tellings_max, in their order. Not on I/O threads. Errors:
    /// those of Bus::tell(); then it is not known which of them it has.
    Status publish_and_wait(AccountId account, std::span<const KeyedPublication> publications);

    /// The account hears its log from now on, until the subscription ends.
    Result<bus::Subscription> follow(const std::shared_ptr<Account>& account);
    /// The account hears who is connected elsewhere, until the subscription ends.
    Result<bus::Subscription> follow_presence(const std::shared_ptr<Account>& account);
    /// To all processes that have the account.
    void say(AccountId account, const std::string& news);
    Neighbours& neighbours() { return neighbours_; }
    /// What others say arrives at the moment.
    bool hears() const { return bus_.connected(); }

  private:
    void send_loop();
    void load_loop();
    void ask_for_load(AccountId id, const std::weak_ptr<Account>& account, bool after_gap) STOA_EXCLUDES(mutex_);
    Status load(Account& account, bool after_gap);
    Result<Account::Loaded> read(const std::string& log, Position after, Position top);

    bus::Bus& bus_;
    Neighbours neighbours_;
    Mutex mutex_;
    CondVar to_send_, to_load_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    std::deque<bus::Telling> queue_ STOA_GUARDED_BY(mutex_);
    struct Load {
        std::weak_ptr<Account> account;
        bool after_gap = false;
    };
    std::unordered_map<AccountId, Load> loads_ STOA_GUARDED_BY(mutex_);
    std::thread sender_, loader_;
};

}  // namespace stoa::push
