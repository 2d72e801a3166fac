#pragma once
// Member: one member of a database cluster. Watches etcd and its own server, asks decide() what to do, does it, and
// writes down what it is. One thread of its own for that, and those of what it holds: a renewal of the leader's lease
// and a heartbeat never wait for anything else.
// start() and stop() from one thread, the rest from any.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cluster/database/database_process.hpp"
#include "cluster/database/decide.hpp"
#include "cluster/database/local_server.hpp"
#include "cluster/database/reseed.hpp"
#include "cluster/etcd/client.hpp"

namespace stoa::cluster::database {

struct MemberOptions {
    std::string cluster = "stoa";
    Settings settings;
    etcd::ClientOptions etcd;
    std::string work_dir;              ///< for what must survive the agent: exists
    db::mariadb::AdminOptions server;  ///< the own server, as an account that may do everything
    Accounts accounts;
    ReseedOptions reseed;    ///< with an empty folder nothing is copied
    std::string server_log;  ///< the own server's error log; empty: what it says of damaged pages is not seen
};

class MemberRuntime {
  public:
    /// The process must outlive it.
    MemberRuntime(MemberOptions options, DatabaseProcess& process);
    ~MemberRuntime();  ///< stop()s
    MemberRuntime(const MemberRuntime&) = delete;
    MemberRuntime& operator=(const MemberRuntime&) = delete;

    /// Does not wait for etcd or the server. Errors: the work folder cannot be used.
    Status start();
    /// The server stays as it is; who leads goes on leading for as long as its lease lasts, then the watchdog ends it.
    void stop();

    /// While no standby is there commits count all the same (Settings::block_without_receipts). Any time.
    void set_policy(bool counts_alone);

    ClusterView view() const;
    Member self() const;
    /// What it waits for, for people; empty when nothing is amiss.
    std::string waits_for() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stoa::cluster::database
