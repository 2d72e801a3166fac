#pragma once
// Member: one node of a Galera cluster. Watches etcd and its own server, asks decide() what to do, does it, and writes
// down what it is: always before it lets its server start, so that nobody counts on a server that is not down any more.
// start() and stop() from one thread, which must be the only user.

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cluster/etcd/client.hpp"
#include "cluster/galera/decide.hpp"
#include "db/mariadb/admin_connection.hpp"

namespace stoa::cluster::galera {

/// The server's process, as whoever supervises services has it. Of the member's thread; no call blocks for long.
class ServerProcess {
  public:
    virtual ~ServerProcess() = default;

    struct Seen {
        bool server = false;               ///< mariadbd runs; else its start script does, when there is a life
        std::string life;                  ///< the same from the script on; empty: neither
        std::optional<Position> position;  ///< as the script found it out, once it did
    };
    virtual Seen look() = 0;
    /// The script's word, for that life alone: a later one does not heed it. `as` replaces the position when not empty.
    virtual Status tell(const std::string& life, bool begins, const std::string& as) = 0;
    /// SIGKILL to all of it; it comes back by itself, with its script.
    virtual Status end(const std::string& reason) = 0;
};

struct MemberOptions {
    std::string cluster = "stoa";
    Settings settings;
    std::map<std::string, std::string> addresses;  ///< of all nodes, "10.0.0.11"
    etcd::ClientOptions etcd;
    db::mariadb::AdminOptions server;  ///< the own server, as an account that may do everything
};

class MemberRuntime {
  public:
    /// The process must outlive it.
    MemberRuntime(MemberOptions options, ServerProcess& process);
    ~MemberRuntime();  ///< stop()s
    MemberRuntime(const MemberRuntime&) = delete;
    MemberRuntime& operator=(const MemberRuntime&) = delete;

    void start();
    /// The server stays as it is.
    void stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stoa::cluster::galera
