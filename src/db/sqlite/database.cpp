// The embedded driver: reads on the caller's thread, writes on one writer thread.

#include "db/database.hpp"

#include <malloc.h>

#include "db/sqlite/migrator.hpp"
#include "db/sqlite/reader_pool.hpp"
#include "db/sqlite/transaction.hpp"
#include "db/sqlite/writer.hpp"

namespace stoa::db {
namespace sqlite {
namespace {

/// How long the first statement waits for another process; begin() goes on trying until requests expire.
constexpr int kBusyTimeoutMs = 5'000;

/// A read transaction of several statements: they see one state.
class Snapshot {
  public:
    explicit Snapshot(Connection& connection) : connection_(connection) {}
    Status open() {
        if (connection_.in_transaction()) return {};  // inside an outer snapshot: it is the same state
        STOA_CHECK(connection_.execute("BEGIN"));
        open_ = true;
        return {};
    }
    ~Snapshot() {
        if (open_ && connection_.in_transaction()) (void)connection_.execute("COMMIT");
    }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

  private:
    Connection& connection_;
    bool open_ = false;
};

class SqliteDatabase final : public Database {
  public:
    /// Without a connection to write with it is for reading only.
    SqliteDatabase(ConnectionOptions reader, std::unique_ptr<Connection> connection, const SqliteOptions& options)
        : readers_(std::make_shared<ReaderPool>(std::move(reader))) {
        if (connection == nullptr) return;
        Writer::Options writer;
        writer.commit_group_max = options.commit_group_max;
        writer.queue_max = options.write_queue_max;
        // Only for good manners among processes: where the file cannot be made, they push and shove.
        if (auto words = SharedWords::open(options.path)) writer.words = std::move(*words);
        // A portal at rest costs almost nothing: page caches go back to the system.
        writer.when_quiet = [readers = readers_] {
            if (readers->trim_idle()) malloc_trim(0);
        };
        writer_ = std::make_unique<Writer>(std::move(connection), std::move(writer));
    }
    ~SqliteDatabase() override { close_all(); }

    Status read(AccountId account, FunctionRef<Status(Tx&)> fn, const ReadOptions& options) override {
        STOA_TRY(const auto reader, readers_->lease());
        Snapshot snapshot(reader.connection());
        if (options.snapshot) STOA_CHECK(snapshot.open());
        SqliteTx tx(reader.connection(), account);
        return fn(tx);
    }

    void write(WriteRequest request, WriteFn fn, WriteDone done) override {
        if (writer_ == nullptr) return done(Error{Errc::forbidden, "The database was opened for reading only."});
        writer_->submit(std::move(request), std::move(fn), std::move(done));
    }

    Status migrate(const std::vector<Migration>& steps, const std::vector<TableDef>& tables) override {
        return sqlite::migrate(*this, steps, tables);
    }

    Status change_schema(const std::vector<std::string>& statements) override {
        return sqlite::change_schema(*this, statements);
    }

    DatabaseStats stats() const override { return writer_ != nullptr ? writer_->stats() : DatabaseStats{}; }

    void close() override { close_all(); }

  private:
    void close_all() {
        // Readers first: the last connection to close copies the log back and removes it.
        if (writer_ != nullptr) writer_->finish();
        readers_->close();
        if (writer_ != nullptr) writer_->close();
    }

    std::shared_ptr<ReaderPool> readers_;  ///< shared: threads that end later give their connection back
    std::unique_ptr<Writer> writer_;       ///< null when opened for reading only
};

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options) {
    using namespace sqlite;
    ConnectionOptions reader{options.path, options.cache_bytes, false, true, kBusyTimeoutMs};
    if (options.read_only) {
        STOA_TRY(auto probe, Connection::open(reader));
        return std::unique_ptr<Database>(std::make_unique<SqliteDatabase>(std::move(reader), nullptr, options));
    }
    STOA_TRY(auto connection, Connection::open({options.path, options.cache_bytes, true, false, kBusyTimeoutMs}));
    return std::unique_ptr<Database>(
        std::make_unique<SqliteDatabase>(std::move(reader), std::move(connection), options));
}

}  // namespace stoa::db
