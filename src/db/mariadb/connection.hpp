#pragma once
// Connection: one session with a MariaDB server. One thread at a time; private to src/db/mariadb.
// Every call ends by the deadline set last. What went wrong is kept as trouble(): the caller of a statement sees an
// Error, the transaction around it sees whether it may go on.

#include <mysql.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "db/mariadb/deadline_watch.hpp"
#include "db/mariadb/statement.hpp"
#include "db/mariadb/trouble.hpp"
#include "db/topology.hpp"

namespace stoa::db::mariadb {

/// What a session is for decides its isolation level and whether it commits by itself.
enum class Purpose : std::uint8_t { read, write, probe };

struct Credentials {
    std::string user;
    std::string password;
    std::string schema;
    std::string tls_ca;  ///< PEM file; empty: no TLS
};

struct ConnectOptions {
    ServerAddress server;
    Purpose purpose = Purpose::read;
    std::uint64_t group = 0;  ///< for DeadlineWatch::cut
    int connect_timeout_s = 1;
};

class Connection {
  public:
    struct Failure {
        Trouble trouble = Trouble::lost;
        Error error;
    };
    /// Null: `failure` says why.
    static std::unique_ptr<Connection> open(const ConnectOptions& options, const Credentials& credentials,
                                            DeadlineWatch& watch, Failure& failure);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// For the calls that follow, on the monotonic clock. A call that passes it ends with Trouble::lost.
    void set_deadline(std::int64_t deadline_us) { deadline_us_ = deadline_us; }
    /// Each query() and execute() that follows ends so, too, when it alone takes longer. 0: no such limit.
    void set_statement_limit(std::int64_t limit_us) { statement_limit_us_ = limit_us; }

    /// `sql` stays as it is until the last row: the sink may run other statements here.
    Status query(std::string_view sql, std::span<const Binding> bindings, RowSink sink);
    Result<std::int64_t> execute(std::string_view sql, std::span<const Binding> bindings = {});  ///< rows matched
    /// One statement without values and rows, not kept prepared: START TRANSACTION, COMMIT, SAVEPOINT, DDL.
    Status command(std::string_view sql);

    Trouble trouble() const { return trouble_; }
    /// Not to be used again.
    void abandon() { trouble_ = Trouble::lost; }
    void clear_trouble() { trouble_ = Trouble::none; }
    /// Of the last execute().
    std::int64_t last_insert_id() const { return last_insert_id_; }
    /// The GTID that the last commit of this session got; the server sends it with its OK.
    /// https://mariadb.com/kb/en/session-tracking/ … empty when it sent none.
    std::string take_last_gtid();

  private:
    explicit Connection(MYSQL* handle) : handle_(handle) {}
    Status configure(Purpose purpose);
    Error note(unsigned int number, std::string_view detail, std::string_view sql);
    Result<std::unique_ptr<Statement>> statement(std::string_view sql);

    /// Arms the deadline around one call of the client library.
    class Call;

    MYSQL* handle_;
    std::unique_ptr<DeadlineWatch::Guard> guard_;
    StatementCache statements_;
    std::int64_t deadline_us_ = 0;
    std::int64_t statement_limit_us_ = 0;
    std::int64_t last_insert_id_ = 0;
    Trouble trouble_ = Trouble::none;
};

}  // namespace stoa::db::mariadb
