#pragma once
// What the members of a database cluster write to etcd, as plain data with its JSON. Below /stoa/<cluster>/database/:
//   leader            who takes writes, under its lease of 3 s; the key's create_revision is the epoch
//   acknowledgers     whose receipt makes a commit count; by the leader alone, compared with what it wrote before
//   members/<name>    what each member says of its server, under a lease of its own
//   copies/<name>     that the member waits for a copy of the data, and from whom
//   command           what an operator asked for
//   history           the last changes of leadership
//   vacated           why the last leader that gave its key up did so
// Any thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cluster/database/position.hpp"
#include "cluster/state/keys.hpp"

namespace stoa::cluster::database {

class DatabaseKeys {
  public:
    explicit DatabaseKeys(const Keys& keys) : root_(keys.root() + "database/") {}
    std::string root() const { return root_; }  ///< prefix
    std::string leader() const { return root_ + "leader"; }
    std::string acknowledgers() const { return root_ + "acknowledgers"; }
    std::string members() const { return root_ + "members/"; }  ///< prefix
    std::string member(std::string_view name) const { return members() + std::string(name); }
    std::string command() const { return root_ + "command"; }
    std::string copies() const { return root_ + "copies/"; }  ///< prefix
    std::string copy(std::string_view member) const { return copies() + std::string(member); }
    std::string history() const { return root_ + "history"; }
    std::string vacated() const { return root_ + "vacated"; }

  private:
    std::string root_;
};

/// One life of a server's memory of what it received: another process, or the same one after it threw its relay log
/// away, is another life. Never the same twice.
using Life = std::string;

struct Leader {
    std::string name;
    std::string token;       ///< of this leadership; the epoch is not known before the key is there
    std::string address;     ///< "10.0.0.11:3306"
    Life life;               ///< of the server that takes writes; empty while it is being started
    bool open = false;       ///< takes writes; false while it is being promoted or is handing over
    std::string handover{};  ///< the member that should come next
};

/// A server in one of its lives.
struct ServerLife {
    std::string name;
    Life life;
    bool operator==(const ServerLife&) const = default;
};

/// Every commit that a client was told of is on the leader and on one of `members`, or was already in `base`.
struct Acknowledgers {
    std::int64_t epoch = 0;
    std::string token;  ///< of the leadership that wrote it
    std::string leader;
    std::vector<ServerLife> members;  ///< who may acknowledge; never more may than stand here
    Position base;                    ///< what the leader had when it wrote this, complete and on its disk
    /// Who might still be connected as an acknowledger of an earlier list, in that life: not let in before another one.
    std::vector<ServerLife> barred;
    bool alone = false;     ///< commits count without any receipt: an operator's policy allows that
    std::string preferred;  ///< wins among equals: a planned switchover
    /// The leader writes no more in this epoch, and `base` is all there is; written with the removal of its key. Then
    /// `preferred`, which has that, need not wait for what the others promise.
    bool closed = false;
    int kills_by_hang = 0;        ///< leaders in a row that were ended for not answering
    std::int64_t hung_at_ms = 0;  ///< the last of them, wall clock

    const ServerLife* member(std::string_view name) const;
    bool is_barred(const ServerLife& who) const;
};

/// What a member promises when there is no leader: it received this and will receive nothing more from any leader up to
/// that epoch.
struct Vote {
    std::int64_t after_epoch = 0;
    Position received;
    bool operator==(const Vote&) const = default;
};

struct Member {
    std::string name;
    std::string address;
    Life life;                  ///< empty: no server
    bool acknowledges = false;  ///< may acknowledge: semi-sync is on
    bool receiving = false;     ///< its IO thread is connected
    bool applying = false;      ///< its SQL thread runs
    bool writable = false;
    std::int64_t follows_epoch = 0;
    Position received, applied;
    std::optional<Vote> vote;
    std::int64_t lag_ms = 0;
    bool in_pool = false;  ///< may answer reads
    bool disk_stalls = false;
    bool damaged = false;  ///< a page of its data is: answers nothing, and is copied anew
    std::string problem;
};

struct Command {
    enum class Kind : std::uint8_t { switchover, force, reseed } kind = Kind::switchover;
    std::string id;
    std::string member;  ///< empty: whoever is fittest
    std::string from;    ///< reseed: who gives the copy; empty: chosen
    std::string answer;  ///< what became of it; empty: not done yet
};

struct Copy {
    std::string id;
    std::string from;  ///< the member that gives it
    std::string to;    ///< where it is waited for, "10.0.0.12:4444"
};

/// Left behind by a leader that gives its key up, for people.
struct Vacated {
    std::int64_t epoch = 0;  ///< of that key
    std::string why;
};

/// One change of leadership, for people.
struct Change {
    std::int64_t at_ms = 0;
    std::int64_t epoch = 0;
    std::string from, to;
    std::string why;     ///< there was no leader any more; empty: there had been none
    std::string reason;  ///< it was this one who took over
    std::string base;
    std::int64_t fence_ms = 0, elect_ms = 0, apply_ms = 0, open_ms = 0;  ///< from the notice to each step's end
};
inline constexpr std::size_t kHistoryMax = 20;

std::string to_json(const Leader& leader);
std::string to_json(const Acknowledgers& record);
std::string to_json(const Member& member);
std::string to_json(const Command& command);
std::string to_json(const Copy& copy);
std::string to_json(const Vacated& vacated);
std::string to_json(const std::vector<Change>& history);
Result<Leader> leader_from_json(std::string_view text);
Result<Acknowledgers> acknowledgers_from_json(std::string_view text);
Result<Member> member_from_json(std::string_view text);
Result<Command> command_from_json(std::string_view text);
Result<Copy> copy_from_json(std::string_view text);
Result<Vacated> vacated_from_json(std::string_view text);
Result<std::vector<Change>> history_from_json(std::string_view text);

/// All of it, read at one revision. What cannot be read counts as absent and is named in `problem`.
struct ClusterView {
    std::int64_t revision = 0;
    bool fresh = false;  ///< etcd agreed on it a moment ago
    std::optional<Leader> leader;
    std::optional<Acknowledgers> acknowledgers;
    std::map<std::string, Member> members;
    std::optional<Command> command;
    std::vector<Change> history;
    std::vector<Copy> copies;
    std::optional<Vacated> vacated;
    std::string problem;

    std::int64_t epoch() const { return acknowledgers ? acknowledgers->epoch : 0; }
    /// The leader has written down who acknowledges: it has everything that counts, and the epoch is its own.
    bool leader_established() const { return leader && acknowledgers && acknowledgers->token == leader->token; }
};
/// Whole key → value, as etcd's mirror or a listing has them.
ClusterView read_view(const DatabaseKeys& keys, const std::map<std::string, std::string, std::less<>>& values,
                      std::int64_t revision, bool fresh);

}  // namespace stoa::cluster::database
