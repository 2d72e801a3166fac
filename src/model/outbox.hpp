#pragma once
// Outbox: events are rows written in the same transaction as what they tell of (mechanism 5); nothing leaves the
// program before the commit. append() on the write transaction's thread; take() and done() from one dispatcher.

#include <functional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/database.hpp"

namespace stoa::model {

struct Event {
    AccountId account = 0;
    std::int64_t id = 0;    ///< position in the account's outbox, from append()
    std::string name;       ///< "ONCRMDEALADD", upper case
    std::string data_json;  ///< the `data` object of the REST event
    UserId user = 0;        ///< who caused it; 0 = nobody
    std::int64_t created_us = 0;
};

class Outbox {
  public:
    explicit Outbox(db::Database& database) : database_(database) {}

    Status append(db::WriteTx& tx, std::string_view name, std::string_view data_json, UserId user);
    /// Called (after commit, must not block) when there is something to take.
    void set_waker(std::function<void()> waker) { waker_ = std::move(waker); }

    /// The oldest events of all accounts, at most `limit`.
    Result<std::vector<Event>> take(std::int64_t limit);
    /// Forgets delivered events; part of the dispatcher's own transaction, so that hand-over is exactly once.
    Status remove(db::WriteTx& tx, const std::vector<std::int64_t>& ids);

  private:
    db::Database& database_;
    std::function<void()> waker_;
};

}  // namespace stoa::model
