#pragma once
// Portal: the program without its wires: store, registry, modules, methods. Commands and the server use the same one.
// Made once on the main thread; its parts say for themselves which threads may use them.

#include <memory>
#include <string>

#include "access/policy.hpp"
#include "api/call.hpp"
#include "api/method.hpp"
#include "api/push_channels.hpp"
#include "app/access_bridge.hpp"
#include "app/crm_bridge.hpp"
#include "app/store.hpp"
#include "app/stream_bridge.hpp"
#include "app/task_bridge.hpp"
#include "app/user_bridge.hpp"
#include "base/config.hpp"
#include "bus/bus.hpp"
#include "cache/cache.hpp"
#include "model/metadata.hpp"
#include "model/outbox.hpp"
#include "model/records.hpp"
#include "model/registry.hpp"
#include "modules/accounts/revocations.hpp"
#include "modules/accounts/services.hpp"
#include "modules/accounts/shared_identities.hpp"

namespace stoa::app {

extern const char* const kVersion;

struct Schema {
    std::vector<db::Migration> steps;
    std::vector<db::TableDef> tables;
};

class Portal {
  public:
    /// Opens the configured database, by default DATA_DIR/stoa.db (making the folder when `create`), applies what
    /// migrations are missing, registers all modules. Errors: not_found (no store there), and those of the store.
    static Result<std::unique_ptr<Portal>> open(const Config& config, bool create);
    /// What a store of this program must have, without opening one.
    static Result<Schema> schema();
    ~Portal();
    Portal(const Portal&) = delete;
    Portal& operator=(const Portal&) = delete;

    db::Database& database() { return *database_; }
    const db::Homes& homes() const { return *database_; }
    /// Null: this process is the only one.
    bus::Bus* bus() const { return bus_.get(); }
    /// For whoever serves: clients are told of the push server from now on. Before any method is called.
    Result<api::PushChannels> open_push(const Config& config);
    /// A move out of the embedded store that nobody works on any more no longer notes changes. True if there was one.
    Result<bool> end_forgotten_move(UnixSeconds now);
    const model::ModelServices& model() const { return *model_; }
    const accounts::Services& accounts() const { return *accounts_; }
    const api::Services& api() const { return *api_; }
    /// What other processes found out about credentials; null when nothing is shared.
    accounts::SharedIdentities* identities() const { return identities_.get(); }

  private:
    Portal();
    Status register_all();
    Status open_store(const Config& config, bool create);
    Status open_services();
    Status share_with_others(const Config& config);

    std::unique_ptr<bus::Bus> bus_;  ///< null: this process is the only one
    std::unique_ptr<cache::Cache> cache_;
    accounts::Revocations revocations_;
    UserBridge user_bridge_;
    StreamBridge stream_bridge_;
    AccessBridge access_bridge_;
    TaskBridge task_bridge_{access_bridge_};
    CrmBridge crm_bridge_{access_bridge_};
    model::Registry registry_;
    api::MethodTable methods_;
    std::unique_ptr<access::RolePolicy> policy_;
    std::unique_ptr<db::Homes> database_;
    std::string store_file_;  ///< of the embedded store; empty without one
    std::unique_ptr<model::MetadataCache> metadata_;
    std::unique_ptr<model::Outbox> outbox_;
    std::unique_ptr<model::PushOutbox> pushes_;
    std::unique_ptr<model::ModelServices> model_;
    std::unique_ptr<accounts::Services> accounts_;
    std::unique_ptr<api::PushChannels> push_channels_;
    std::unique_ptr<api::Services> api_;
    std::unique_ptr<accounts::SharedIdentities> identities_;  ///< last: its thread calls revocations_
};

/// All numbered steps of the program, in order.
std::vector<db::Migration> all_migrations();

}  // namespace stoa::app
