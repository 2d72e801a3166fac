#pragma once
// PollClient: a client that waits in a long poll. Its I/O thread only. Keeps itself until it is answered.

#include <memory>
#include <string>

#include "net/server.hpp"
#include "push/subscriber.hpp"

namespace stoa::push {

class PollClient final : public Subscriber, public std::enable_shared_from_this<PollClient> {
  public:
    /// Answers at once when the client lacks something or does not know where it stands, else when something comes, and
    /// with 304 after 40 s.
    static void begin(std::shared_ptr<Account> account, std::shared_ptr<Shard> shard, Session session,
                      const net::Responder& responder);

    PollClient(std::shared_ptr<Account> account, std::shared_ptr<Shard> shard, Session session,
               net::Responder responder);

    void flush() override;
    void tick(std::int64_t now_us) override;
    void restart() override;

  private:
    void come_in();
    void deliver(const EntryPtr& entry, bool alone) override;
    void tell_lacking() override;
    void append(std::string_view message);
    void answer();

    const net::Responder responder_;
    std::string messages_;  ///< a JSON array without its end
    std::int64_t until_us_;
    std::shared_ptr<PollClient> self_;
};

}  // namespace stoa::push
