#pragma once
// Tests only. AccountsTest: a real store with an account, an administrator "Ada" (user 1), and ways to make
// credentials.

#include <optional>

#include "api/testing/portal_fixture.hpp"
#include "base/crypto.hpp"
#include "json/parse.hpp"
#include "modules/accounts/audit.hpp"
#include "modules/accounts/authenticator.hpp"
#include "modules/accounts/login.hpp"
#include "modules/accounts/logins.hpp"
#include "modules/accounts/module.hpp"
#include "modules/accounts/oauth.hpp"
#include "modules/accounts/secrets.hpp"
#include "modules/accounts/user_events.hpp"
#include "modules/accounts/webhooks.hpp"

namespace stoa::accounts {
inline constexpr const char* kUser = R"({
  "name": "user", "table": "users", "access": "people", "owner": "ID",
  "fields": [{"name": "ID", "type": "id"}, {"name": "ACTIVE", "type": "boolean", "default": "1"}, {"name": "NAME"},
             {"name": "LAST_NAME"}, {"name": "EMAIL"}, {"name": "ROLE", "hidden": true}, {"name": "LANGUAGE_ID"},
             {"name": "TIME_ZONE"}, {"name": "PERSONAL_GENDER"}, {"name": "LAST_LOGIN", "type": "datetime"},
             {"name": "LAST_ACTIVITY_DATE", "type": "datetime"}, {"name": "TIMESTAMP_X", "type": "datetime"},
             {"name": "UF_DEPARTMENT", "type": "links", "target": "user", "link_table": "user_departments"}]
})";
inline constexpr const char* kEmail = "Ada@Example.org";
inline constexpr const char* kPassword = "correct horse";

class AccountsTest : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open(
            [](model::Registry& all) -> Status {
                STOA_CHECK(all.add(kUser));
                return register_entities(all);
            },
            add_methods);
        std::vector<db::Migration> steps = db::core_migrations();
        for (const auto& step : migrations())
            steps.push_back(step);
        ASSERT_TRUE(database->migrate(migrations(), {}).ok());
        read([this](model::Records& records) -> Status {
            model_.emplace(records.services());
            return {};
        });
        services_.emplace(Services{*database, *model_, revocations_});
        authenticator_ = std::make_unique<AccountAuthenticator>(*services_, notes_);
        logins_ = std::make_unique<LoginService>(*services_);
        add_user("admin");
    }

    UserId add_user(const std::string& role, const std::string& email = kEmail) {
        UserId id = 0;
        in_write([&](db::WriteTx& tx) -> Status {
            STOA_TRY(model::Records records, services_->records(tx, model::Actor::make_system(1)));
            model::Changes changes(registry.entity("user"));
            changes.set("EMAIL", email);
            changes.set("NAME", std::string("Ada"));
            changes.set("ROLE", role);
            STOA_TRY(id, records.add(std::move(changes)));
            return put_login(tx, id, email, true, services_->now());
        });
        return id;
    }
    void in_write(const std::function<Status(db::WriteTx&)>& fn, AccountId account = 1) {
        const Status done = services_->write(account, fn);
        EXPECT_TRUE(done.ok()) << done.error().message;
    }
    void set_password(UserId user) {
        const std::string hash = hash_password(kPassword);
        in_write([&](db::WriteTx& tx) { return set_password_hash(tx, user, hash, services_->now()); });
    }
    std::string make_link(UserId user, LinkKind kind) {
        const std::string token = new_secret();
        in_write([&](db::WriteTx& tx) { return insert_link(tx, token, user, kind, services_->now()); });
        return token;
    }
    std::string make_webhook(UserId user, const std::vector<std::string>& scopes) {
        const std::string code = new_secret();
        in_write([&](db::WriteTx& tx) -> Status {
            STOA_TRY(webhook_id_, insert_webhook(tx, code, user, "Test", scopes, services_->now()));
            return {};
        });
        return code;
    }
    /// An application with its id and secret.
    std::pair<std::string, std::string> make_app() {
        const std::string id = new_client_id();
        const std::string secret = new_secret();
        in_write([&](db::WriteTx& tx) {
            return insert_app(tx, id, secret, {"App", "https://app.example/cb", {"crm", "task"}}, services_->now());
        });
        return {id, secret};
    }
    std::string code_for(const std::string& client_id) {
        const auto app = find_app(*database, client_id);
        const auto url = authorize(*services_, **app, 1, "a b", {});
        EXPECT_TRUE(url.ok());
        const std::size_t at = url->find("code=") + 5;
        return url->substr(at, kSecretCharacters);
    }
    json::Value exchange(const std::pair<std::string, std::string>& app, const char* type, const char* key,
                         const std::string& secret) {
        json::Object in;
        in.set("grant_type", type);
        in.set("client_id", app.first);
        in.set("client_secret", app.second);
        in.set(key, secret);
        const TokenAnswer answer = exchange_token(*services_, json::Value(std::move(in)));
        last_status_ = answer.status;
        return *json::parse(answer.body);
    }
    std::vector<std::string> audit_types() {
        std::vector<std::string> types;
        read([&](model::Records& records) -> Status {
            STOA_TRY(const auto rows, records.list(registry.entity("main.eventlog"), {}));
            for (const auto& row : rows)
                types.push_back(row.text("AUDIT_TYPE_ID"));
            return {};
        });
        return types;
    }

    Revocations revocations_;
    UsageNotes notes_;
    std::optional<model::ModelServices> model_;
    std::optional<Services> services_;
    std::unique_ptr<AccountAuthenticator> authenticator_;
    std::unique_ptr<LoginService> logins_;
    std::int64_t webhook_id_ = 0;
    int last_status_ = 0;
};

}  // namespace stoa::accounts
