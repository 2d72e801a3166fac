#include "app/portal.hpp"

#include <algorithm>
#include <cstdlib>

#include "api/crud.hpp"
#include "app/drive_bridge.hpp"
#include "app/push_key.hpp"
#include "app_data.hpp"
#include "db/transfer/move.hpp"
#include "model/migrations.hpp"
#include "modules/accounts/module.hpp"
#include "modules/chat/module.hpp"
#include "modules/crm/module.hpp"
#include "modules/drive/module.hpp"
#include "modules/mail/module.hpp"
#include "modules/notify/module.hpp"
#include "modules/people/module.hpp"
#include "modules/pull/module.hpp"
#include "modules/stream/module.hpp"
#include "modules/tasks/module.hpp"
#include "modules/timeman/module.hpp"
#include "rest/wire_methods.hpp"

namespace stoa::app {

namespace {

constexpr std::size_t kCachedAccountsMax = 1'000;

}  // namespace

const char* const kVersion = STOA_VERSION;

std::vector<db::Migration> all_migrations() {
    std::vector<db::Migration> steps = db::core_migrations();
    const auto append = [&](const std::vector<db::Migration>& more) {
        steps.insert(steps.end(), more.begin(), more.end());
    };
    append(model::migrations());
    append(accounts::migrations());
    constexpr std::string_view kFolder = "migrations/";
    for (const base::EmbeddedFile& file : data::embedded_files()) {
        if (!file.name.starts_with(kFolder)) continue;
        const std::string name(file.name.substr(kFolder.size()));
        steps.push_back({std::atoi(name.c_str()), name, std::string(file.bytes)});
    }
    std::sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    return steps;
}

Portal::Portal() : user_bridge_(revocations_) {}

Portal::~Portal() {
    if (database_) database_->close();
}

Result<std::unique_ptr<Portal>> Portal::open(const Config& config, bool create) {
    std::unique_ptr<Portal> portal(new Portal());
    STOA_CHECK(portal->register_all());
    STOA_CHECK(portal->open_store(config, create));
    STOA_CHECK(portal->share_with_others(config));
    return portal;
}

/// The one place that knows every module.
Status Portal::register_all() {
    STOA_CHECK(accounts::register_entities(registry_));
    STOA_CHECK(people::register_entities(registry_, &user_bridge_));
    STOA_CHECK(crm::register_entities(registry_, &crm_bridge_));
    STOA_CHECK(tasks::register_entities(registry_, &task_bridge_));
    STOA_CHECK(timeman::register_entities(registry_));
    STOA_CHECK(mail::register_entities(registry_));
    STOA_CHECK(drive::register_entities(registry_));
    STOA_CHECK(chat::register_entities(registry_));
    STOA_CHECK(notify::register_entities(registry_));
    STOA_CHECK(stream::register_entities(registry_, &stream_bridge_));
    STOA_CHECK(rest::register_entities(registry_));
    api::add_entity_methods(methods_, registry_);
    rest::add_methods(methods_);
    accounts::add_methods(methods_);
    people::add_methods(methods_);
    crm::add_methods(methods_);
    tasks::add_methods(methods_);
    timeman::add_methods(methods_);
    mail::add_methods(methods_);
    drive::add_methods(methods_);
    pull::add_methods(methods_);
    chat::add_methods(methods_);
    notify::add_methods(methods_);
    stream::add_methods(methods_, keep_in_drive);
    return {};
}

Status Portal::open_store(const Config& config, bool create) {
    STOA_TRY(database_, app::open_store(config, create));
    if (config.database.url.scheme.empty()) store_file_ = store_file(config);
    STOA_CHECK(database_->migrate(all_migrations(), registry_.tables()));
    return open_services();
}

Result<bool> Portal::end_forgotten_move(UnixSeconds now) {
    if (store_file_.empty()) return false;
    return db::transfer::end_forgotten_capture(database_->local(), store_file_, now);
}

Result<Schema> Portal::schema() {
    Portal portal;
    STOA_CHECK(portal.register_all());
    return Schema{all_migrations(), portal.registry_.tables()};
}

Status Portal::open_services() {
    policy_ = std::make_unique<access::RolePolicy>(registry_);
    metadata_ = std::make_unique<model::MetadataCache>(registry_, kCachedAccountsMax);
    outbox_ = std::make_unique<model::Outbox>(*database_);
    pushes_ = std::make_unique<model::PushOutbox>(*database_);
    model_.reset(new model::ModelServices{registry_, *metadata_, *policy_, *outbox_, *pushes_, system_clock()});
    accounts_.reset(new accounts::Services{*database_, *model_, revocations_});
    access_bridge_.open(*accounts_);
    api_.reset(new api::Services{*model_, methods_, kVersion});
    return {};
}

Result<api::PushChannels> Portal::open_push(const Config& config) {
    STOA_TRY(std::string key, push_key(config));
    push_channels_ = std::make_unique<api::PushChannels>(std::move(key));
    api_->push = push_channels_.get();
    return *push_channels_;
}

/// With several processes on one database, each must hear what the others change. (One process needs none of it, and on
/// the embedded store a look-up costs less than asking a shared cache.)
Status Portal::share_with_others(const Config& config) {
    STOA_TRY(const EngineUrl bus, bus_address(config));
    if (bus.scheme.empty()) return {};
    STOA_TRY(bus_, bus::open(bus));
    STOA_CHECK(metadata_->share(*bus_));
    if (!config.cache.url.scheme.empty() && database_->blocks()) {
        STOA_TRY(const EngineUrl url, address_of(config.cache.url, config.cache.password_file, "cache.password_file"));
        STOA_TRY(cache_, cache::open(url));
        if (cache_->is_shared()) identities_ = std::make_unique<accounts::SharedIdentities>(*cache_);
    }
    return revocations_.share(*bus_, identities_.get());
}

}  // namespace stoa::app
