#pragma once
// AdminConnection: a session for whoever runs a MariaDB server rather than keeps data in it: plain SQL, no account, no
// transaction; rows come as texts by column name, so that SHOW statements can be read. One thread at a time, except
// cut(). Every call ends within its own time; opening may take connect_timeout_s, which the client library counts in
// whole seconds.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "db/topology.hpp"

namespace stoa::db::mariadb {

struct AdminOptions {
    ServerAddress server;  ///< host and port, or the path of a socket and port 0
    std::string user;
    std::string password;
    std::string tls_ca;  ///< PEM file; empty: no TLS
    int connect_timeout_s = 1;
};

using AdminRow = std::map<std::string, std::string, std::less<>>;  ///< NULL reads as ""

class AdminConnection {
  public:
    /// Errors: unavailable, unauthorized; the message is the server's.
    static Result<std::unique_ptr<AdminConnection>> open(const AdminOptions& options);
    ~AdminConnection();
    AdminConnection(const AdminConnection&) = delete;
    AdminConnection& operator=(const AdminConnection&) = delete;

    /// One statement. Errors: timeout and unavailable (the session is of no use any more, see broken()), else internal
    /// with the server's number and text.
    Result<std::vector<AdminRow>> query(std::string_view sql, int timeout_ms);
    Status run(std::string_view sql, int timeout_ms);
    bool broken() const;
    unsigned int error_number() const;  ///< of the last call; 0 = it went well
    std::uint64_t id() const;           ///< as the server's PROCESSLIST has it
    /// Ends a call that runs on another thread; the session is broken then.
    void cut();

  private:
    struct Session;
    explicit AdminConnection(std::unique_ptr<Session> session);
    std::unique_ptr<Session> session_;
};

/// A value between quotes for SQL, whatever sql_mode says about backslashes: only for texts without control characters
/// and backslashes. Errors: invalid_argument.
Result<std::string> quoted(std::string_view text);

}  // namespace stoa::db::mariadb
