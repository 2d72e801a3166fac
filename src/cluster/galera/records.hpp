#pragma once
// What the agents of a Galera cluster's database hosts write to etcd, as plain data with its JSON. Below
// /stoa/<cluster>/galera/:
//   nodes/<name>  what each says of its server, under a lease of its own
//   round         who was chosen last to begin the group; compared with what stood there before
//   reached       that the group has changes, so that nodes without any are known to have lost theirs
//   command       what an operator asked for
//   ending        who ends its own server that hangs, for a while: one at a time
//   events        the last things that happened, for people
// Any thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cluster/state/keys.hpp"

namespace stoa::cluster::galera {

class GaleraKeys {
  public:
    explicit GaleraKeys(const Keys& keys) : root_(keys.root() + "galera/") {}
    std::string root() const { return root_; }              ///< prefix
    std::string nodes() const { return root_ + "nodes/"; }  ///< prefix
    std::string node(std::string_view name) const { return nodes() + std::string(name); }
    std::string round() const { return root_ + "round"; }
    std::string reached() const { return root_ + "reached"; }
    std::string command() const { return root_ + "command"; }
    std::string ending() const { return root_ + "ending"; }
    std::string events() const { return root_ + "events"; }

  private:
    std::string root_;
};

/// How far the data of a node are: a history, and the number of the last change of it.
struct Position {
    std::string history;      ///< UUID; empty: not known
    std::int64_t seqno = -1;  ///< -1: not known

    /// There is something: not the beginning of a history, and not data that Galera itself gave up.
    bool has_data() const { return !history.empty() && history != kNone && seqno > 0; }
    /// Neither data nor a known lack of them.
    bool unknown() const { return history.empty() || (history != kNone && seqno < 0); }
    std::string text() const;  ///< "f081c2dc…:118"
    bool operator==(const Position&) const = default;

    /// What Galera writes when a copy broke off in the middle.
    static constexpr const char* kNone = "00000000-0000-0000-0000-000000000000";
};
/// "<uuid>:<seqno>", as `mariadbd --wsrep-recover` has it; unknown() when it is something else.
Position position_from(std::string_view text);

struct Node {
    enum class Kind : std::uint8_t {
        stopped,      ///< no server and no start script
        recovering,   ///< the start script finds out the position
        down,         ///< no server; the position is exact, and stays until the agent says how to start
        joining,      ///< the server runs and is not in a group yet: it looks for one, or gets a copy
        primary,      ///< in the group that takes writes
        non_primary,  ///< in none; the position is what it has committed at least
    };
    std::string name;
    std::string address;  ///< "10.0.0.11"
    Kind kind = Kind::stopped;
    std::string life;  ///< of the server or its start script: one process, never the same twice
    Position position;
    std::string state;       ///< wsrep_local_state_comment
    bool ready = false;      ///< answers queries
    int group = 0;           ///< wsrep_cluster_size
    int paused_percent = 0;  ///< of the last second, by flow control
    bool well = false;       ///< its disk took a change a moment ago
    std::string waits_for;   ///< for people
};
std::string_view to_string(Node::Kind kind);

/// Who was chosen to begin the group, in which life: whoever finds another choice waits while that life lasts.
struct Round {
    std::string node;
    std::string life;
    Position position;  ///< the group goes on from there
    /// An operator forced this one or an earlier one: the history has a new number, data of others count no more.
    bool forced = false;
    std::int64_t at_ms = 0;
};

struct Command {
    std::string id;
    std::string node;    ///< who shall begin the group whatever is missing
    std::string answer;  ///< what became of it; empty: not done yet
};

struct Event {
    std::int64_t at_ms = 0;
    std::string text;
};
inline constexpr std::size_t kEventsMax = 20;

std::string to_json(const Node& node);
std::string to_json(const Round& round);
std::string to_json(const Command& command);
std::string to_json(const std::vector<Event>& events);
Result<Node> node_from_json(std::string_view text);
Result<Round> round_from_json(std::string_view text);
Result<Command> command_from_json(std::string_view text);
Result<std::vector<Event>> events_from_json(std::string_view text);

/// All of it, read at one revision. What cannot be read counts as absent and is named in `problem`.
struct View {
    bool fresh = false;  ///< etcd agreed on it a moment ago
    std::map<std::string, Node> nodes;
    std::optional<Round> round;
    bool reached = false;  ///< the group has had changes
    std::optional<Command> command;
    std::vector<Event> events;
    std::string problem;

    const Node* node(const std::string& name) const;
};
/// Whole key → value, as etcd's mirror or a listing has them.
View read_view(const GaleraKeys& keys, const std::map<std::string, std::string, std::less<>>& values, bool fresh);

}  // namespace stoa::cluster::galera
