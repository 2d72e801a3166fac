#pragma once
// The member's own MariaDB server: what it says of itself, and the SQL that changes its role. One thread; every call
// ends within the time given. Errors: unavailable and timeout (it does not answer), internal (it refused; the message
// has MariaDB's number).
// https://mariadb.com/kb/en/semisynchronous-replication/ https://mariadb.com/kb/en/gtid/

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cluster/database/records.hpp"
#include "db/mariadb/admin_connection.hpp"

namespace stoa::cluster::database {

/// Names and passwords inside the database.
struct Accounts {
    std::string replication_password;  ///< of stoa_r_<member>, with which that member receives
    std::string agent_password;        ///< of stoa_agent, with which the leader's agent asks the other servers
};
inline constexpr const char* kSchema = "stoa_cluster";
inline constexpr const char* kAgentUser = "stoa_agent";
std::string replication_user(const std::string& member);

/// A member's server for connections of others.
db::ServerAddress server_address(const std::string& address);

struct ServerFacts {
    bool read_only = true;
    bool as_leader = false;     ///< rpl_semi_sync_master_enabled
    bool acknowledges = false;  ///< rpl_semi_sync_slave_enabled
    bool receiving = false;     ///< the IO thread runs or connects
    bool applying = false;
    std::string source;  ///< "host:port"
    Position received, applied;
    std::string heard;  ///< changes whenever anything comes from the source
    int receive_error = 0, apply_error = 0;
    std::string problem;
    std::int64_t lag_ms = 0;  ///< by the heartbeat row and the wall clocks of both hosts
};

class LocalServer {
  public:
    LocalServer(db::mariadb::AdminOptions where, std::string member, std::vector<std::string> members,
                Accounts accounts);

    Result<ServerFacts> look(int timeout_ms);
    /// Forgets its session: the server was ended.
    void reset() { connection_.reset(); }

    /// Nothing more is received after it returns. A leader that was promised otherwise is waited for first.
    Status stop_receiving(int promise_ms);
    /// Without a promise.
    Status pause_receiving();
    /// Receives as well as applies no more; waits until everything received is applied.
    Status apply(const Position& received, int timeout_ms);
    /// The number under which a leader of that epoch writes. Ends all sessions but the members' own: they would go on
    /// with the old one.
    Status take_number(std::int64_t epoch);
    /// Makes what a leader needs, bars those who may not connect, takes writes.
    Status open(const Acknowledgers& list);
    Status leave_list();
    /// As the leader: a commit waits for a receipt from now on, or counts without.
    Status wait_for_receipts(bool wait);

    struct Follow {
        std::string source;  ///< "host:port"
        bool acknowledging = false;
    };
    /// `thrown_away` is set when something received could not be applied and will be received again.
    Status follow(const Follow& follow, bool& thrown_away);

    /// After its data were copied: where they stand.
    Status begin_at(const Position& position);

    /// Those barred are locked and cut off; the others may connect. Lock before the list is written, unlock after.
    Status lock_barred(const Acknowledgers& list);
    Status unlock_others(const Acknowledgers& list);

    /// No new commits; waits for those under way, and leaves all as it was when they do not end in time. The heartbeat
    /// must rest meanwhile.
    Status stop_writes(int timeout_ms);
    Status resume_writes();
    Status end_leadership();  ///< after stop_writes(): ready to follow in place
    Result<Position> position();

  private:
    Result<db::mariadb::AdminConnection*> connection();
    Status run(const std::string& sql, int timeout_ms = 2'000);
    Result<std::vector<db::mariadb::AdminRow>> query(const std::string& sql, int timeout_ms = 2'000);
    Status make_accounts();
    Status set_locks(const Acknowledgers& list, bool lock, bool unlock);

    const db::mariadb::AdminOptions where_;
    const std::string member_;
    const std::vector<std::string> members_;
    const Accounts accounts_;
    std::unique_ptr<db::mariadb::AdminConnection> connection_;
};

}  // namespace stoa::cluster::database
