#include "rest/testing/wire_fixture.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "db/contract/test_mariadb.hpp"
#include "json/parse.hpp"
#include "model/migrations.hpp"
#include "net/test_client.hpp"
#include "rest/wire_methods.hpp"

namespace stoa::rest::testing {
namespace {

constexpr const char* kBook = R"({
  "name": "lib.book", "table": "books", "scope": "lib", "access": "crm.book", "title": {"en": "Book"},
  "events": {"add": "ONBOOKADD", "update": "ONBOOKUPDATE", "delete": "ONBOOKDELETE", "other": ["onBookLent"]},
  "v2": {"prefix": "lib.book", "methods": ["add", "get", "list", "update", "delete", "fields"]},
  "v3": {"prefix": "lib.book", "methods": ["add", "get", "list", "update", "delete"]},
  "fields": [
    {"name": "ID", "type": "id"},
    {"name": "TITLE", "type": "string", "length": 100, "required": true},
    {"name": "PAGES", "type": "integer"}
  ]
})";

std::shared_ptr<api::Identity> person(AccountId account, UserId user, model::Role role) {
    auto identity = std::make_shared<api::Identity>();
    identity->actor.account = account;
    identity->actor.user = user;
    identity->actor.role = role;
    identity->scopes = {"lib"};
    identity->through = api::Through::webhook;
    identity->credential_id = user;
    return identity;
}

Error no(std::string code) {
    return {Errc::unauthorized, "No entry.", {}, std::move(code)};
}

Status echo(api::Call& call) {
    call.out.value(call.params.value());
    return {};
}

Status echo_position(api::Call& call) {
    call.out.begin_array();
    for (std::size_t i = 0; const json::Value* value = call.params.at(i); ++i)
        call.out.value(*value);
    call.out.end_array();
    return {};
}

Status fail(api::Call& call) {
    STOA_TRY(const std::string kind, call.params.text("kind"));
    STOA_TRY(const std::string code, call.params.text_or("code", ""));
    call.out.begin_array().integer(1);  // half an answer, to be thrown away
    if (kind == "throw") throw std::runtime_error("secret detail");
    for (int i = 0; i <= static_cast<int>(Errc::internal); ++i) {
        const auto errc = static_cast<Errc>(i);
        if (to_string(errc) == kind) return Error{errc, errc == Errc::internal ? "secret detail" : "", "f", code};
    }
    return {};
}

Status nothing(api::Call&) {
    return {};
}

}  // namespace

FakeAuthenticator::Found FakeAuthenticator::by_webhook(UserId user, std::string_view code) {
    if (user == 9 && code == "foreign") return Found(person(2, 1, model::Role::admin));
    if (user == 2 && code == "other") return Found(person(1, 2, model::Role::employee));
    if (user != 1 || code != "secret") {
        return Error{Errc::unauthorized, "Invalid request credentials", {}, "INVALID_CREDENTIALS"};
    }
    auto identity = person(1, 1, model::Role::admin);
    identity->scopes.push_back("placement");
    return Found(std::move(identity));
}

FakeAuthenticator::Found FakeAuthenticator::by_token(std::string_view token) {
    if (token == "tok-old") return no("expired_token");
    if (token != "tok-app" && token != "tok-user") return no("invalid_token");
    auto identity =
        person(1, token == "tok-app" ? 1 : 2, token == "tok-app" ? model::Role::admin : model::Role::employee);
    identity->through = api::Through::application;
    identity->client_id = "app.1";
    identity->credential_id = 70;
    identity->scopes.push_back("placement");
    return Found(std::move(identity));
}

FakeAuthenticator::Found FakeAuthenticator::by_session(std::string_view cookie, std::string_view csrf) {
    if (cookie != "sess" || csrf != "ok") return no("NO_AUTH_FOUND");
    auto identity = person(1, 1, model::Role::admin);
    identity->through = api::Through::session;
    identity->all_scopes = true;
    return Found(std::move(identity));
}

FakeAuthenticator::Found FakeAuthenticator::by_signed_link(AccountId account, UserId user) {
    if (user != 1) return no("NO_AUTH_FOUND");
    auto identity = person(account, user, model::Role::admin);
    identity->through = api::Through::session;
    identity->all_scopes = true;
    return Found(std::move(identity));
}

Result<api::Authenticator::EventAuth> FakeAuthenticator::issue_event_auth(AccountId, std::string_view client_id,
                                                                          UserId user) {
    if (client_id != "app.1") return not_found("There is no such application.");
    EventAuth auth;
    auth.client_id = client_id;
    auth.application_token = "apptoken";
    auth.scope = "lib";
    if (user > 0) auth.access_token = "access-" + std::to_string(user);
    auth.expires_at = system_clock().now() + 3'600;
    return auth;
}

std::string Reply::header(std::string_view name) const {
    const std::string mark = "\r\n" + std::string(name) + ": ";
    const auto at = head.find(mark);
    if (at == head.npos) return {};
    const auto start = at + mark.size();
    return head.substr(start, head.find("\r\n", start) - start);
}

WireFixture::WireFixture() = default;

WireFixture::~WireFixture() {
    if (server) server->stop();
    if (workers) workers->stop();
    if (database) database->close();
    server.reset();
    endpoint.reset();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void WireFixture::open(RestOptions options) {
    ASSERT_TRUE(registry.add(kBook).ok());
    const Status entities = register_entities(registry);
    ASSERT_TRUE(entities.ok()) << entities.error().message;
    api::add_entity_methods(methods, registry);
    add_methods(methods);
    add_test_methods();
    open_store();
    ASSERT_TRUE(database);
    policy_ = std::make_unique<access::RolePolicy>(registry);
    metadata_ = std::make_unique<model::MetadataCache>(registry, 100);
    outbox_ = std::make_unique<model::Outbox>(*database);
    pushes_ = std::make_unique<model::PushOutbox>(*database);
    model_.reset(new model::ModelServices{registry, *metadata_, *policy_, *outbox_, *pushes_, system_clock()});
    services.reset(new api::Services{*model_, methods, "test"});
    workers = std::make_unique<ThreadPool>("test", 2, 100);
    endpoint = std::make_unique<Endpoint>(*services, *database, authenticator, *workers, options);
    net::ServerOptions server_options;
    server_options.listen = {net::Listen{}};
    server = std::make_unique<net::Server>(std::move(server_options), [this](net::Request& request, net::Responder to) {
        endpoint->handle(request, std::move(to));
    });
    const Status started = server->start();
    ASSERT_TRUE(started.ok()) << started.error().message;
}

void WireFixture::open_store() {
    std::string pattern = (std::filesystem::temp_directory_path() / "stoa-rest-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    const char* store = std::getenv("STOA_TEST_STORE");
    const bool on_mariadb = store != nullptr && std::string_view(store) == "mariadb";
    auto opened = on_mariadb
                      ? db::open_mariadb(db::TestMariadb::instance().options(db::TestMariadb::instance().new_schema()))
                      : db::open_sqlite({.path = (folder_ / "stoa.db").string()});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    database = std::move(*opened);
    std::vector<db::Migration> steps = db::core_migrations();
    steps.insert(steps.end(), model::migrations().begin(), model::migrations().end());
    const Status migrated = database->migrate(steps, registry.tables());
    ASSERT_TRUE(migrated.ok()) << migrated.error().message;
    create_account(1);
    create_account(2);
}

void WireFixture::add_test_methods() {
    using api::Caller;
    using api::Effect;
    using api::Run;
    const auto write_book = [this](api::Call& call) -> Status {
        ++runs;
        STOA_TRY(const std::string title, call.params.text("title"));
        model::Changes changes(call.registry().entity("lib.book"));
        changes.set("TITLE", title);
        STOA_TRY(const RecordId id, call.records.add(std::move(changes)));
        STOA_TRY(const bool broken, call.params.boolean_or("broken", false));
        if (broken) return invalid("Broken on wish.");
        call.out.integer(id);
        return {};
    };
    methods.add({
        {.name = "test.echo", .run = Run::io, .handler = &echo},
        {.name = "test.echoPool", .handler = &echo},
        {.name = "test.position", .run = Run::io, .handler = &echo_position},
        {.name = "test.fail", .run = Run::io, .handler = &fail},
        {.name = "test.nothing", .run = Run::io, .handler = &nothing},
        {.name = "test.scoped", .scope = "secret|other", .run = Run::io, .handler = &echo},
        {.name = "test.admin", .run = Run::io, .caller = Caller::admin, .handler = &echo},
        {.name = "test.app", .run = Run::io, .caller = Caller::application, .handler = &echo},
        {.name = "test.write", .effect = Effect::write, .handler = write_book},
        {.name = "test.echo", .run = Run::io, .handler = &echo, .wire = api::Wire::v3},
        {.name = "test.fail", .run = Run::io, .handler = &fail, .wire = api::Wire::v3},
        {.name = "test.scoped", .scope = "secret", .run = Run::io, .handler = &echo, .wire = api::Wire::v3},
        {.name = "test.write", .effect = Effect::write, .handler = write_book, .wire = api::Wire::v3},
    });
}

Reply WireFixture::send(std::string_view method, std::string_view target, std::string_view body,
                        const Headers& headers) {
    net::testing::TestClient client(server->ports().front(), 20'000);
    std::string request = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n";
    for (const auto& [name, value] : headers)
        request += name + ": " + value + "\r\n";
    if (!body.empty() || method == "POST") request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    request += "\r\n";
    request += body;
    EXPECT_TRUE(client.send(request));
    auto answer = client.receive(method == "HEAD");
    Reply reply{answer.status, std::move(answer.head), std::move(answer.body), {}};
    if (auto parsed = json::parse(reply.body)) reply.value = std::move(*parsed);
    return reply;
}

void WireFixture::create_account(AccountId account) {
    auto written = database->write_and_wait({.account = account}, [&](db::WriteTx& tx) -> Result<std::string> {
        const db::Assignment row[] = {{"name", "Test"},
                                      {"url", "https://portal.test"},
                                      {"member_id", "abcdef"},
                                      {"language", "en"},
                                      {"currency", "EUR"},
                                      {"time_zone", "Europe/Berlin"},
                                      {"status", "active"},
                                      {"is_demo", std::int64_t{0}},
                                      {"first_run", std::int64_t{0}},
                                      {"created_at", std::int64_t{0}}};
        STOA_CHECK(tx.insert("accounts", row));
        return std::string();
    });
    ASSERT_TRUE(written.ok()) << written.error().message;
}

void WireFixture::write(const std::function<Status(model::Records&)>& fn) {
    auto written = database->write_and_wait({.account = 1}, [&](db::WriteTx& tx) -> Result<std::string> {
        STOA_TRY(auto metadata, metadata_->load(tx));
        model::Records records(*model_, tx, model::Actor::make_system(1), metadata);
        STOA_CHECK(fn(records));
        return std::string();
    });
    EXPECT_TRUE(written.ok()) << written.error().message;
}

std::int64_t WireFixture::books(AccountId account) {
    std::int64_t count = -1;
    const Status read = database->read(account, [&](db::Tx& tx) -> Status {
        STOA_TRY(count, tx.count("books", db::Condition::always()));
        return {};
    });
    EXPECT_TRUE(read.ok());
    return count;
}

std::int64_t WireFixture::count(const std::string& entity) {
    std::int64_t count = -1;
    const Status read = database->read(1, [&](db::Tx& tx) -> Status {
        STOA_TRY(count, tx.count(registry.entity(entity).table, db::Condition::always()));
        return {};
    });
    EXPECT_TRUE(read.ok());
    return count;
}

}  // namespace stoa::rest::testing
