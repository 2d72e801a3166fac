#include "db/mariadb/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "base/clock.hpp"
#include "base/fibers.hpp"
#include "base/log.hpp"

namespace stoa::db::mariadb {
namespace {

/// Behind the deadline watch, in case it is ever late; whole seconds are all the library knows.
constexpr unsigned int kBackstopS = 60;
constexpr std::int64_t kCallUs = 30'000'000;  ///< when nobody set a deadline

void init_library() {
    static std::once_flag once;
    std::call_once(once, [] { mysql_server_init(0, nullptr, nullptr); });
}

/// The client library asks this instead of poll(): milliseconds; 1 ready, 0 too late, -1 broken.
/// MARIADB_OPT_IO_WAIT, https://mariadb.com/kb/en/mysql_optionsv/
int wait_for_socket(my_socket fd, my_bool to_read, int timeout_ms) {
    if (Fibers* const fibers = Fibers::current(); fibers != nullptr) {
        if (fibers->wait(fd, to_read != 0)) return 1;  // the deadline watch ends a wait that is too long
        errno = ETIMEDOUT;
        return 0;
    }
    pollfd wanted{fd, static_cast<short>(to_read != 0 ? POLLIN : POLLOUT), 0};
    int ready;
    do {
        ready = ::poll(&wanted, 1, timeout_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) errno = ETIMEDOUT;
    return ready;
}

}  // namespace

class Connection::Call {
  public:
    explicit Call(Connection& connection, std::int64_t limit_us = 0) : guard_(*connection.guard_) {
        const auto now = system_clock().monotonic_us();
        const auto deadline = connection.deadline_us_ != 0 ? connection.deadline_us_ : now + kCallUs;
        guard_.set(limit_us != 0 ? std::min(deadline, now + limit_us) : deadline);
    }
    ~Call() { guard_.set(0); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

  private:
    DeadlineWatch::Guard& guard_;
};

std::unique_ptr<Connection> Connection::open(const ConnectOptions& options, const Credentials& credentials,
                                             DeadlineWatch& watch, Failure& failure) {
    init_library();
    MYSQL* handle = mysql_init(nullptr);
    if (handle == nullptr) {
        failure = {Trouble::lost, internal_error("Out of memory.")};
        return nullptr;
    }
    std::unique_ptr<Connection> connection(new Connection(handle));
    const auto connect_timeout = static_cast<unsigned int>(options.connect_timeout_s);
    const unsigned int backstop = kBackstopS;
    mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
    mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &backstop);
    mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &backstop);
    mysql_options(handle, MARIADB_OPT_IO_WAIT, reinterpret_cast<const void*>(&wait_for_socket));
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    const unsigned int no_files = 0;
    mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &no_files);  // a hostile server must not read our files
    if (!credentials.tls_ca.empty()) {
        const my_bool yes = 1;
        mysql_ssl_set(handle, nullptr, nullptr, credentials.tls_ca.c_str(), nullptr, nullptr);
        mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
    }
    const bool socket = options.server.port == 0;
    const char* host = socket ? nullptr : options.server.host.c_str();
    const char* schema = credentials.schema.empty() ? nullptr : credentials.schema.c_str();
    if (mysql_real_connect(handle, host, credentials.user.c_str(), credentials.password.c_str(), schema,
                           options.server.port, socket ? options.server.host.c_str() : nullptr,
                           CLIENT_FOUND_ROWS) == nullptr) {
        const unsigned int number = mysql_errno(handle);
        failure = {trouble_of(number), error_of(number, mysql_error(handle))};
        if (failure.trouble != Trouble::refused) failure.trouble = Trouble::lost;
        return nullptr;
    }
    connection->guard_ = std::make_unique<DeadlineWatch::Guard>(watch, mysql_get_socket(handle), options.group);
    connection->deadline_us_ = system_clock().monotonic_us() + options.connect_timeout_s * 1'000'000LL;
    if (auto status = connection->configure(options.purpose); !status) {
        failure = {Trouble::lost, std::move(status).error()};
        return nullptr;
    }
    connection->deadline_us_ = 0;
    return connection;
}

Connection::~Connection() {
    guard_.reset();  // before the socket's number is free for others
    statements_.clear();
    mysql_close(handle_);
}

Status Connection::configure(Purpose purpose) {
    std::string sql =
        "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION,"
        "ERROR_FOR_DIVISION_BY_ZERO',collation_connection=utf8mb4_nopad_bin,time_zone='+00:00'";
    if (purpose == Purpose::write) {
        // Writers of one account are one after another (see writer.hpp), so each statement may see the latest state.
        sql +=
            ",session_track_system_variables='last_gtid',autocommit=0,tx_isolation='READ-COMMITTED',"
            "innodb_lock_wait_timeout=10,"
            // A process that is cut off from the network in the middle of a transaction must not keep its account
            // locked for the others; where only it was slow, the transaction runs again.
            "idle_write_transaction_timeout=1";
    } else {
        sql += ",tx_isolation='REPEATABLE-READ'";
    }
    return command(sql);
}

Error Connection::note(unsigned int number, std::string_view detail, std::string_view sql) {
    const Trouble trouble = number == 0 ? Trouble::statement : trouble_of(number);
    trouble_ = std::max(trouble_, trouble);
    Error error = error_of(number, detail);
    if (error.code == Errc::internal) {
        log::error("mariadb_statement", {{"error", static_cast<std::int64_t>(number)},
                                         {"sql", sql},
                                         {"do", "report this as a bug, with the line"}});
    }
    return error;
}

Result<std::unique_ptr<Statement>> Connection::statement(std::string_view sql) {
    if (trouble_ >= Trouble::rerun) return error_of(0, {});  // nothing may run outside its lost transaction
    if (auto cached = statements_.take(sql)) return cached;
    unsigned int number = 0;
    std::string detail;
    auto prepared = Statement::prepare(handle_, sql, number, detail);
    if (prepared == nullptr) return note(number, detail, sql);
    return prepared;
}

Status Connection::query(std::string_view sql, std::span<const Binding> bindings, RowSink sink) {
    std::unique_ptr<Statement> statement;
    {
        const Call call(*this, statement_limit_us_);
        STOA_TRY(statement, this->statement(sql));
        if (!statement->execute(bindings) || !statement->store()) {
            return note(statement->error_number(), statement->error_text(), sql);
        }
    }
    for (;;) {
        const auto next = statement->next();
        if (next == Statement::Next::failed) return note(statement->error_number(), statement->error_text(), sql);
        if (next == Statement::Next::end || !sink(statement->row())) break;
    }
    statement->finish();
    statements_.give_back(sql, std::move(statement));
    return {};
}

Result<std::int64_t> Connection::execute(std::string_view sql, std::span<const Binding> bindings) {
    const Call call(*this, statement_limit_us_);
    STOA_TRY(auto statement, this->statement(sql));
    if (!statement->execute(bindings)) return note(statement->error_number(), statement->error_text(), sql);
    const std::int64_t rows = statement->affected();
    last_insert_id_ = statement->insert_id();
    if (statement->has_rows()) return internal_error("A statement that gives rows was run as a change.");
    statements_.give_back(sql, std::move(statement));
    return rows;
}

Status Connection::command(std::string_view sql) {
    const Call call(*this);
    if (mysql_real_query(handle_, sql.data(), sql.size()) != 0) {
        return note(mysql_errno(handle_), mysql_error(handle_), sql);
    }
    if (MYSQL_RES* result = mysql_store_result(handle_); result != nullptr) mysql_free_result(result);
    return {};
}

std::string Connection::take_last_gtid() {
    const char* data = nullptr;
    std::size_t length = 0;
    std::string gtid;
    bool is_value = false;
    for (int end = mysql_session_track_get_first(handle_, SESSION_TRACK_SYSTEM_VARIABLES, &data, &length); end == 0;
         end = mysql_session_track_get_next(handle_, SESSION_TRACK_SYSTEM_VARIABLES, &data, &length)) {
        const std::string_view part(data, length);
        if (is_value) gtid = part;
        is_value = !is_value && part == "last_gtid";
    }
    return gtid;
}

}  // namespace stoa::db::mariadb
