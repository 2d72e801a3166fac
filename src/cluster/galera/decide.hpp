#pragma once
// What one node does next: pure, no I/O and no clock; times come in as durations.
//
// Servers never begin a group by themselves (pc.recovery is off): one becomes primary by joining a group that is, or by
// the agents' choice. Joining is therefore always safe; beginning is what must be decided once.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/galera/choice.hpp"

namespace stoa::cluster::galera {

struct Settings {
    std::string name;
    std::vector<std::string> nodes;  ///< all that are configured, by preference

    // Milliseconds.
    int patience_ms = 5'000;   ///< servers without a group come together by themselves when their network comes back
    int rejoin_ms = 10'000;    ///< outside of the group although there is one
    int begin_ms = 60'000;     ///< a start as the first
    int etcd_away_ms = 5'000;  ///< longer than what this node wrote to etcd stays there without it
};

/// What a node knows of itself.
struct Self {
    Node node;
    bool told = false;           ///< its start script, in this life, has got its word
    bool began = false;          ///< and that, or a command to its server, was to begin the group
    bool hangs = false;          ///< its server takes no change any more
    std::int64_t kind_ms = 0;    ///< how long it is what it is
    std::int64_t vacant_ms = 0;  ///< how long nobody is in a group, as far as etcd tells
    std::int64_t away_ms = 0;    ///< how long etcd does not answer
    /// Other nodes whose group port answers. Looked at while the own server is down.
    std::set<std::string> answering;
};

struct Action {
    enum class Kind : std::uint8_t {
        wait,
        join,     ///< start the server; it looks for the group
        begin,    ///< start the server as the first of the group, after the round was won
        promote,  ///< the server runs already: the same by a command
        end,      ///< SIGKILL; its start script comes back and tells the exact position
        end_hanging,
        answer,  ///< the operator's command, with the reason
    };
    Kind kind = Kind::wait;
    std::string reason;   ///< for people
    bool forced = false;  ///< begin: under a history of a new number
};
std::string_view to_string(Action::Kind kind);

/// `view` holds the other nodes as etcd has them; the own one is taken from `self`.
Action decide(const Settings& settings, View view, const Self& self);

}  // namespace stoa::cluster::galera
