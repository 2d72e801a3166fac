#include "db/mariadb/admin_connection.hpp"

#include <errmsg.h>
#include <mysql.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/clock.hpp"
#include "db/mariadb/deadline_watch.hpp"

namespace stoa::db::mariadb {
namespace {

constexpr unsigned int kBackstopS = 3'600;  ///< behind the deadline watch

/// One for all: its thread costs nothing while no call is late.
DeadlineWatch& deadlines() {
    static DeadlineWatch watch;
    return watch;
}

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

}  // namespace

struct AdminConnection::Session {
    MYSQL* handle = nullptr;
    std::unique_ptr<DeadlineWatch::Guard> guard;
    std::uint64_t group = 0;
    std::uint64_t id = 0;
    unsigned int error = 0;
    std::atomic<bool> broken{false};

    ~Session() {
        guard.reset();  // before the socket's number is free for others
        if (handle != nullptr) mysql_close(handle);
    }
    Error failed(std::int64_t deadline_us) {
        error = mysql_errno(handle);
        const std::string text = mysql_error(handle);
        if (error >= CR_MIN_ERROR && error <= CR_MAX_ERROR) {
            broken = true;
            if (now_us() >= deadline_us) return {Errc::timeout, "The database server did not answer in time."};
            return {Errc::unavailable, "The database server does not answer: " + text};
        }
        return internal_error("MariaDB error " + std::to_string(error) + ": " + text);
    }
};

AdminConnection::AdminConnection(std::unique_ptr<Session> session) : session_(std::move(session)) {}
AdminConnection::~AdminConnection() = default;

Result<std::unique_ptr<AdminConnection>> AdminConnection::open(const AdminOptions& options) {
    static std::once_flag once;
    std::call_once(once, [] { mysql_server_init(0, nullptr, nullptr); });
    static std::atomic<std::uint64_t> next_group{1};
    auto session = std::make_unique<Session>();
    session->handle = mysql_init(nullptr);
    if (session->handle == nullptr) return internal_error("Out of memory.");
    MYSQL* handle = session->handle;
    const auto connect_timeout = static_cast<unsigned int>(options.connect_timeout_s);
    const unsigned int no_files = 0;
    mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
    mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &kBackstopS);
    mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &kBackstopS);
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &no_files);
    if (!options.tls_ca.empty()) {
        const my_bool yes = 1;
        mysql_ssl_set(handle, nullptr, nullptr, options.tls_ca.c_str(), nullptr, nullptr);
        mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
    }
    const bool socket = options.server.port == 0;
    if (mysql_real_connect(handle, socket ? nullptr : options.server.host.c_str(), options.user.c_str(),
                           options.password.c_str(), nullptr, options.server.port,
                           socket ? options.server.host.c_str() : nullptr, 0) == nullptr) {
        const unsigned int number = mysql_errno(handle);
        const bool refused = number < CR_MIN_ERROR || number > CR_MAX_ERROR;
        return Error{refused ? Errc::unauthorized : Errc::unavailable,
                     options.server.printable() + ": " + mysql_error(handle)};
    }
    session->group = next_group.fetch_add(1);
    session->id = mysql_thread_id(handle);
    session->guard = std::make_unique<DeadlineWatch::Guard>(deadlines(), mysql_get_socket(handle), session->group);
    return std::unique_ptr<AdminConnection>(new AdminConnection(std::move(session)));
}

Result<std::vector<AdminRow>> AdminConnection::query(std::string_view sql, int timeout_ms) {
    if (session_->broken) return Error{Errc::unavailable, "The session with the database server is broken."};
    MYSQL* handle = session_->handle;
    const auto deadline_us = now_us() + timeout_ms * 1000LL;
    session_->error = 0;
    session_->guard->set(deadline_us);
    struct Unset {
        DeadlineWatch::Guard& guard;
        ~Unset() { guard.set(0); }
    } const unset{*session_->guard};
    if (mysql_real_query(handle, sql.data(), sql.size()) != 0) return session_->failed(deadline_us);
    MYSQL_RES* result = mysql_store_result(handle);
    std::vector<AdminRow> rows;
    if (result == nullptr) {
        if (mysql_errno(handle) != 0) return session_->failed(deadline_us);
        return rows;
    }
    const unsigned int columns = mysql_num_fields(result);
    const MYSQL_FIELD* fields = mysql_fetch_fields(result);
    while (MYSQL_ROW row = mysql_fetch_row(result)) {
        const unsigned long* lengths = mysql_fetch_lengths(result);
        AdminRow out;
        for (unsigned int i = 0; i < columns; ++i)
            out.emplace(fields[i].name, row[i] != nullptr ? std::string(row[i], lengths[i]) : std::string());
        rows.push_back(std::move(out));
    }
    mysql_free_result(result);
    return rows;
}

Status AdminConnection::run(std::string_view sql, int timeout_ms) {
    STOA_CHECK(query(sql, timeout_ms));
    return {};
}

bool AdminConnection::broken() const {
    return session_->broken;
}

unsigned int AdminConnection::error_number() const {
    return session_->error;
}

std::uint64_t AdminConnection::id() const {
    return session_->id;
}

void AdminConnection::cut() {
    session_->broken = true;
    deadlines().cut(session_->group);
}

Result<std::string> quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == '\\' || c == 0x7f) {
            return invalid("A value for the database server has a character that it must not have.");
        }
        if (c == '\'') out += '\'';
        out += c;
    }
    return out + "'";
}

}  // namespace stoa::db::mariadb
