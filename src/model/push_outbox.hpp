#pragma once
// PushOutbox: what connected clients are to be told, as rows written in the same transaction as what it tells of
// (mechanism 5); a relay publishes them after the commit (push/relay.hpp), in their order. append() on the write
// transaction's thread; take() and remove() from the relay.
//
// A message to a client is a hint, not the truth: who misses it reads the records. So it is small, and names what
// changed; limits in limits.hpp here.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/database.hpp"
#include "model/limits.hpp"

namespace stoa::model {

struct Push {
    std::vector<UserId> users;  ///< whom it is for; nobody and no tag: the whole account
    std::string module_id;      ///< "im"; clients listen by it and the command
    std::string command;        ///< "messageChat"
    std::string params_json;    ///< an object
    /// For whoever watches that, and for no `users`. Anybody of the account may watch anything: it says that something
    /// changed, and not what it is now.
    std::string tag{};
    /// api::PushChannel::app_of() an application: for its connections alone, of all `users` that it is used by or of
    /// those named. Empty: for the portal's own pages.
    std::string app{};
};

/// A tag has letters, digits and ".:_-", at most limits::push_tag_bytes_max of them.
Status check_push_tag(std::string_view tag);

struct StoredPush {
    AccountId account = 0;
    std::int64_t id = 0;
    std::int64_t created_us = 0;
    Push push;
};

class PushOutbox {
  public:
    explicit PushOutbox(db::Database& database) : database_(database) {}

    /// Errors: too_large, invalid_argument (no module or command, params that are no object).
    Status append(db::WriteTx& tx, const Push& push);
    /// Called (after commit, must not block) with the account that has something to take.
    void set_waker(std::function<void(AccountId)> waker) { waker_ = std::move(waker); }

    /// The account's oldest, behind the id `after`.
    Result<std::vector<StoredPush>> take_of(AccountId account, std::int64_t after, std::int64_t limit);
    /// Accounts that have any made before that moment of the wall clock.
    Result<std::vector<AccountId>> accounts_with_older(std::int64_t created_before_us, std::int64_t limit);
    /// Those up to that id have been published.
    Status remove(db::WriteTx& tx, std::int64_t up_to_id);
    Status remove_older(db::WriteTx& tx, std::int64_t created_before_us);

  private:
    db::Database& database_;
    std::function<void(AccountId)> waker_;
};

}  // namespace stoa::model
