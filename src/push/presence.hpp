#pragma once
// Presence: who of an account's users is connected, to this process and to the others that share the bus. Not
// synchronised: its Account holds a lock.
//
// Of its own connections the process knows at once. What all processes know of each other changes only when the news of
// it comes back from the bus (hear()), which brings it to all in the same order: so all agree on the moment at which
// somebody came or went, and the process whose news made that moment is the one that tells clients.
//
// Whoever goes is shown for a while longer, so that a page that is loaded anew is not seen to go.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "push/presence_news.hpp"

namespace stoa::push {

struct PresenceTimes {
    std::int64_t grace_us = 10'000'000;                 ///< how long somebody who went is shown
    std::int64_t remembered_us = 24 * 3'600'000'000LL;  ///< how long it is known when he went
    std::int64_t confirm_us = 5'000'000;  ///< in which others must say whom they have, after a gap on the bus
};

struct StatusChange {
    UserId user;
    bool online;
    bool operator==(const StatusChange&) const = default;
};

class Presence {
  public:
    explicit Presence(PresenceTimes times = {}) : times_(times) {}

    // Own connections.

    /// A connection more. True: nobody was shown before.
    bool came(UserId user);
    void left(UserId user, std::int64_t now_us);
    /// Whose time of grace is over: not shown any more. Forgets who went long ago.
    std::vector<UserId> take_gone(std::int64_t now_us);
    /// Who is shown.
    std::vector<UserId> here() const;

    // The others.

    /// False: it was heard before, and is to be left alone.
    bool is_new(const PresenceNews& news);
    /// What the news changes for clients to know; only of news that `self` has said: of others', those tell.
    std::vector<StatusChange> hear(const PresenceNews& news, const std::string& self, std::int64_t now_us);
    /// News may have been missed: each other process must say anew whom it has.
    void doubt(const std::string& self, std::int64_t now_us);
    /// Those that have not said so in time.
    std::vector<std::string> take_unconfirmed(std::int64_t now_us);
    bool knows(const std::string& node) const { return known_.contains(node); }

    /// Seconds since the user was last connected; 0: is now. Nothing: never, as far as is known. Without `with_others`
    /// only own connections count: the bus is away.
    std::optional<std::int64_t> last_seen_s(UserId user, const std::string& self, bool with_others,
                                            std::int64_t now_us) const;

  private:
    struct Own {
        int connections = 0;
        std::int64_t left_us = 0;
        bool shown = false;
    };
    using Users = std::unordered_set<UserId>;

    bool known_anywhere(UserId user) const;
    void take_part(const PresenceNews& news);

    const PresenceTimes times_;
    std::unordered_map<UserId, Own> own_;         ///< also of users of others: when they went
    std::map<std::string, Users> known_;          ///< by process, this one included
    std::map<std::string, Users> partly_;         ///< a "here" of which more parts come
    std::map<std::string, std::uint64_t> heard_;  ///< the number of the last news
    std::unordered_set<std::string> unconfirmed_;
    std::int64_t doubted_us_ = 0;
};

}  // namespace stoa::push
