#pragma once
// The databases of a portal: the configured one and the homes of accounts that moved away. Functions; may block.

#include <memory>
#include <string>

#include "base/config.hpp"
#include "db/homes/homes.hpp"
#include "db/transfer/table_shape.hpp"

namespace stoa::app {

/// DATA_DIR/stoa.db
std::string store_file(const Config& config);
/// The configured database, by default store_file() (its folder is made when `create`), with its homes; migrate() comes
/// next. Errors: not_found (no store there), and those of the engine.
Result<std::unique_ptr<db::Homes>> open_store(const Config& config, bool create);

/// The Redis through which processes tell each other what they change: that of the bus, or the one of the cache when no
/// bus is configured. Without a scheme: none, this process is the only one. Errors: those of address_of().
Result<EngineUrl> bus_address(const Config& config);

/// A home by its address: mariadb://…, or sqlite:/path for another file. `config` says how (sessions, TLS, deadlines).
Result<std::unique_ptr<db::Database>> open_home(const Config& config, const db::HomeAddress& home);
/// Errors: invalid_argument for an address that cannot be a home.
Result<db::transfer::Engine> engine_of(const std::string& address);

}  // namespace stoa::app
