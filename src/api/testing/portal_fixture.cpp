#include "api/testing/portal_fixture.hpp"

#include <cstdlib>

#include "api/file_input.hpp"
#include "json/parse.hpp"
#include "model/migrations.hpp"

namespace stoa::api::testing {

struct PortalFixture::Parts {
    explicit Parts(PortalFixture& portal)
        : metadata(portal.registry, 100),
          policy(portal.registry),
          outbox(*portal.database),
          pushes(*portal.database),
          model{portal.registry, metadata, policy, outbox, pushes, portal.clock},
          services{model, portal.methods, "test"} {}

    model::MetadataCache metadata;
    access::RolePolicy policy;
    model::Outbox outbox;
    model::PushOutbox pushes;
    model::ModelServices model;
    Services services;
};

PortalFixture::PortalFixture() = default;

PortalFixture::~PortalFixture() {
    if (database) database->close();
    parts_.reset();
    database.reset();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void PortalFixture::open(const std::function<Status(model::Registry&)>& add_entities,
                         const std::function<void(MethodTable&)>& add_methods) {
    std::string pattern = (std::filesystem::temp_directory_path() / "stoa-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    const Status entities = add_entities(registry);
    ASSERT_TRUE(entities.ok()) << entities.error().message;
    add_entity_methods(methods, registry);
    add_methods(methods);

    db::SqliteOptions options;
    options.path = (folder_ / "stoa.db").string();
    auto opened = db::open_sqlite(options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    database = std::move(*opened);
    std::vector<db::Migration> steps = db::core_migrations();
    steps.insert(steps.end(), model::migrations().begin(), model::migrations().end());
    const Status migrated = database->migrate(steps, registry.tables());
    ASSERT_TRUE(migrated.ok()) << migrated.error().message;
    parts_ = std::make_unique<Parts>(*this);
    create_account(1);
    actor.account = 1;
    actor.user = 1;
    actor.role = model::Role::admin;
}

void PortalFixture::create_account(AccountId account) {
    auto written = database->write_and_wait({.account = account}, [&](db::WriteTx& tx) -> Result<std::string> {
        const db::Value row[] = {account, account_time_zone, clock.now()};
        auto inserted = tx.raw().execute(
            "INSERT INTO accounts (account_id, name, url, member_id, language, currency, time_zone, status, is_demo,"
            " first_run, created_at) VALUES (?1, 'Test', 'https://127.0.0.1', '00', 'en', 'EUR', ?2, 'active', 0, 0, "
            "?3)",
            row);
        if (!inserted) return inserted.error();
        return std::string();
    });
    ASSERT_TRUE(written.ok()) << written.error().message;
}

Result<json::Value> PortalFixture::try_call(std::string_view name, std::string_view parameters_json, Wire wire) {
    const Method* method = methods.find(wire, name);
    if (!method) return not_found("no method " + std::string(name));
    STOA_TRY(json::Value parameters, json::parse(parameters_json));
    std::vector<model::StoredContent> uploads;
    if (method->files) STOA_CHECK(take_files(*method, parameters, uploads));
    std::string out;
    Identity identity;
    identity.actor = actor;
    identity.all_scopes = true;
    last_total = last_next = -1;
    const auto run = [&](model::Records& records) -> Status {
        out.clear();
        Call call{parts_->services, identity, records, Params(parameters), json::Writer(out)};
        call.uploads = uploads;
        STOA_CHECK(method->handler(call));
        last_total = call.total.value_or(-1);
        last_next = call.next.value_or(-1);
        return {};
    };
    Status done;
    const auto run_write = [&] {
        auto written =
            database->write_and_wait({.account = actor.account}, [&](db::WriteTx& tx) -> Result<std::string> {
                STOA_TRY(auto metadata, parts_->metadata.load(tx));
                model::Records records(parts_->model, tx, actor, metadata);
                STOA_CHECK(run(records));
                return std::string();
            });
        done = written ? Status() : Status(written.error());
    };
    if (method->effect == Effect::write) {
        run_write();
    } else {
        done = database->read(actor.account, [&](db::Tx& tx) -> Status {
            STOA_TRY(auto metadata, parts_->metadata.load(tx));
            model::Records records(parts_->model, tx, actor, metadata);
            return run(records);
        });
        if (!done && is_needs_write(done.error())) run_write();
    }
    STOA_CHECK(done);
    auto parsed = json::parse(out);
    if (!parsed) return internal_error("no JSON: " + out);
    return parsed;
}

/// As the wire does it, but for the bytes themselves: what is named here is in no store.
Status PortalFixture::take_files(const Method& method, json::Value& parameters,
                                 std::vector<model::StoredContent>& uploads) {
    std::vector<FileContent> contents;
    STOA_CHECK(database->read(actor.account, [&](db::Tx& tx) -> Status {
        STOA_TRY(const auto metadata, parts_->metadata.load(tx));
        FileSearch search(parameters, registry, *metadata);
        method.files(search);
        return search.finish(contents);
    }));
    auto noted = database->write_and_wait({.account = actor.account}, [&](db::WriteTx& tx) -> Result<std::string> {
        uploads.clear();
        for (const FileContent& content : contents) {
            STOA_TRY(std::string blob, model::note_blob(tx, content.sha256, clock.now()));
            uploads.push_back({std::move(blob), content.name, std::string(content.content_type),
                               static_cast<std::int64_t>(content.bytes->size())});
        }
        return std::string();
    });
    return noted ? Status() : Status(noted.error());
}

json::Value PortalFixture::call(std::string_view method, std::string_view parameters_json, Wire wire) {
    auto result = try_call(method, parameters_json, wire);
    if (!result) {
        ADD_FAILURE() << method << " " << parameters_json << ": " << result.error().message << " (field '"
                      << result.error().field << "')";
        return {};
    }
    return std::move(*result);
}

Error PortalFixture::error_of(std::string_view method, std::string_view parameters_json, Wire wire) {
    auto result = try_call(method, parameters_json, wire);
    if (result) {
        ADD_FAILURE() << method << " " << parameters_json << " should fail";
        return {};
    }
    return result.error();
}

void PortalFixture::write(const std::function<Status(model::Records&)>& fn) {
    auto written = database->write_and_wait({.account = actor.account}, [&](db::WriteTx& tx) -> Result<std::string> {
        STOA_TRY(auto metadata, parts_->metadata.load(tx));
        model::Records records(parts_->model, tx, actor, metadata);
        STOA_CHECK(fn(records));
        return std::string();
    });
    EXPECT_TRUE(written.ok()) << written.error().message;
}

void PortalFixture::read(const std::function<Status(model::Records&)>& fn) {
    const Status done = database->read(actor.account, [&](db::Tx& tx) -> Status {
        STOA_TRY(auto metadata, parts_->metadata.load(tx));
        model::Records records(parts_->model, tx, actor, metadata);
        return fn(records);
    });
    EXPECT_TRUE(done.ok()) << done.error().message;
}

std::vector<std::string> PortalFixture::events() {
    std::vector<std::string> names;
    auto taken = parts_->outbox.take(10'000);
    EXPECT_TRUE(taken.ok());
    for (const model::Event& event : *taken)
        names.push_back(event.name);
    return names;
}

}  // namespace stoa::api::testing
