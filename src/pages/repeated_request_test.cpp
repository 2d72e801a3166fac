// Two processes of a portal on one store behind a trusted balancer, which may send a request to both.

#include <array>
#include <optional>

#include "api/testing/portal_fixture.hpp"
#include "base/crypto.hpp"
#include "json/parse.hpp"
#include "modules/accounts/links.hpp"
#include "modules/accounts/logins.hpp"
#include "modules/accounts/module.hpp"
#include "modules/accounts/oauth.hpp"
#include "modules/accounts/user_events.hpp"
#include "modules/people/module.hpp"
#include "modules/people/users.hpp"
#include "net/test_client.hpp"
#include "pages/page_receipt.hpp"
#include "pages/site.hpp"

namespace stoa::pages {
namespace {

constexpr const char* kPassword = "correct horse";
constexpr const char* kSeed = "0123456789abcdefghijklmnopqrstuv";

/// As app wires it.
struct Bridge final : people::UserListener {
    explicit Bridge(accounts::Revocations& all) : revocations(all) {}
    Status user_saved(model::Records& records, const people::UserChange& change) override {
        return accounts::on_user_saved(records, revocations,
                                       {.id = change.id,
                                        .added = change.added,
                                        .email = change.email,
                                        .active = change.active,
                                        .login_changed = change.email_changed || change.active_changed,
                                        .rights_changed = change.rights_changed});
    }
    Status user_removed(model::Records&, UserId) override { return {}; }
    accounts::Revocations& revocations;
};

struct Process {
    Process(db::Database& database, const model::ModelServices& model, const std::vector<std::string>& proxies)
        : accounts{database, model, revocations},
          services{.accounts = accounts,
                   .authenticator = authenticator,
                   .logins = logins,
                   .workers = workers,
                   .version = "1",
                   .public_url = {},
                   .sign_up_open = false,
                   .proxies = *rest::TrustedProxies::parse(proxies),
                   .purge_demo = {},
                   .sign_up = {}},
          site(services, *Assets::load("")),
          server({.listen = {net::Listen{}}}, [this](net::Request& request, net::Responder responder) {
              site.handle(request, std::move(responder));
          }) {
        EXPECT_TRUE(server.start().ok());
    }

    accounts::Revocations revocations;
    accounts::UsageNotes notes;
    const accounts::Services accounts;
    accounts::AccountAuthenticator authenticator{accounts, notes};
    accounts::LoginService logins{accounts};
    ThreadPool workers{"test", 1, 10};
    const Services services;
    const Site site;
    net::Server server;
};

struct Reply {
    int status = 0;
    std::string head, body;
    std::string cookie() const {
        constexpr std::string_view kSet = "Set-Cookie: stoa_session=";
        const std::size_t at = head.find(kSet);
        return at == std::string::npos ? std::string() : head.substr(at + kSet.size(), accounts::kSecretCharacters);
    }
};

class RepeatedRequest : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open(
            [this](model::Registry& all) -> Status {
                STOA_CHECK(accounts::register_entities(all));
                return people::register_entities(all, &bridge_);
            },
            [](api::MethodTable&) {});
        ASSERT_TRUE(database->migrate(accounts::migrations(), {}).ok());
        read([this](model::Records& records) -> Status {
            model_.emplace(records.services());
            return {};
        });
        for (auto& process : processes_)
            process = std::make_unique<Process>(*database, *model_, std::vector<std::string>{"127.0.0.1"});
        stranger_ = std::make_unique<Process>(*database, *model_, std::vector<std::string>{});
        write([](model::Records& records) -> Status {
            model::Changes top(records.services().registry.entity("department"));
            top.set("NAME", std::string("Company"));
            STOA_TRY(const RecordId department, records.add(std::move(top)));
            people::NewUser ada;
            ada.email = "ada@example.org";
            ada.name = "Ada";
            ada.role = "admin";
            ada.departments = {department};
            STOA_TRY(const UserId id, people::add_user(records, ada));
            return accounts::set_password_hash(records.write_tx(), id, hash_password(kPassword), 1);
        });
    }
    void TearDown() override {
        for (auto& process : processes_)
            process.reset();
        stranger_.reset();
    }

    Reply ask(Process& process, const std::string& method, const std::string& target, const std::string& body,
              const std::string& id) {
        std::string text = method + " " + target + " HTTP/1.1\r\nHost: portal.test\r\nX-Request-ID: " + id + "\r\n";
        if (!cookie_.empty()) {
            text += "Cookie: stoa_session=" + cookie_ + "\r\nX-Stoa-CSRF: " + accounts::csrf_token(cookie_) + "\r\n";
        }
        if (!body.empty()) text += "Content-Type: " + std::string(body[0] == '{' ? "application/json" : kForm) + "\r\n";
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        net::testing::TestClient client(process.server.ports().front(), 20'000);
        net::testing::Answer answer = client.exchange(text);
        return {answer.status, std::move(answer.head), std::move(answer.body)};
    }
    /// Asks both processes the same and expects the same answer of both.
    Reply twice(const std::string& method, const std::string& target, const std::string& body, const std::string& id) {
        const Reply first = ask(*processes_[0], method, target, body, id);
        const Reply again = ask(*processes_[1], method, target, body, id);
        EXPECT_EQ(first.status, again.status) << first.body << again.body;
        EXPECT_EQ(first.body, again.body);
        EXPECT_EQ(first.cookie(), again.cookie());
        EXPECT_NE(again.head.find("X-Request-Id: " + id), std::string::npos) << again.head;
        return first;
    }
    void log_in() {
        cookie_ = ask(*processes_[0], "POST", "/api/login", login_body(), "log-in").cookie();
        ASSERT_EQ(cookie_.size(), accounts::kSecretCharacters);
    }
    static std::string login_body(const std::string& password = kPassword) {
        return R"({"email":"ada@example.org","password":")" + password + R"(","sessionSeed":")" + kSeed + "\"}";
    }
    std::string make_link(accounts::LinkKind kind) {
        const std::string token = accounts::new_secret();
        const auto& services = processes_[0]->accounts;
        EXPECT_TRUE(
            services
                .write(1, [&](db::WriteTx& tx) { return accounts::insert_link(tx, token, 1, kind, services.now()); })
                .ok());
        return token;
    }
    std::int64_t rows(const std::string& table, const db::Condition& where = db::Condition::always()) {
        std::int64_t count = -1;
        const Status done = database->read(1, [&](db::Tx& tx) -> Status {
            STOA_TRY(count, tx.count(table, where));
            return {};
        });
        EXPECT_TRUE(done.ok()) << done.error().message;
        return count;
    }
    std::int64_t audits(const std::string& type) {
        return rows(registry.entity("main.eventlog").table, db::Condition::equals("audit_type_id", type));
    }
    /// Neither receipts nor the event log may show it.
    void expect_stored_nowhere(const std::string& secret) {
        const std::pair<std::string, std::vector<std::string>> tables[] = {
            {"receipts", {"request_key", "digest", "answer"}},
            {registry.entity("main.eventlog").table, {"request_uri", "description", "item_id"}}};
        for (const auto& [table, columns] : tables) {
            db::Select select{
                .table = table, .columns = {}, .where = db::Condition::always(), .order = {}, .limit = 1000};
            for (const std::string& column : columns)
                select.columns.push_back({column, ""});
            const Status done = database->read(1, [&](db::Tx& tx) {
                return tx.select(select, [&](const db::Row& row) {
                    for (std::size_t i = 0; i < columns.size(); ++i)
                        EXPECT_EQ(row.text(i).find(secret), std::string_view::npos) << row.text(i);
                    return true;
                });
            });
            EXPECT_TRUE(done.ok()) << done.error().message;
        }
    }

    static constexpr const char* kForm = "application/x-www-form-urlencoded";
    accounts::Revocations unheard_;
    Bridge bridge_{unheard_};
    std::optional<model::ModelServices> model_;
    std::array<std::unique_ptr<Process>, 2> processes_;
    std::unique_ptr<Process> stranger_;  ///< trusts no proxy
    std::string cookie_;
};

TEST_F(RepeatedRequest, logs_in_once) {
    const Reply reply = twice("POST", "/api/login", login_body(), "r1");
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(rows("sessions"), 1);
    EXPECT_EQ(audits("USER_AUTHORIZE"), 1);
    expect_stored_nowhere(reply.cookie());
    EXPECT_EQ(ask(*processes_[1], "POST", "/api/login", login_body("wrong password"), "r1").status, 401);
}

TEST_F(RepeatedRequest, logs_out_once) {
    log_in();
    const Reply reply = twice("POST", "/api/logout", "{}", "r1");
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_NE(reply.head.find("Max-Age=0"), std::string::npos);
    EXPECT_EQ(rows("sessions"), 0);
    EXPECT_EQ(audits("USER_LOGOUT"), 1);
    EXPECT_EQ(ask(*processes_[0], "GET", "/api/session", "", "r2").status, 401);
    // Nor is it an error much later; but a page that cannot show the token of its cookie is refused.
    EXPECT_EQ(ask(*processes_[0], "POST", "/api/logout", "{}", "r3").status, 200);
    cookie_.clear();
    EXPECT_EQ(ask(*processes_[0], "POST", "/api/logout", "{}", "r4").status, 401);
}

TEST_F(RepeatedRequest, accepts_a_link_once) {
    const std::string token = make_link(accounts::LinkKind::invite);
    const std::string form = R"({"name":"Ada","lastName":"L.","password":"another horse"})";
    const Reply reply = twice("POST", "/api/link/" + token, form, "r1");
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(rows("sessions"), 1);
    expect_stored_nowhere(token);
    expect_stored_nowhere(reply.cookie());
    EXPECT_EQ(ask(*processes_[1], "POST", "/api/link/" + token, form, "r2").status, 404);
    const std::string other = R"({"name":"Eve","lastName":"L.","password":"another horse"})";
    EXPECT_EQ(ask(*processes_[1], "POST", "/api/link/" + token, other, "r1").status, 422);
}

TEST_F(RepeatedRequest, opens_a_login_link_once) {
    const std::string token = make_link(accounts::LinkKind::login);
    const Reply first = ask(*processes_[0], "GET", "/link/" + token, "", "r1");
    const Reply again = ask(*processes_[1], "GET", "/link/" + token, "", "r1");
    EXPECT_EQ(first.status, 303);
    EXPECT_EQ(again.status, 303);
    EXPECT_FALSE(first.cookie().empty());
    EXPECT_EQ(again.cookie(), first.cookie());
    expect_stored_nowhere(token);
    EXPECT_EQ(ask(*processes_[1], "GET", "/link/" + token, "", "r2").cookie(), "");
}

TEST_F(RepeatedRequest, makes_and_removes_one_webhook) {
    log_in();
    const std::string body = R"({"title":"Shop","scopes":["crm"]})";
    const Reply reply = twice("POST", "/api/webhooks", body, "r1");
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(rows("webhooks"), 1);
    EXPECT_EQ(audits("WEBHOOK_ADD"), 1);
    const std::string url = json::parse(reply.body)->find("url")->string();
    const std::string code = url.substr(url.size() - 1 - accounts::kSecretCharacters, accounts::kSecretCharacters);
    EXPECT_TRUE(processes_[1]->authenticator.by_webhook(1, code).ok()) << url;
    expect_stored_nowhere(code);
    EXPECT_EQ(ask(*processes_[1], "POST", "/api/webhooks", R"({"title":"X","scopes":["crm"]})", "r1").status, 422);
    EXPECT_EQ(rows("webhooks"), 1);
    EXPECT_EQ(twice("DELETE", "/api/webhooks/1", "", "r2").status, 200);
    EXPECT_EQ(rows("webhooks"), 0);
    EXPECT_EQ(audits("WEBHOOK_DELETE"), 1);
    EXPECT_EQ(ask(*processes_[1], "DELETE", "/api/webhooks/1", "", "r3").status, 404);
}

TEST_F(RepeatedRequest, invites_once) {
    log_in();
    const std::string body = R"({"email":"bob@example.org","name":"Bob","departmentId":1})";
    const Reply reply = twice("POST", "/api/invite", body, "r1");
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(rows("one_time_links"), 1);
    EXPECT_EQ(audits("USER_INVITE"), 1);
    const std::string link = json::parse(reply.body)->find("link")->string();
    const std::string token = link.substr(link.rfind('/') + 1);
    expect_stored_nowhere(token);
    EXPECT_EQ(ask(*processes_[1], "GET", "/api/link/" + token, "", "r2").status, 200);
}

TEST_F(RepeatedRequest, saves_a_profile_and_ends_the_first_run_once) {
    log_in();
    EXPECT_EQ(twice("POST", "/api/profile", R"({"name":"Adele"})", "r1").status, 200);
    EXPECT_EQ(ask(*processes_[0], "POST", "/api/profile", R"({"name":"Adam"})", "r2").status, 200);
    EXPECT_EQ(ask(*processes_[1], "POST", "/api/profile", R"({"name":"Adele"})", "r1").status, 200);
    EXPECT_NE(ask(*processes_[1], "GET", "/api/session", "", "r3").body.find("Adam"), std::string::npos)
        << "the late repetition has done nothing";
    EXPECT_EQ(ask(*processes_[1], "POST", "/api/profile", R"({"name":"Eve"})", "r1").status, 422);
    EXPECT_EQ(twice("POST", "/api/first-run/done", "{}", "r4").status, 200);
}

TEST_F(RepeatedRequest, gives_one_code_and_one_pair_of_tokens) {
    log_in();
    const std::string secret = accounts::new_secret();
    ASSERT_TRUE(
        processes_[0]
            ->accounts
            .write(
                1,
                [&](db::WriteTx& tx) {
                    return accounts::insert_app(tx, "local.app", secret, {"App", "https://app.example/cb", {"crm"}}, 1);
                })
            .ok());
    const std::string address = "/oauth/authorize/?client_id=local.app&state=s";
    const Reply first = ask(*processes_[0], "GET", address, "", "r1");
    const Reply again = ask(*processes_[1], "GET", address, "", "r1");
    ASSERT_EQ(first.status, 302) << first.body;
    const std::size_t at = first.head.find("code=") + 5;
    const std::string code = first.head.substr(at, accounts::kSecretCharacters);
    EXPECT_NE(again.head.find("code=" + code), std::string::npos) << again.head;
    EXPECT_EQ(rows("oauth_codes"), 1);
    EXPECT_EQ(ask(*processes_[1], "GET", address + "2", "", "r1").status, 422);
    cookie_.clear();  // the application's server asks
    const std::string query = "client_id=local.app&client_secret=" + secret;
    const Reply tokens = twice("POST", "/oauth/token/", query + "&grant_type=authorization_code&code=" + code, "r2");
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    EXPECT_EQ(rows("oauth_tokens"), 2);
    const std::string refresh = json::parse(tokens.body)->find("refresh_token")->string();
    EXPECT_EQ(
        twice("GET", "/oauth/token/?" + query + "&grant_type=refresh_token&refresh_token=" + refresh, "", "r3").status,
        200);
    EXPECT_EQ(rows("oauth_tokens"), 3);
    expect_stored_nowhere(refresh);
    expect_stored_nowhere(code);
}

TEST_F(RepeatedRequest, is_none_when_the_peer_is_no_trusted_proxy) {
    log_in();
    const std::string body = R"({"title":"Shop","scopes":["crm"]})";
    const Reply first = ask(*stranger_, "POST", "/api/webhooks", body, "r1");
    const Reply again = ask(*stranger_, "POST", "/api/webhooks", body, "r1");
    EXPECT_EQ(first.status, 200) << first.body;
    EXPECT_NE(again.body, first.body);
    EXPECT_EQ(rows("webhooks"), 2);
    EXPECT_EQ(again.head.find("X-Request-Id: r1"), std::string::npos);
    EXPECT_EQ(rows("receipts", db::Condition::equals("request_key", std::string("req:r1"))), 0);
}

TEST_F(RepeatedRequest, is_told_by_its_content_but_never_by_a_password) {
    net::Request request;
    request.method = "POST";
    request.target = "/api/login";
    const rest::RequestId id{"r1", true};
    const auto digest = [&](const char* body) { return page_receipt(id, request, *json::parse(body)).digest; };
    EXPECT_EQ(digest(R"({"email":"a","password":"b"})"), digest(R"({"email":"a","password":"c"})"));
    EXPECT_NE(digest(R"({"email":"a"})"), digest(R"({"email":"b"})"));
    const std::string as_guest = digest("{}");
    request.headers.push_back({"Cookie", "stoa_session=x"});
    EXPECT_NE(digest("{}"), as_guest);
    EXPECT_EQ(page_receipt({"r1", false}, request, json::Object()).digest, "");
}

TEST(PathToNote, hides_the_token_of_a_link) {
    net::Request request;
    for (const auto& [target, noted] :
         {std::pair{"/api/link/secret?x", "/api/link/"}, {"/link/secret", "/link/"}, {"/api/login?x", "/api/login"}}) {
        request.target = target;
        EXPECT_EQ(path_to_note(request), noted);
    }
}

}  // namespace
}  // namespace stoa::pages
