#pragma once
// Relay: publishes what committed transactions left in the outbox for clients (model/push_outbox.hpp), in the order in
// which it was written, also when several processes write to an account: each publishes all that it finds, and the log
// of the account takes a message once (its id is its key). What a process that died left is found within a few seconds.
//
// Rows are removed a moment after they were published, many at once. While the bus is away they wait; what has waited
// for longer than clients keep a position is not worth telling: they are told to load everything anew.
// One thread of its own.

#include <cstdint>
#include <memory>
#include <thread>
#include <unordered_map>

#include "db/database.hpp"
#include "model/account_queue.hpp"
#include "model/push_outbox.hpp"
#include "push/hub.hpp"

namespace stoa::push {

struct RelayOptions {
    int sweep_ms = 3'000;   ///< between looks for what other processes left
    int remove_ms = 1'000;  ///< between removals of what was published
};

class Relay {
  public:
    /// All must live longer.
    Relay(Hub& hub, db::Database& database, model::PushOutbox& outbox, RelayOptions options = {});
    ~Relay();  ///< stop()s
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    void start();
    /// What is not published yet stays in the store.
    void stop();

  private:
    /// What this process knows of an account's outbox.
    struct Progress {
        std::int64_t published = 0;  ///< everything up to that id
        std::int64_t removed = 0;
        std::int64_t idle_since_us = 0;
    };
    void loop();
    Status relay(AccountId account);
    Status publish(AccountId account, const std::vector<model::StoredPush>& pushes);
    void sweep();
    void remove_published();
    /// A process that is alone has no clients yet that could have missed what an earlier run left.
    void forget_left_behind();

    Hub& hub_;
    db::Database& database_;
    model::PushOutbox& outbox_;
    const RelayOptions options_;
    const std::int64_t begun_us_;                    ///< wall clock: what is older, an earlier run has left
    std::shared_ptr<model::AccountQueue> accounts_;  ///< shared with the outbox's waker, which may outlive the relay
    std::unordered_map<AccountId, Progress> progress_;
    std::thread thread_;
};

}  // namespace stoa::push
