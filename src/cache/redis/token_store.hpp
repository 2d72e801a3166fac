#pragma once
// TokenStore: the commands behind redis_tokens on one connection. One thread at a time.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "cache/redis/connection.hpp"

namespace stoa::cache::redis {

class TokenStore {
  public:
    /// Errors: those of the connection and error_of().
    static Result<std::unique_ptr<TokenStore>> open(const Address& address, const Login& login, std::string prefix,
                                                    int connect_ms, int command_ms);

    /// One round trip: stores `publish`, then reads `accounts`. Sent here, answered by receive().
    Status send(const std::unordered_map<AccountId, std::string>& publish, const std::vector<AccountId>& accounts,
                Deadline deadline);
    struct Answer {
        Status stored;                    ///< of all that was to be published
        bool same_epoch = true;           ///< false: the store has forgotten; `tokens` say nothing
        std::vector<std::string> tokens;  ///< one for each account asked for; empty = none
    };
    Result<Answer> receive(Deadline deadline);

    int fd() const { return connection_->fd(); }
    /// Agrees with the others on the epoch of what the store holds now.
    Status join_epoch(Deadline deadline);

  private:
    TokenStore(std::unique_ptr<Connection> connection, std::string prefix)
        : connection_(std::move(connection)), prefix_(std::move(prefix)) {}
    void warn_of_eviction(Deadline deadline);
    std::string key(AccountId account) const { return prefix_ + "ct1:" + std::to_string(account); }
    std::string epoch_key() const { return prefix_ + "ct1:epoch"; }

    std::unique_ptr<Connection> connection_;
    const std::string prefix_;
    std::string epoch_;
    std::string script_sha_;
    bool published_ = false;  ///< what the answer to come consists of
    std::size_t asked_ = 0;
};

}  // namespace stoa::cache::redis
