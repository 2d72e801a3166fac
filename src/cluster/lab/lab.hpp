#pragma once
// The lab: a whole cluster on this machine, each host a network namespace with an agent of its own. To show it, to test
// it, to break it. Root only. All functions block and are for commands, drills and tests; one at a time per folder.
//
//   STOA_TRY(const LabInfo info, lab::up({.dir = "run/lab", .program = "/usr/bin/stoa"}));
//   STOA_CHECK(lab::kill(info.dir, "web1", Fault::kill));
//   STOA_CHECK(lab::heal(info.dir, "web1"));
//   STOA_CHECK(lab::down(info.dir));
//
// Errors of all: forbidden (not root), not_found (not up; no such host or service; a program is missing), conflict
// (names or addresses are in use), timeout.

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cluster/plan/spec.hpp"
#include "cluster/state/live.hpp"

namespace stoa::cluster::lab {

using Progress = std::function<void(const std::string& line)>;

struct LabOptions {
    std::string dir = "run/lab";
    Topology topology = Topology::classic;
    int web = 3;
    int push = 0;         ///< hosts of the push server alone; 0: web hosts have clients' connections
    std::string app;      ///< "": the portal; "php": the example site in php_dir
    std::string php_dir;  ///< folder of the example site
    std::string program;  ///< the stoa binary
    std::string ui_dir;   ///< of the portal; empty: the built-in page
    int network = 0;      ///< second number of the addresses, 10.N.0.0/16; 0 = the first from 98 on that is free
    bool demo = true;     ///< fill the account with a believable company
    bool clocks = false;  ///< each host has a wall clock that can be set wrong (libfaketime)
    int ready_ms = 180'000;
    Progress progress;
};

struct LabNode {
    std::string name, role, name_space;
    pid_t pid = 0;        ///< of its agent; 0: has none (cl)
    std::string address;  ///< in the back network; of cl: in the front network
};

struct LabInfo {
    std::string dir;    ///< absolute
    std::string id;     ///< in the names of namespaces; made from the folder
    std::string state;  ///< starting, up
    std::string topology, app;
    int network = 0;
    std::string url, webhook_url, ca_file;
    std::string admin_link, login_link;  ///< each logs the administrator in once: for people; for drills
    std::string switch_space;            ///< namespace from which both networks can be reached
    std::string program;
    std::vector<LabNode> nodes;
    bool clocks = false;
    std::int64_t ready_ms = 0;  ///< how long it took
    bool already_up = false;    ///< not stored: this call found it running

    const LabNode* node(std::string_view name) const;
};
std::string to_json(const LabInfo& info);

Result<LabInfo> up(const LabOptions& options);
/// Also of a lab that is half there. Fine when there is none.
Status down(const std::string& dir, const Progress& progress = {});
/// Errors: not_found when the folder holds no lab.
Result<LabInfo> load(const std::string& dir);

enum class Fault : std::uint8_t {
    kill,  ///< kill -9 of the host's processes and its agent, or of one service
    stop,  ///< SIGSTOP, to the same
    // The others are done to whole hosts.
    net,           ///< the host sends and hears nothing
    deaf,          ///< it hears nothing
    mute,          ///< nothing that it sends arrives
    net_slow,      ///< its frames take 0 to 100 ms longer, each way
    disk_full,     ///< its volume is full; hosts with a volume only: db, redis, web, files
    disk_stall,    ///< its volume takes no writes
    disk_slow,     ///< its volume takes writes for 100 ms of every 350
    clock_ahead,   ///< its wall clock is 7 minutes ahead; in labs with `clocks`
    clock_behind,  ///< its wall clock is 7 minutes behind
    busy,          ///< a program uses 95 % of every core: all hosts of the lab feel it
};
std::string_view to_string(Fault fault);
/// `target` is a host, "web1", or a service of one, "web1/web".
Status kill(const std::string& dir, const std::string& target, Fault fault);
/// Ends every fault of the host and starts its agent when it is dead.
Status heal(const std::string& dir, const std::string& node);

struct NodeStatus {
    LabNode node;
    bool agent_runs = false;
    bool registered = false;
    LiveHost live;
    std::vector<std::string> faults;  ///< "stopped", "cut off", "disk full", …
    std::int64_t memory_bytes = 0;    ///< of its processes, shared pages counted once (PSS)
};
Result<std::vector<NodeStatus>> status(const std::string& dir);

/// A new web host: described, started and told what to run. Gives its name.
Result<std::string> add_web_host(const std::string& dir);
/// Drained by the caller; its processes end, its namespace goes.
Status remove_host(const std::string& dir, const std::string& name);

/// The calling thread sees the network of that namespace from now on; threads that it starts, too.
Status enter(const std::string& name_space);
/// Runs in the network of that namespace, on a thread that ends with it.
void inside(const std::string& name_space, const std::function<void()>& work);
/// kill -9, or another signal, goes to these: every process in the namespace.
std::vector<pid_t> pids_in(const std::string& name_space);

}  // namespace stoa::cluster::lab
