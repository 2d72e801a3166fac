#include "db/inspection.hpp"

#include <mysql.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>

#include "base/clock.hpp"
#include "db/mariadb/trouble.hpp"

namespace stoa::db {
namespace {

constexpr unsigned int kConnectS = 2;
constexpr unsigned int kAnswerS = 5;

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return out;
}

/// A session that asks in plain text: one thread, short-lived, deadlines of whole seconds.
class Session {
  public:
    using Cells = std::vector<std::string>;
    using RowSeen = std::function<void(const Cells& names, const Cells& values)>;

    Session() : handle_(mysql_init(nullptr)) {}
    ~Session() { mysql_close(handle_); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Status connect(const ServerAddress& server, const MariadbOptions& options) {
        const EngineUrl& url = options.url;
        const std::string& password = options.password.empty() ? url.password : options.password;
        mysql_options(handle_, MYSQL_OPT_CONNECT_TIMEOUT, &kConnectS);
        mysql_options(handle_, MYSQL_OPT_READ_TIMEOUT, &kAnswerS);
        mysql_options(handle_, MYSQL_OPT_WRITE_TIMEOUT, &kAnswerS);
        mysql_options(handle_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
        const unsigned int no_files = 0;
        mysql_options(handle_, MYSQL_OPT_LOCAL_INFILE, &no_files);
        if (!options.tls_ca.empty()) {
            const my_bool yes = 1;
            mysql_ssl_set(handle_, nullptr, nullptr, options.tls_ca.c_str(), nullptr, nullptr);
            mysql_options(handle_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
        }
        const bool socket = server.port == 0;
        const bool connected = mysql_real_connect(handle_, socket ? nullptr : server.host.c_str(), url.user.c_str(),
                                                  password.c_str(), url.path.empty() ? nullptr : url.path.c_str(),
                                                  server.port, socket ? server.host.c_str() : nullptr, 0) != nullptr;
        return connected ? Status{} : Status(failure());
    }

    Status ask(const std::string& sql, const RowSeen& seen = {}) {
        if (mysql_real_query(handle_, sql.data(), sql.size()) != 0) return failure();
        MYSQL_RES* result = mysql_store_result(handle_);
        if (result == nullptr) return mysql_field_count(handle_) == 0 ? Status{} : Status(failure());
        const unsigned int columns = mysql_num_fields(result);
        Cells names;
        for (unsigned int i = 0; i < columns; ++i)
            names.push_back(lower(mysql_fetch_fields(result)[i].name));
        while (MYSQL_ROW row = mysql_fetch_row(result)) {
            Cells values;
            for (unsigned int i = 0; i < columns; ++i)
                values.emplace_back(row[i] == nullptr ? "" : row[i]);
            if (seen) seen(names, values);
        }
        mysql_free_result(result);
        return {};
    }

    bool encrypted() const { return mysql_get_ssl_cipher(handle_) != nullptr; }

  private:
    Error failure() const {
        const unsigned int number = mysql_errno(handle_);
        Error error = mariadb::error_of(number, mysql_error(handle_));
        // People look at this, and it holds no data of the portal.
        error.message = std::string(mysql_error(handle_)) + " (" + std::to_string(number) + ")";
        error.field = std::to_string(number);
        return error;
    }

    MYSQL* handle_;
};

Session::RowSeen into(ServerFacts::Names& out) {
    return [&out](const Session::Cells&, const Session::Cells& values) { out[lower(values[0])] = values[1]; };
}
Session::RowSeen into(std::string& out) {
    return [&out](const Session::Cells&, const Session::Cells& values) { out = values[0]; };
}

std::int64_t to_number(std::string_view text) {
    return std::strtoll(std::string(text).c_str(), nullptr, 10);
}

Status look_at_clock(Session& session, ServerFacts& facts) {
    std::string theirs;
    const std::int64_t before = system_clock().now_us();
    STOA_CHECK(session.ask("SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6))*1000000 AS INTEGER)", into(theirs)));
    const std::int64_t after = system_clock().now_us();
    facts.clock_ahead_ms = (to_number(theirs) - (before + after) / 2) / 1000;
    return {};
}

Status look_at_schema(Session& session, ServerFacts& facts) {
    std::string text;
    STOA_CHECK(
        session.ask("SELECT IFNULL(SUM(data_length+index_length),0) FROM information_schema.tables "
                    "WHERE table_schema=DATABASE()",
                    into(text)));
    facts.data_bytes = to_number(text);
    STOA_CHECK(session.ask("SELECT @@character_set_database", into(facts.schema_charset)));
    std::string tables;
    STOA_CHECK(
        session.ask("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema=DATABASE() "
                    "AND table_name='schema_migrations'",
                    into(tables)));
    if (tables == "0") return {};
    STOA_CHECK(session.ask("SELECT IFNULL(MAX(number),0) FROM schema_migrations", into(text)));
    facts.newest_step = static_cast<int>(to_number(text));
    return {};
}

void look_at_replication(Session& session, ServerFacts& facts) {
    auto status = session.ask("SHOW REPLICA STATUS", [&](const Session::Cells& names, const Session::Cells& values) {
        for (std::size_t i = 0; i < names.size(); ++i)
            facts.replica[names[i]] = values[i];
    });
    if (!status) facts.replica_hidden = status.error();
}

/// The disk of a server on another machine cannot be seen.
void look_at_disk(const ServerAddress& server, ServerFacts& facts) {
    if (server.port != 0 && server.host != "127.0.0.1" && server.host != "::1") return;
    struct statvfs disk {};
    if (::statvfs(facts.variable("datadir").c_str(), &disk) == 0)
        facts.free_bytes = static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
}

Status write_and_remove(Session& session) {
    const std::string key = "'doctor-" + std::to_string(system_clock().now_us()) + "'";
    STOA_CHECK(session.ask("INSERT INTO receipts (account_id,request_key,digest,answer,created_at) VALUES (0," + key +
                           ",'','',0)"));
    return session.ask("DELETE FROM receipts WHERE account_id=0 AND request_key=" + key);
}

Status look(Session& session, const ServerAddress& server, ServerFacts& facts) {
    STOA_CHECK(session.ask("SHOW GLOBAL VARIABLES", into(facts.variables)));
    STOA_CHECK(session.ask("SHOW GLOBAL STATUS", into(facts.status)));
    STOA_CHECK(session.ask("SHOW GRANTS", [&](const Session::Cells&, const Session::Cells& values) {
        facts.grants.push_back(values[0]);
    }));
    facts.encrypted = session.encrypted();
    facts.tracks_commits = session.ask("SET SESSION session_track_system_variables='last_gtid'").ok();
    STOA_CHECK(look_at_clock(session, facts));
    STOA_CHECK(look_at_schema(session, facts));
    look_at_replication(session, facts);
    look_at_disk(server, facts);
    return {};
}

/// Where a trial does no harm: a write to a replica, or to one of two that both take writes, would part them for ever.
std::optional<std::size_t> the_writer(const std::vector<ServerFacts>& servers) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const ServerFacts& server = servers[i];
        if (server.refusal || server.variable("read_only") != "OFF") continue;
        if (server.variable("wsrep_on") == "ON") return server.newest_step ? std::optional(i) : std::nullopt;
        if (found) return std::nullopt;
        found = i;
    }
    if (!found) return std::nullopt;
    const ServerFacts& server = servers[*found];
    return server.newest_step && server.replica.empty() && !server.replica_hidden ? found : std::nullopt;
}

}  // namespace

std::string ServerFacts::variable(std::string_view name) const {
    const auto found = variables.find(name);
    return found == variables.end() ? "" : found->second;
}

std::int64_t ServerFacts::number(std::string_view name) const {
    return to_number(variable(name));
}

std::string ServerFacts::state(std::string_view name) const {
    const auto found = status.find(name);
    return found == status.end() ? "" : found->second;
}

std::vector<ServerFacts> inspect_mariadb(const MariadbOptions& options, bool try_write) {
    const std::vector<ServerAddress> servers = static_topology(options.url.hosts)->view().servers;
    std::vector<ServerFacts> out;
    for (const ServerAddress& server : servers) {
        ServerFacts facts;
        facts.address = server.printable();
        Session session;
        auto status = session.connect(server, options);
        if (status) status = look(session, server, facts);
        if (!status) facts.refusal = status.error();
        out.push_back(std::move(facts));
    }
    if (const auto writer = try_write ? the_writer(out) : std::nullopt) {
        Session session;
        auto status = session.connect(servers[*writer], options);
        if (status) status = write_and_remove(session);
        out[*writer].wrote = true;
        if (!status) out[*writer].write_refusal = status.error();
    }
    return out;
}

}  // namespace stoa::db
