// What it costs to know a caller: the hot path of every REST call.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "access/policy.hpp"
#include "model/migrations.hpp"
#include "modules/accounts/authenticator.hpp"
#include "modules/accounts/directory.hpp"
#include "modules/accounts/module.hpp"
#include "modules/accounts/secrets.hpp"
#include "modules/accounts/webhooks.hpp"

namespace stoa::accounts {
namespace {

constexpr const char* kUser = R"({
  "name": "user", "table": "users", "access": "people",
  "fields": [{"name": "ID", "type": "id"}, {"name": "ACTIVE", "type": "boolean", "default": "1"}, {"name": "NAME"},
             {"name": "LAST_NAME"}, {"name": "EMAIL"}, {"name": "ROLE"}, {"name": "LANGUAGE_ID"}, {"name": "TIME_ZONE"},
             {"name": "PERSONAL_GENDER"},
             {"name": "UF_DEPARTMENT", "type": "links", "target": "user", "link_table": "user_departments"}]
})";

/// A store with one account, one user, one webhook. Broken set-up ends the benchmark.
struct Store {
    Store() {
        std::string pattern = (std::filesystem::temp_directory_path() / "stoa-bench-XXXXXX").string();
        folder = mkdtemp(pattern.data());
        if (!registry.add(kUser) || !register_entities(registry)) std::abort();
        db::SqliteOptions options;
        options.path = (folder / "stoa.db").string();
        database = *db::open_sqlite(options);
        std::vector<db::Migration> steps = db::core_migrations();
        steps.insert(steps.end(), model::migrations().begin(), model::migrations().end());
        steps.insert(steps.end(), migrations().begin(), migrations().end());
        if (!database->migrate(steps, registry.tables())) std::abort();
        policy = std::make_unique<access::RolePolicy>(registry);
        metadata = std::make_unique<model::MetadataCache>(registry, 10);
        outbox = std::make_unique<model::Outbox>(*database);
        pushes = std::make_unique<model::PushOutbox>(*database);
        model.reset(new model::ModelServices{registry, *metadata, *policy, *outbox, *pushes, system_clock()});
        services.reset(new Services{*database, *model, revocations});
        const Status written = services->write(1, [this](db::WriteTx& tx) -> Status {
            NewAccount account;
            account.name = "Bench";
            account.url = "https://127.0.0.1";
            STOA_CHECK(insert_account(tx, account, services->now()));
            STOA_TRY(model::Records records, services->records(tx, model::Actor::make_system(1)));
            model::Changes user(registry.entity("user"));
            user.set("ROLE", std::string("employee"));
            STOA_TRY(const UserId id, records.add(std::move(user)));
            STOA_TRY(const std::int64_t webhook,
                     insert_webhook(tx, code, id, "Bench", {"crm", "task"}, services->now()));
            (void)webhook;
            return {};
        });
        if (!written) std::abort();
    }
    ~Store() {
        database->close();
        std::filesystem::remove_all(folder);
    }

    std::filesystem::path folder;
    const std::string code = new_secret();
    Revocations revocations;
    UsageNotes notes;
    model::Registry registry;
    std::unique_ptr<db::Database> database;
    std::unique_ptr<access::RolePolicy> policy;
    std::unique_ptr<model::MetadataCache> metadata;
    std::unique_ptr<model::Outbox> outbox;
    std::unique_ptr<model::PushOutbox> pushes;
    std::unique_ptr<model::ModelServices> model;
    std::unique_ptr<Services> services;
};

void known_webhook(benchmark::State& state) {
    Store store;
    AccountAuthenticator authenticator(*store.services, store.notes);
    for (auto _ : state)
        benchmark::DoNotOptimize(authenticator.by_webhook(1, store.code));
}
BENCHMARK(known_webhook);

void forgotten_webhook(benchmark::State& state) {
    Store store;
    AccountAuthenticator authenticator(*store.services, store.notes);
    for (auto _ : state) {
        store.revocations.revoke(1);
        benchmark::DoNotOptimize(authenticator.by_webhook(1, store.code));
    }
}
BENCHMARK(forgotten_webhook);

}  // namespace
}  // namespace stoa::accounts
