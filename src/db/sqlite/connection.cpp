#include "db/sqlite/connection.hpp"

#include <sqlite3.h>

#include <mutex>

#include "base/log.hpp"
#include "db/sqlite/like.hpp"
#include "db/sqlite/row.hpp"

namespace stoa::db::sqlite {
namespace {

constexpr int kApplicationId = 0x53746F61;  // "Stoa"
constexpr int kPageBytes = 8192;
/// What the log is cut back to after a checkpoint that found no reader in its way.
constexpr int kJournalBytesKept = 64 * 1024 * 1024;

void configure_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        // Each connection belongs to one thread at a time; counting bytes would put one mutex around every malloc.
        sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    });
}

int bind_value(sqlite3_stmt* statement, int index, const Value& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return sqlite3_bind_int64(statement, index, *integer);
    if (const auto* text = std::get_if<std::string>(&value)) {
        return sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    if (const auto* real = std::get_if<double>(&value)) return sqlite3_bind_double(statement, index, *real);
    return sqlite3_bind_null(statement, index);
}

/// Binds every parameter: what an earlier use left behind points to freed memory.
int bind_all(sqlite3_stmt* statement, std::span<const Binding> bindings) {
    if (sqlite3_bind_parameter_count(statement) != static_cast<int>(bindings.size())) return SQLITE_RANGE;
    int index = 0;
    for (const auto& binding : bindings) {
        ++index;
        int code = SQLITE_OK;
        switch (binding.kind) {
            case Binding::Kind::integer:
                code = sqlite3_bind_int64(statement, index, binding.integer);
                break;
            case Binding::Kind::value:
                code = bind_value(statement, index, *binding.value);
                break;
            case Binding::Kind::text:
                code = sqlite3_bind_text64(statement, index, binding.text.data() == nullptr ? "" : binding.text.data(),
                                           binding.text.size(), SQLITE_STATIC, SQLITE_UTF8);
                break;
        }
        if (code != SQLITE_OK) return code;
    }
    return SQLITE_OK;
}

Error open_error(int code, sqlite3* handle, const std::string& path) {
    switch (code & 0xff) {
        case SQLITE_CANTOPEN:
            return invalid("Cannot open the database " + path + ": check that its folder exists and may be written.",
                           "path");
        case SQLITE_NOTADB:
            return invalid("The file " + path + " is not a database: check the configured path.", "path");
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return invalid("The database " + path + " may not be written: check the owner of the file and its folder.",
                           "path");
        default:
            return to_error(code, handle);
    }
}

}  // namespace

Error to_error(int code, sqlite3* handle) {
    const auto log_detail = [&](const char* what_to_do) {
        log::error("database_error",
                   {{"code", code}, {"detail", handle != nullptr ? sqlite3_errmsg(handle) : ""}, {"do", what_to_do}});
    };
    switch (code) {
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_ROWID:
            return {Errc::already_exists, "A record with this key exists already."};
        case SQLITE_CONSTRAINT_TRIGGER:  // the guards of a store that was left (db/transfer)
            return {Errc::unavailable, "This account lives in another database now.", {}, {}, 1};
        default:
            break;
    }
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {Errc::busy, "The database is in use by another program: try again.", {}, {}, 1};
        case SQLITE_FULL:
            log_detail("free disk space");
            return {Errc::unavailable, "The disk is full.", {}, {}, 5};
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PERM:
            log_detail("check the disk and the rights of the database file");
            return {Errc::unavailable, "The database cannot be read or written at the moment.", {}, {}, 5};
        case SQLITE_NOMEM:
            return {Errc::unavailable, "Out of memory.", {}, {}, 1};
        case SQLITE_INTERRUPT:
            return {Errc::timeout, "The query was stopped."};
        case SQLITE_TOOBIG:
            return {Errc::too_large, "A value is too long for the database."};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            log_detail("stop the server, keep a copy of the file, restore the last backup");
            return internal_error("The database is damaged: restore the last backup.");
        default:
            log_detail("report this as a bug");
            return internal_error("The database refused a statement.");
    }
}

Result<std::unique_ptr<Connection>> Connection::open(const ConnectionOptions& options) {
    configure_library();
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (options.create ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(options.path.c_str(), &handle, flags, nullptr);
    std::unique_ptr<Connection> connection(new Connection(handle));
    if (handle == nullptr) return Error{Errc::unavailable, "Out of memory.", {}, {}, 1};
    if (code == SQLITE_OK) {
        sqlite3_extended_result_codes(handle, 1);
        // The first read of the file: tells a database from something else.
        code = sqlite3_exec(handle, "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr);
        // A fresh connection may meet another process that is just starting or recovering.
        if ((code & 0xff) == SQLITE_BUSY) {
            sqlite3_busy_timeout(handle, options.busy_timeout_ms);
            code = sqlite3_exec(handle, "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr);
        }
    }
    if (code != SQLITE_OK) return open_error(code, handle, options.path);
    STOA_CHECK(connection->configure(options));
    return connection;
}

Connection::Connection(sqlite3* handle) : handle_(handle), statements_(std::make_unique<StatementCache>(handle)) {}

Connection::~Connection() {
    statements_.reset();
    sqlite3_close(handle_);
}

Status Connection::configure(const ConnectionOptions& options) {
    sqlite3_busy_timeout(handle_, options.busy_timeout_ms);
    // A misspelt column is an error, never the text of its own name.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    // A tool that only looks must leave the file as it is.
    if (options.query_only) sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    register_like(handle_);

    std::int64_t application_id = 0;
    STOA_CHECK(query("PRAGMA application_id", {}, [&](const Row& row) {
        application_id = row.integer(0);
        return true;
    }));
    if (application_id != 0 && application_id != kApplicationId) {
        return invalid("The file " + options.path + " belongs to another program: check the configured path.", "path");
    }
    if (options.create) {
        STOA_CHECK(run_script("PRAGMA page_size=" + std::to_string(kPageBytes)));
        if (application_id == 0) STOA_CHECK(run_script("PRAGMA application_id=" + std::to_string(kApplicationId)));
        STOA_CHECK(run_script("PRAGMA journal_mode=WAL"));
    }
    return run_script(
        "PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY; PRAGMA secure_delete=FAST;"
        "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=" +
        std::to_string(kJournalBytesKept) + "; PRAGMA cache_size=-" + std::to_string(options.cache_bytes / 1024) +
        (options.query_only ? "; PRAGMA query_only=1" : ""));
}

void Connection::set_busy_timeout(int ms) {
    sqlite3_busy_timeout(handle_, ms);
}

void Connection::release_memory() {
    statements_->shrink(0);
    sqlite3_db_release_memory(handle_);
}

bool Connection::in_transaction() const {
    return sqlite3_get_autocommit(handle_) == 0;
}

Status Connection::check_usable() const {
    if (!transaction_only_ || in_transaction()) return {};
    return Error{Errc::unavailable, "The transaction was lost.", {}, {}, 1};
}

Status Connection::query(std::string_view sql, std::span<const Binding> bindings, RowSink sink) {
    STOA_CHECK(check_usable());
    STOA_TRY(const auto statement, statements_->lease(sql));
    if (const int code = bind_all(statement.get(), bindings); code != SQLITE_OK) return to_error(code, handle_);
    const SqliteRow row(statement.get());
    for (;;) {
        const int code = sqlite3_step(statement.get());
        if (code == SQLITE_DONE) return {};
        if (code != SQLITE_ROW) return to_error(code, handle_);
        if (!sink(row)) return {};
    }
}

Result<std::int64_t> Connection::execute(std::string_view sql, std::span<const Binding> bindings) {
    STOA_CHECK(check_usable());
    STOA_TRY(const auto statement, statements_->lease(sql));
    if (const int code = bind_all(statement.get(), bindings); code != SQLITE_OK) return to_error(code, handle_);
    const auto before = sqlite3_total_changes64(handle_);
    int code = sqlite3_step(statement.get());
    while (code == SQLITE_ROW)
        code = sqlite3_step(statement.get());
    if (code != SQLITE_DONE) return to_error(code, handle_);
    // Without what triggers changed besides; a statement that changes nothing leaves the last count standing.
    return sqlite3_total_changes64(handle_) == before ? 0 : sqlite3_changes64(handle_);
}

Status Connection::run_script(std::string_view sql) {
    STOA_CHECK(check_usable());
    const std::string script(sql);
    const int code = sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return to_error(code, handle_);
    return {};
}

}  // namespace stoa::db::sqlite
