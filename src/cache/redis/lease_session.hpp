#pragma once
// LeaseSession: the two connections behind redis_tokens, one for commands and one that listens, and the words spoken on
// them. One thread at a time; after an error it is of no more use. Keys and channels, after the prefix of the address:
//
//   ct2             hash: "run" (the server's run id) and "born" (when the list began), "sent", "m:<member>" → renewals
//   ct2@0:all       channel (0: the database): "r <member> <renewal>" | "t <sender> <number> <account> <token>
//   <account> <token>…" ct2@0:<member>  channel: "a <member> <number>" (has heard of the sender's flights up to it) |
//   "e - <number>" (echo)

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.hpp"
#include "base/ids.hpp"
#include "cache/redis/connection.hpp"
#include "cache/redis/flights.hpp"
#include "cache/redis/master_finder.hpp"
#include "cache/redis/roster.hpp"

namespace stoa::cache::redis {

class LeaseSession {
  public:
    /// Connects and listens. Errors: those of the connection and error_of().
    static Result<std::unique_ptr<LeaseSession>> open(const Settings& settings, const Address& address,
                                                      const std::string& member);

    // Written to a buffer, sent by flush(). `struck_off` are removed from the list unless they have renewed.
    void renew(std::uint64_t renewal, const std::vector<Member>& struck_off);
    void publish(std::uint64_t number, const TokensOfAccounts& tokens, const std::vector<Member>& struck_off);
    void acknowledge(const std::string& sender, std::uint64_t number);
    void echo(std::uint64_t number);
    void leave();
    Status flush();

    enum class Kind : std::uint8_t { renewal, tokens, other };
    struct Answer {
        Kind kind = Kind::other;
        Status taken;                  ///< what the server had against it
        std::int64_t list_age_us = 0;  ///< of the epoch
        std::vector<Member> members;
    };
    /// What has been answered; nothing = not yet.
    Result<std::optional<Answer>> next_answer();
    bool waits_for(Kind kind) const;
    /// When the oldest command that has no answer was written; 0 = none.
    std::int64_t unanswered_since_us() const { return asked_.empty() ? 0 : asked_.front().at_us; }

    struct Heard {
        enum class Kind : std::uint8_t { renewal, tokens, acknowledgement, echo };
        Kind kind = Kind::echo;
        std::string member;
        std::uint64_t number = 0;
        std::string tokens;  ///< for for_each_token()
    };
    Result<std::optional<Heard>> next_heard();
    /// Only what is a token.
    static void for_each_token(std::string_view tokens, FunctionRef<void(AccountId, std::string_view)> found);

    /// Until an answer, a message, something on that descriptor, or the time is over.
    void wait(int wake_fd, int ms) const;

  private:
    LeaseSession(const Settings& settings, const std::string& member);
    Status listen();
    void run_script(Kind kind, std::string_view script, std::vector<std::string> arguments);
    void tell(const std::string& channel, const std::string& message);
    Deadline soon() const { return Deadline::in_ms(command_ms_); }

    const std::string member_;
    const std::string list_;
    const std::string channels_;  ///< how their names begin: they are common to all databases of a server
    const std::string all_;
    const std::string own_;
    const int command_ms_;
    std::unique_ptr<Connection> commands_;
    std::unique_ptr<Connection> listener_;
    struct Asked {
        Kind kind;
        std::int64_t at_us;
    };
    std::deque<Asked> asked_;
};

}  // namespace stoa::cache::redis
