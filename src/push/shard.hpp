#pragma once
// Shard: the connections of one I/O thread, and who of them listens to which route. That thread only, but for
// deliver().

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/io_loop.hpp"
#include "push/history.hpp"

namespace stoa::push {

class Subscriber;

class Shard : public std::enable_shared_from_this<Shard> {
  public:
    explicit Shard(std::shared_ptr<net::IoLoop> loop) : loop_(std::move(loop)) {}

    /// Any thread; keeps the order of its calls. Clients are written to when the loop's turn ends, so that what comes
    /// together goes together, and whoever asked for it has the answer by then.
    void deliver(AccountId account, const EntryPtr& entry);

    /// Any thread, in order with deliver(): whoever listens to the account lacks something, and stands here from now
    /// on.
    void tell_lacking(AccountId account, Position top);

    void add(AccountId account, const std::string& route, Subscriber& subscriber);
    void remove(AccountId account, const std::string& route, Subscriber& subscriber);
    void add(Subscriber& subscriber);
    void remove(Subscriber& subscriber);
    std::size_t size() const { return subscribers_.size(); }

    /// What was queued for it is sent when the messages that are here by now have been queued, too.
    void flush_later(Subscriber& subscriber);
    /// Once a second.
    void tick();
    /// Ends all connections within five seconds, a part at a time, so that they do not all come back elsewhere at once.
    void drain();

    const std::shared_ptr<net::IoLoop>& loop() const { return loop_; }

  private:
    struct Arrived {
        AccountId account;
        EntryPtr entry;
    };
    void arrive(AccountId account, const EntryPtr& entry);
    /// `alone`: nothing else waits to be sent.
    void deliver_now(const Arrived& arrived, bool alone);
    /// Whoever has just heard the message of that route watches more from now on.
    void extend_watch(AccountId account, const Entry& entry);
    void ask_for_flush();
    void deliver_arrived();
    void flush_all();
    void close_some(std::size_t count);

    using Routes = std::unordered_map<std::string, std::vector<Subscriber*>>;
    const std::shared_ptr<net::IoLoop> loop_;
    std::unordered_map<AccountId, Routes> accounts_;
    std::vector<Subscriber*> subscribers_;
    std::vector<Arrived> arrived_, arriving_;
    std::vector<Subscriber*> to_flush_, flushing_;
    bool flush_asked_ = false;
    const std::vector<Subscriber*>* delivering_ = nullptr;  ///< whom deliver_now() goes through
    std::atomic<int> on_the_way_{0};                        ///< posted and not done
    bool draining_ = false;
};

}  // namespace stoa::push
