// The whole program without its wires: accounts are made, filled and emptied again on a real store.

#include <gtest/gtest.h>

#include <set>

#include "app/account_setup.hpp"
#include "app/commands.hpp"
#include "app/demo/company_plan.hpp"
#include "app/demo/demo.hpp"
#include "app/demo/words.hpp"
#include "base/testing/engine_process.hpp"
#include "db/transfer/table_shape.hpp"
#include "modules/accounts/authenticator.hpp"

namespace stoa::app {
namespace {

Config config_in(const std::string& folder) {
    Config config;
    config.data_dir = folder;
    return config;
}

class AppTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto opened = Portal::open(config_in(folder_.path()), true);
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        portal_ = std::move(*opened);
    }
    CreatedAccount create(const std::string& language = "en") {
        AccountRequest request;
        request.account.name = "Test";
        request.account.url = "https://127.0.0.1:8443/";
        request.account.language = language;
        request.email = "admin@example.org";
        auto created = create_account(*portal_, request);
        EXPECT_TRUE(created.ok()) << created.error().message;
        return *created;
    }
    std::int64_t count(AccountId account, std::string_view entity,
                       const db::Condition& where = db::Condition::always()) {
        std::int64_t rows = -1;
        const Status read = portal_->database().read(account, [&](db::Tx& tx) -> Status {
            STOA_TRY(rows, tx.count(portal_->model().registry.entity(entity).table, where));
            return {};
        });
        EXPECT_TRUE(read.ok()) << read.error().message;
        return rows;
    }
    bool has(AccountId account, std::string_view entity, RecordId id) {
        return count(account, entity, db::Condition::equals("id", id)) == 1;
    }

    const fixture::TempDir folder_;  // goes after the portal
    std::unique_ptr<Portal> portal_;
};

TEST_F(AppTest, a_new_account_has_an_administrator_a_webhook_and_stages) {
    const CreatedAccount created = create();
    EXPECT_EQ(created.id, 1);
    EXPECT_EQ(created.admin, 1);
    EXPECT_EQ(created.url, "https://127.0.0.1:8443");
    EXPECT_TRUE(created.admin_link.starts_with("https://127.0.0.1:8443/link/"));
    EXPECT_GT(count(1, "crm.status"), 10);
    EXPECT_EQ(count(1, "department"), 1);

    accounts::UsageNotes notes;
    accounts::AccountAuthenticator authenticator(portal_->accounts(), notes);
    const std::string& url = created.webhook_url;
    const std::string code = url.substr(url.find("/rest/1/") + 8, 32);
    const auto identity = authenticator.by_webhook(1, code);
    ASSERT_TRUE(identity.ok());
    EXPECT_TRUE((*identity)->all_scopes);
    EXPECT_TRUE((*identity)->actor.is_admin());
}

TEST_F(AppTest, a_repeated_request_makes_one_account) {
    AccountRequest request;
    request.account.name = "Test";
    request.account.url = "https://127.0.0.1:8443";
    request.email = "admin@example.org";
    request.with_credentials = false;
    request.password_hash = "hash";
    request.receipt = {.key = "req:r1", .digest = "d", .repeatable = true};
    const auto first = create_account(*portal_, request);
    const auto again = create_account(*portal_, request);
    ASSERT_TRUE(first.ok() && again.ok());
    EXPECT_EQ(again->id, first->id);
    EXPECT_EQ(again->admin, first->admin);
    EXPECT_EQ(count(first->id, "user"), 1);
    request.receipt.digest = "other";
    EXPECT_EQ(create_account(*portal_, request).error().code, Errc::conflict);
    // The first process died between its two writes: the second one finishes under the same number.
    request.receipt.key = "req:r2";
    const auto reserved = accounts::reserve_account_id(portal_->database(), request.receipt);
    EXPECT_EQ(create_account(*portal_, request)->id, *reserved);
}

TEST_F(AppTest, accounts_do_not_see_each_other) {
    create();
    EXPECT_EQ(create().id, 2);
    EXPECT_EQ(count(2, "user"), 1);
    EXPECT_EQ(count(1, "user"), 1);
}

TEST_F(AppTest, demo_data_is_complete_and_purged_to_the_last_record) {
    const AccountId account = create("de").id;
    std::map<std::string, std::int64_t> before;
    for (const model::Entity* entity : portal_->model().registry.all())
        before[entity->name] = count(account, entity->name);
    const Status seeded = demo::seed_company(*portal_, account, "de");
    ASSERT_TRUE(seeded.ok()) << seeded.error().message;
    EXPECT_EQ(count(account, "user"), 31);
    EXPECT_EQ(count(account, "crm.deal"), 500);
    EXPECT_EQ(count(account, "crm.contact"), 300);
    EXPECT_EQ(count(account, "crm.company"), 120);
    EXPECT_EQ(count(account, "tasks.task"), 200);
    EXPECT_GT(count(account, "tasks.comment"), 50);
    EXPECT_GT(count(account, "crm.activity"), 100);

    const accounts::Receipt receipt{.key = "req:purge", .digest = "d", .repeatable = true};
    const auto removed = demo::purge(*portal_, account, receipt);
    ASSERT_TRUE(removed.ok()) << removed.error().message;
    EXPECT_EQ(*demo::purge(*portal_, account, receipt), *removed) << "what the receipts say";
    EXPECT_GT(*removed, 1'500);
    for (const model::Entity* entity : portal_->model().registry.all()) {
        if (entity->name == "main.eventlog") continue;  // the log keeps what happened
        EXPECT_EQ(count(account, entity->name), before[entity->name]) << entity->name;
    }
    EXPECT_EQ(*demo::purge(*portal_, account), 0);
}

TEST_F(AppTest, sdk_fixtures_have_the_ids_the_tests_name) {
    const AccountId account = create().id;
    const Status seeded = demo::seed_sdk_fixtures(*portal_, account);
    ASSERT_TRUE(seeded.ok()) << seeded.error().message;
    EXPECT_TRUE(has(account, "tasks.task", 2));
    EXPECT_FALSE(has(account, "tasks.task", 3));
    EXPECT_TRUE(has(account, "crm.deal", 2));
    EXPECT_TRUE(has(account, "department", 67));
    EXPECT_TRUE(has(account, "crm.lead", 59));
    for (const RecordId id : {2, 12}) {
        EXPECT_TRUE(has(account, "crm.company", id));
        EXPECT_TRUE(has(account, "crm.contact", id));
    }
    for (const RecordId id : {359, 361})
        EXPECT_TRUE(has(account, "main.eventlog", id));
    EXPECT_GT(count(account, "crm.company", db::Condition::like("title", "A%")), 60);
}

TEST_F(AppTest, migrations_are_numbered_without_repeats) {
    std::set<int> numbers;
    for (const db::Migration& step : all_migrations())
        EXPECT_TRUE(numbers.insert(step.number).second) << step.name;
}

TEST_F(AppTest, every_table_moves_with_its_account_and_is_backed_up) {
    db::transfer::Catalogue catalogue;
    const Status read = portal_->database().read(0, [&](db::Tx& tx) -> Status {
        STOA_TRY(catalogue, db::transfer::read_catalogue(tx, db::transfer::Engine::sqlite));
        return {};
    });
    // An error names the table: give it a column account_id, or name it in db/transfer/table_shape.cpp.
    ASSERT_TRUE(read.ok()) << read.error().message;
    for (const db::TableDef& table : portal_->model().registry.tables())
        EXPECT_NE(db::transfer::find_table(catalogue, table.name), nullptr) << table.name;
    for (const char* name : {"receipts", "sequences", "outbox", "sessions", "webhooks", "oauth_tokens", "counters"})
        EXPECT_NE(db::transfer::find_table(catalogue, name), nullptr) << name;
    EXPECT_EQ(catalogue.back().name, "accounts");
}

TEST_F(AppTest, a_store_that_is_not_there_says_what_to_do) {
    const auto opened = Portal::open(config_in(folder_.path("none")), false);
    ASSERT_FALSE(opened.ok());
    EXPECT_NE(opened.error().message.find("stoa account create"), std::string::npos);
}

TEST(CompanyPlan, is_the_same_every_time_in_every_language) {
    for (const char* language : {"en", "de", "ru"}) {
        const auto words = demo::load_words(language);
        ASSERT_TRUE(words.ok()) << words.error().message;
        const demo::CompanyOptions options{.now = 1'780'000'000, .top_department = 1, .admin = 1, .currency = "EUR"};
        const demo::Plan first = demo::plan_company(*words, options);
        const demo::Plan second = demo::plan_company(*words, options);
        ASSERT_EQ(first.size(), second.size());
        for (std::size_t i = 0; i < first.size(); ++i) {
            ASSERT_EQ(json::Value(first.records()[i].fields), json::Value(second.records()[i].fields));
        }
    }
}

TEST(CompanyPlan, references_become_ids_at_any_depth) {
    json::Object fields;
    fields.set("A", json::Array{demo::Plan::reference(1)});
    fields.set("B", demo::Plan::reference_text("D_", 0));
    EXPECT_EQ(json::to_json(demo::resolve(json::Value(std::move(fields)), {7, 8})), R"({"A":[8],"B":"D_7"})");
}

}  // namespace
}  // namespace stoa::app
