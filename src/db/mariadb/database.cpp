// The MariaDB driver: reads on the caller's thread over pooled sessions, writes on a few writer threads.

#include "db/database.hpp"

#include "base/clock.hpp"
#include "db/mariadb/read_session.hpp"
#include "db/mariadb/schema.hpp"
#include "db/mariadb/servers.hpp"
#include "db/mariadb/writer.hpp"

namespace stoa::db {
namespace mariadb {
namespace {

/// Topologies may outlive the driver.
class SharedTopology final : public Topology {
  public:
    explicit SharedTopology(std::shared_ptr<Topology> topology) : topology_(std::move(topology)) {}
    TopologyView view() override { return topology_->view(); }
    void on_change(std::function<void()> changed) override { topology_->on_change(std::move(changed)); }

  private:
    std::shared_ptr<Topology> topology_;
};

bool is_galera(const MariadbOptions& options) {
    return options.url.parameter("mode") == "galera";
}

class MariadbDatabase final : public Database {
  public:
    MariadbDatabase(const MariadbOptions& options, std::unique_ptr<Servers> servers)
        : hold_us_(options.hold_ms * 1000LL),
          replica_wait_us_(options.replica_wait_ms * 1000LL),
          servers_(std::move(servers)),
          writer_(*servers_, {options.writers, options.write_queue_max, options.commit_group_max, is_galera(options)}) {
    }
    ~MariadbDatabase() override { close_all(); }

    Status read(AccountId account, FunctionRef<Status(Tx&)> fn, const ReadOptions& options) override {
        const std::int64_t time_us = options.timeout_ms > 0 ? options.timeout_ms * 1000LL : hold_us_;
        ReadSession session(*servers_, options, {system_clock().monotonic_us() + time_us, replica_wait_us_});
        if (options.snapshot) return session.run_snapshot(account, fn);
        MariadbTx tx(session, account);
        return fn(tx);
    }

    void write(WriteRequest request, WriteFn fn, WriteDone done) override {
        writer_.submit(std::move(request), std::move(fn), std::move(done));
    }

    Status migrate(const std::vector<Migration>& steps, const std::vector<TableDef>& tables) override {
        STOA_TRY(const auto lease, servers_->primary(Purpose::write, system_clock().monotonic_us() + hold_us_));
        return mariadb::migrate(*lease, steps, tables);
    }

    Status change_schema(const std::vector<std::string>& statements) override {
        STOA_TRY(const auto lease, servers_->primary(Purpose::write, system_clock().monotonic_us() + hold_us_));
        return mariadb::change_schema(*lease, statements);
    }

    DatabaseStats stats() const override { return writer_.stats(); }
    bool blocks() const override { return true; }
    bool has_replicas() const override { return servers_->has_replicas(); }
    void when_replicas_have(const CommitToken& token, std::function<void()> then) override {
        servers_->when_replicas_have(token, std::move(then));
    }
    void close() override { close_all(); }

  private:
    void close_all() {
        writer_.close();
        servers_->close();
    }

    const std::int64_t hold_us_;
    const std::int64_t replica_wait_us_;
    std::unique_ptr<Servers> servers_;
    Writer writer_;
};

}  // namespace
}  // namespace mariadb

Result<std::unique_ptr<Database>> open_mariadb(const MariadbOptions& options) {
    using namespace mariadb;
    if (options.url.scheme != "mariadb" || options.url.path.empty() || options.url.hosts.empty()) {
        return invalid("The database address is not like mariadb://user@host:3306/schema: " + options.url.printable(),
                       "database.url");
    }
    ServersOptions servers;
    servers.credentials = {options.url.user, options.password.empty() ? options.url.password : options.password,
                           options.url.path, options.tls_ca};
    servers.galera = is_galera(options);
    servers.connections_per_server = static_cast<std::size_t>(std::max(options.connections, options.writers));
    servers.replica_lag_max_ms = options.replica_lag_max_ms;
    std::unique_ptr<Topology> topology;
    if (options.topology != nullptr) {
        topology = std::make_unique<SharedTopology>(options.topology);
    } else {
        topology = static_topology(options.url.hosts);
    }
    auto known = std::make_unique<Servers>(std::move(servers), std::move(topology));
    {
        auto probe = known->primary(Purpose::read, system_clock().monotonic_us() + options.open_timeout_ms * 1000LL);
        if (!probe) return std::move(probe).error();
    }
    return std::unique_ptr<Database>(std::make_unique<MariadbDatabase>(options, std::move(known)));
}

}  // namespace stoa::db
