#pragma once
// The SQL that asks the own server about its group, and makes it begin one. One thread. Every call is bounded.

#include <memory>

#include "cluster/galera/records.hpp"
#include "db/mariadb/admin_connection.hpp"

namespace stoa::cluster::galera {

class Server {
  public:
    explicit Server(db::mariadb::AdminOptions where) : where_(std::move(where)) {}

    struct Facts {
        Node::Kind kind = Node::Kind::joining;
        Position position;
        std::string state;
        bool ready = false;
        int group = 0;
        std::int64_t paused_ns = 0;  ///< by flow control, since its start
    };
    /// Errors: unavailable, timeout: it does not answer (yet), or hangs.
    Result<Facts> look(int timeout_ms);
    /// Makes a server that runs without a group the first of one.
    Status promote();
    /// Another process is there now.
    void reset() { connection_.reset(); }

  private:
    Result<db::mariadb::AdminConnection*> connection();

    const db::mariadb::AdminOptions where_;
    std::unique_ptr<db::mariadb::AdminConnection> connection_;
};

}  // namespace stoa::cluster::galera
