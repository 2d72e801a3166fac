#pragma once
// Outbox: events are rows written in the same transaction as what they tell of (mechanism 5); nothing leaves the
// program before the commit. append() on the write transaction's thread; take() and done() from one dispatcher.

#include <cstdint>
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
    /// Called (after commit, must not block) with the account that has something to take. The outbox must outlive it.
    void set_waker(std::function<void(AccountId)> waker) { waker_ = std::move(waker); }

    /// Events of all accounts, at most `limit`, made before that moment of the wall clock.
    Result<std::vector<Event>> take(std::int64_t limit, std::int64_t created_before_us = INT64_MAX);
    /// The oldest events of one account.
    Result<std::vector<Event>> take_of(AccountId account, std::int64_t limit);
    /// Forgets delivered events; part of the dispatcher's own transaction, so that hand-over is exactly once. Tells how
    /// many were still there: fewer than asked for means that another process has handed over the others.
    Result<std::int64_t> remove(db::WriteTx& tx, const std::vector<std::int64_t>& ids);

  private:
    db::Database& database_;
    std::function<void(AccountId)> waker_;
};

}  // namespace stoa::model
