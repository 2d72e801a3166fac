#pragma once
// Tests only. WireFixture: a real store, a real server on a loopback port, the Endpoint, an entity `lib.book`, a few
// test methods, and an authenticator that knows four credentials:
//   webhook 1/secret        administrator 1, scopes lib and placement
//   webhook 2/other         employee 2, scope lib
//   token tok-app           application app.1 for administrator 1, scopes lib and placement
//   token tok-user          application app.1 for employee 2
//   session sess + csrf ok  administrator 1
// Account 2 has webhook 9/foreign.
// STOA_TEST_STORE=mariadb: the store is a schema on a real MariaDB server of the test's own.

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "access/policy.hpp"
#include "api/crud.hpp"
#include "db/database.hpp"
#include "model/records.hpp"
#include "rest/endpoint.hpp"

namespace stoa::rest::testing {

class FakeAuthenticator : public api::Authenticator {
  public:
    using Found = Result<std::shared_ptr<const api::Identity>>;
    Found by_webhook(UserId user, std::string_view code) override;
    Found by_token(std::string_view access_token) override;
    Found by_session(std::string_view cookie, std::string_view csrf) override;
    Found by_signed_link(AccountId account, UserId user) override;
    Result<EventAuth> issue_event_auth(AccountId account, std::string_view client_id, UserId user) override;
};

struct Reply {
    int status = 0;
    std::string head;
    std::string body;
    json::Value value;  ///< the body when it is JSON

    std::string header(std::string_view name) const;
    /// JSON text of a member by path: at("result", "items").
    template <class... Names>
    std::string at(Names... names) const {
        const json::Value* here = &value;
        for (const char* name : {names...}) {
            here = here->is_array() ? &here->array().at(static_cast<std::size_t>(std::atoi(name))) : here->find(name);
            if (!here) return "(absent)";
        }
        return json::to_json(*here);
    }
};

class WireFixture : public ::testing::Test {
  protected:
    WireFixture();
    ~WireFixture() override;
    /// Starts everything; from SetUp() or the first line of a test.
    void open(RestOptions options = {});

    using Headers = std::vector<std::pair<std::string, std::string>>;
    Reply send(std::string_view method, std::string_view target, std::string_view body = {},
               const Headers& headers = {});
    Reply get(std::string_view target) { return send("GET", target); }
    Reply post(std::string_view target, std::string_view json_body, Headers headers = {}) {
        headers.emplace_back("Content-Type", "application/json");
        return send("POST", target, json_body, headers);
    }
    /// POST to the administrator's webhook.
    Reply hook(const std::string& method, std::string_view json_body = "{}", Headers headers = {}) {
        return post("/rest/1/secret/" + method, json_body, std::move(headers));
    }
    /// POST as the application.
    Reply app(const std::string& method, std::string_view json_body = "{}") {
        return post("/rest/" + method, json_body, {{"Authorization", "Bearer tok-app"}});
    }
    std::int64_t books(AccountId account = 1);
    void create_account(AccountId account);
    /// Runs as the program itself in account 1.
    void write(const std::function<Status(model::Records&)>& fn);
    std::int64_t count(const std::string& entity);

    std::atomic<int> runs{0};  ///< of test.write
    model::Registry registry;
    api::MethodTable methods;
    FakeAuthenticator authenticator;
    std::unique_ptr<db::Database> database;
    std::unique_ptr<api::Services> services;
    std::unique_ptr<ThreadPool> workers;
    std::unique_ptr<Endpoint> endpoint;
    std::unique_ptr<net::Server> server;

  private:
    void add_test_methods();
    void open_store();

    std::filesystem::path folder_;
    std::unique_ptr<access::RolePolicy> policy_;
    std::unique_ptr<model::MetadataCache> metadata_;
    std::unique_ptr<model::Outbox> outbox_;
    std::unique_ptr<model::PushOutbox> pushes_;
    std::unique_ptr<model::ModelServices> model_;
};

}  // namespace stoa::rest::testing
