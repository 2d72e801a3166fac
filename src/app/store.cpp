#include "app/store.hpp"

#include <algorithm>
#include <filesystem>

#include "base/file_util.hpp"
#include "base/thread_numbers.hpp"
#include "cache/causal_database.hpp"
#include "cluster/database/topology.hpp"

namespace stoa::app {

namespace {

constexpr std::size_t kPageCacheBytes = 4 * 1024 * 1024;  ///< per connection; the system's file cache is behind it
constexpr std::string_view kFileScheme = "sqlite:";
constexpr std::uint16_t kMariadbPort = 3306;

/// Replicas answer only when processes can tell each other, through Redis, how far each account's writes got: otherwise
/// one process could not show what another one has just saved.
Result<std::unique_ptr<db::Database>> with_replicas(const Config& config, std::unique_ptr<db::Database> database) {
    STOA_TRY(const EngineUrl url, bus_address(config));
    if (url.scheme.empty()) return database;
    STOA_TRY(auto tokens, cache::open_causal_tokens(url));
    return cache::make_causal_database(std::move(database), std::move(tokens));
}

/// The elected primary, when a cluster elects one; only for the store of the configuration, which is the cluster's own.
std::shared_ptr<db::Topology> elected_topology(const Config& config, const EngineUrl& url) {
    const bool is_own = url.hosts == config.database.url.hosts;
    if (config.cluster.name.empty() || !is_own) return nullptr;
    std::vector<std::string> servers;
    for (const EngineUrl::Host& host : url.hosts)
        servers.push_back(db::ServerAddress{host.name, host.port != 0 ? host.port : kMariadbPort}.printable());
    return std::make_shared<cluster::database::EtcdTopology>(
        config.cluster.name, cluster::etcd::ClientOptions{.endpoints = config.cluster.etcd}, std::move(servers));
}

Result<std::unique_ptr<db::Database>> open_mariadb(const Config& config, const EngineUrl& url,
                                                   const std::string& password_file, std::string_view key) {
    const Config::Database& wanted = config.database;
    db::MariadbOptions options;
    STOA_TRY(options.url, address_of(url, password_file, key));
    options.tls_ca = wanted.tls_ca;
    options.connections = static_cast<int>(database_sessions(config));
    options.writers = wanted.writers;
    options.hold_ms = wanted.hold_ms;
    options.replica_lag_max_ms = wanted.replica_lag_max_ms;
    options.replica_wait_ms = wanted.replica_wait_ms;
    options.topology = elected_topology(config, options.url);
    STOA_TRY(auto database, db::open_mariadb(options));
    return with_replicas(config, std::move(database));
}

Result<std::unique_ptr<db::Database>> open_file(const std::string& path) {
    db::SqliteOptions options;
    options.path = path;
    options.cache_bytes = kPageCacheBytes;
    return db::open_sqlite(options);
}

}  // namespace

std::string store_file(const Config& config) {
    return config.data_dir + "/stoa.db";
}

Result<EngineUrl> bus_address(const Config& config) {
    const auto is_redis = [](const EngineUrl& url) { return url.scheme.starts_with("redis"); };
    if (is_redis(config.bus.url)) return address_of(config.bus.url, config.bus.password_file, "bus.password_file");
    if (!config.bus.url.scheme.empty() || !is_redis(config.cache.url)) return EngineUrl();
    return address_of(config.cache.url, config.cache.password_file, "cache.password_file");
}

Result<std::unique_ptr<db::Homes>> open_store(const Config& config, bool create) {
    const auto opener = [config](const db::HomeAddress& home) { return open_home(config, home); };
    if (!config.database.url.scheme.empty()) {
        STOA_TRY(auto database,
                 open_mariadb(config, config.database.url, config.database.password_file, "database.password_file"));
        return db::Homes::open(std::move(database), {}, opener);
    }
    const std::string path = store_file(config);
    std::error_code error;
    if (create) {
        STOA_CHECK(make_dir(config.data_dir, 0700));
    } else if (!std::filesystem::exists(path, error)) {
        return not_found("There is no portal in " + config.data_dir + ". Make one: stoa account create --data " +
                         config.data_dir);
    }
    STOA_TRY(auto database, open_file(path));
    return db::Homes::open(std::move(database), path, opener);
}

Result<db::transfer::Engine> engine_of(const std::string& address) {
    if (address.starts_with(kFileScheme)) {
        if (address.size() > kFileScheme.size() && address[kFileScheme.size()] == '/')
            return db::transfer::Engine::sqlite;
        return invalid("Write a file as sqlite:/path/to/file.db.", "to");
    }
    auto url = parse_engine_url(address);
    if (!url) return Error{Errc::invalid_argument, url.error().message, "to"};
    if (url->scheme == "mariadb") return db::transfer::Engine::mariadb;
    return invalid("Data can move to mariadb://user@host/schema or to sqlite:/path.", "to");
}

Result<std::unique_ptr<db::Database>> open_home(const Config& config, const db::HomeAddress& home) {
    STOA_TRY(const auto engine, engine_of(home.address));
    if (engine == db::transfer::Engine::sqlite) return open_file(home.address.substr(kFileScheme.size()));
    STOA_TRY(const EngineUrl url, parse_engine_url(home.address));
    return open_mariadb(config, url, home.password_file, "password-file");
}

}  // namespace stoa::app
