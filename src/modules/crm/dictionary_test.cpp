// crm.status.*, crm.currency.*, crm.enum.*, and what a new account starts with.

#include "modules/crm/seed.hpp"
#include "modules/crm/testing/crm_fixture.hpp"

namespace stoa::crm {
namespace {

using testing::at;
using testing::CrmFixture;

class CrmDictionaries : public CrmFixture {};

TEST_F(CrmDictionaries, deal_stages_come_as_documented) {
    const json::Value stages =
        call("crm.status.list", R"({"filter":{"ENTITY_ID":"DEAL_STAGE"},"order":{"SORT":"ASC"}})");
    ASSERT_EQ(stages.array().size(), 8u);
    EXPECT_EQ(last_total, 8);
    std::string text = json::to_json(stages.array().front());
    EXPECT_EQ(
        text.substr(text.find("\"ENTITY_ID\"")),
        R"("ENTITY_ID":"DEAL_STAGE","STATUS_ID":"NEW","NAME":"New","NAME_INIT":"New","SORT":"10","SYSTEM":"Y",)"
        R"("CATEGORY_ID":null,"COLOR":"#39A8EF","SEMANTICS":null,"EXTRA":{"SEMANTICS":"process","COLOR":"#39A8EF"}})");
    const std::pair<std::size_t, const char*> kinds[] = {{5, "success"}, {6, "failure"}, {7, "apology"}};
    for (const auto& [index, kind] : kinds)
        EXPECT_EQ(at(*stages.array()[index].find("EXTRA"), "SEMANTICS"), kind);
    EXPECT_EQ(ask("crm.status.entity.items", R"({"entityId":"HONORIFIC"})"),
              R"([{"NAME":"Mr","SORT":10,"STATUS_ID":"HNR_EN_1"},{"NAME":"Ms","SORT":20,"STATUS_ID":"HNR_EN_2"},)"
              R"({"NAME":"Dr","SORT":30,"STATUS_ID":"HNR_EN_3"}])");
}

TEST_F(CrmDictionaries, every_documented_dictionary_is_seeded_once) {
    write([](model::Records& records) { return seed_defaults(records); });
    for (const char* dictionary : {"STATUS", "SOURCE", "DEAL_TYPE", "CONTACT_TYPE", "COMPANY_TYPE", "INDUSTRY",
                                   "EMPLOYEES", "HONORIFIC", "DEAL_STAGE"}) {
        call("crm.status.list", R"({"filter":{"ENTITY_ID":")" + std::string(dictionary) + R"("}})");
        EXPECT_GT(last_total, 2) << dictionary;
        EXPECT_LT(last_total, 12) << dictionary;
    }
    const json::Value types = call("crm.status.entity.types", "{}");
    EXPECT_EQ(types.array().size(), 9u);
}

TEST_F(CrmDictionaries, adding_entries_follows_the_documented_rules) {
    const auto id = add("crm.status.add", R"({"ENTITY_ID":"SOURCE","STATUS_ID":"FAIR","NAME":"Fair","SORT":15})");
    EXPECT_EQ(at(call("crm.status.get", R"({"id":)" + std::to_string(id) + "}"), "STATUS_ID"), "FAIR");
    const std::pair<const char*, const char*> refused[] = {
        {R"({"STATUS_ID":"X","NAME":"X"})", "The field ENTITY_ID is required."},
        {R"({"ENTITY_ID":"SOURCE"})", "The field STATUS_ID is required."},
        {"{}", "The field ENTITY_ID is required. The field STATUS_ID is required."},
        {R"({"ENTITY_ID":"NOPE","STATUS_ID":"X","NAME":"X"})", "Specified entity type is not supported."},
        {R"({"ENTITY_ID":"DEAL_STAGE_99","STATUS_ID":"X","NAME":"X"})", "Specified entity type is not supported."},
        {R"({"ENTITY_ID":"SOURCE","STATUS_ID":"X"})", "The field Title is required."},
        {R"({"ENTITY_ID":"SOURCE","STATUS_ID":"FAIR","NAME":"Again"})", "The specified status ID already exists."},
    };
    for (const auto& [fields, message] : refused) {
        EXPECT_EQ(error_of("crm.status.add", R"({"fields":)" + std::string(fields) + "}").message, message);
    }
    EXPECT_TRUE(
        error_of("crm.status.add", R"({"fields":{"ENTITY_ID":"DEAL_STAGE","STATUS_ID":"LATE","NAME":"L","SORT":900}})")
            .message.starts_with("Cannot create more stages after the final stage"));
    EXPECT_EQ(
        error_of("crm.status.add", R"({"fields":{"ENTITY_ID":"STATUS","STATUS_ID":"BAD CODE","NAME":"L"}})").field,
        "STATUS_ID");
}

TEST_F(CrmDictionaries, stages_of_numbered_pipelines_carry_the_pipeline_in_front) {
    const json::Value made = call("crm.category.add", R"({"entityTypeId":2,"fields":{"name":"Second"}})");
    const std::string n = at(*made.find("category"), "id");
    const auto id =
        add("crm.status.add", R"({"ENTITY_ID":"DEAL_STAGE_)" + n + R"(","STATUS_ID":"DECISION","NAME":"D","SORT":25})");
    EXPECT_EQ(at(call("crm.status.get", R"({"id":)" + std::to_string(id) + "}"), "STATUS_ID"), "C" + n + ":DECISION");
    EXPECT_GT(add("crm.deal.add", R"({"CATEGORY_ID":)" + n + R"(,"STAGE_ID":"C)" + n + R"(:DECISION"})"), 0);
    EXPECT_EQ(error_of("crm.status.delete", R"({"id":)" + std::to_string(id) + "}").message,
              "There are active items in this status.");
}

TEST_F(CrmDictionaries, system_entries_go_only_by_force_and_changes_are_the_admins) {
    const json::Value call_entry = call("crm.status.list", R"({"filter":{"ENTITY_ID":"SOURCE","STATUS_ID":"CALL"}})");
    const std::string id = at(call_entry.array().front(), "ID");
    EXPECT_EQ(ask("crm.status.update", R"({"id":)" + id + R"(,"fields":{"NAME":"Phone call","STATUS_ID":"NO"}})"),
              "true");
    const json::Value entry = call("crm.status.get", R"({"id":)" + id + "}");
    EXPECT_EQ(at(entry, "NAME"), "Phone call");
    EXPECT_EQ(at(entry, "STATUS_ID"), "CALL");
    EXPECT_EQ(error_of("crm.status.delete", R"({"id":)" + id + "}").code, Errc::invalid_argument);
    become_employee(4);
    EXPECT_EQ(error_of("crm.status.update", R"({"id":)" + id + R"(,"fields":{"NAME":"X"}})").code, Errc::forbidden);
    become_employee(1);
    actor.role = model::Role::admin;
    EXPECT_EQ(ask("crm.status.delete", R"({"id":)" + id + R"(,"params":{"FORCED":"Y"}})"), "true");
    EXPECT_EQ(error_of("crm.status.update", R"({"id":)" + id + R"(,"fields":{"NAME":"X"}})").message,
              "Status is not found.");
}

TEST_F(CrmDictionaries, currencies_begin_with_the_accounts_own) {
    const json::Value list = call("crm.currency.list", "{}");
    ASSERT_EQ(list.array().size(), 2u);
    const json::Value& base = list.array().front();
    EXPECT_EQ(
        json::to_json(base),
        R"({"CURRENCY":"EUR","AMOUNT_CNT":"1","AMOUNT":"1.0000","SORT":"100","BASE":"Y","FULL_NAME":"Euro","LID":"en",)"
        R"("FORMAT_STRING":"€#","DEC_POINT":".","THOUSANDS_SEP":",","DECIMALS":"2","DATE_UPDATE":"2026-05-28T22:26:40+02:00"})");
    const json::Value usd = call("crm.currency.get", R"({"id":"USD"})");
    EXPECT_EQ(at(usd, "BASE"), "N");
    EXPECT_EQ(at(*usd.find("LANG")->find("de"), "FULL_NAME"), "US-Dollar");
    EXPECT_EQ(error_of("crm.currency.get", R"({"id":"XXX"})").message, "Not found");
    EXPECT_EQ(ask("crm.currency.add", R"({"fields":{"CURRENCY":"GBP","AMOUNT":1.17,"AMOUNT_CNT":1}})"), R"("GBP")");
    EXPECT_EQ(at(call("crm.currency.get", R"({"id":"GBP"})"), "AMOUNT"), "1.1700");
    EXPECT_EQ(error_of("crm.currency.delete", R"({"id":"EUR"})").code, Errc::conflict);
}

TEST_F(CrmDictionaries, things_that_are_no_records_describe_their_fields) {
    EXPECT_EQ(at(*call("crm.currency.fields", "{}").find("BASE"), "isReadOnly"), "true");
    EXPECT_EQ(at(*call("crm.multifield.fields", "{}").find("VALUE"), "type"), "string");
    EXPECT_EQ(at(*call("crm.deal.contact.fields", "{}").find("CONTACT_ID"), "isRequired"), "true");
    const json::Value category = call("crm.category.fields", R"({"entityTypeId":2})");
    EXPECT_EQ(at(*category.find("fields")->find("isDefault"), "isReadOnly"), "true");
    EXPECT_EQ(at(*category.find("fields")->find("entityTypeId"), "upperName"), "ENTITY_TYPE_ID");
}

TEST(SeedData, speaks_the_accounts_language_or_english) {
    const std::pair<const char*, const char*> names[] = {
        {"en", "General"}, {"de", "Allgemein"}, {"ru", "Общая"}, {"fr", "General"}};
    for (const auto& [language, name] : names)
        EXPECT_EQ(default_pipeline_name(language), name);
    for (const auto& [code, texts] : dictionary_names().object()) {
        for (const char* language : {"en", "de", "ru"})
            EXPECT_NE(texts.find(language), nullptr) << code << language;
    }
    for (const json::Value* currency : known_currencies().items()) {
        EXPECT_EQ(at(*currency, "code").size(), 3u);
        EXPECT_NE(localised(*currency->find("format"), "ru").find('#'), std::string::npos);
    }
}

TEST_F(CrmDictionaries, owner_types_have_their_documented_codes) {
    EXPECT_EQ(ask("crm.enum.ownertype"),
              R"([{"ID":1,"NAME":"Lead","SYMBOL_CODE":"LEAD","SYMBOL_CODE_SHORT":"L"},)"
              R"({"ID":2,"NAME":"Deal","SYMBOL_CODE":"DEAL","SYMBOL_CODE_SHORT":"D"},)"
              R"({"ID":3,"NAME":"Contact","SYMBOL_CODE":"CONTACT","SYMBOL_CODE_SHORT":"C"},)"
              R"({"ID":4,"NAME":"Company","SYMBOL_CODE":"COMPANY","SYMBOL_CODE_SHORT":"CO"}])");
}

}  // namespace
}  // namespace stoa::crm
