// crm.item.* for built-in kinds: shapes, names, filters, errors.

#include "modules/crm/testing/crm_fixture.hpp"

namespace stoa::crm {
namespace {

using testing::at;
using testing::CrmFixture;

class CrmItems : public CrmFixture {};

TEST_F(CrmItems, add_answers_with_the_whole_item_in_real_types) {
    add("crm.contact.add", R"({"NAME":"Ann"})");
    add("crm.contact.add", R"({"NAME":"Bob"})");
    const json::Value answer = call("crm.item.add", R"({"entityTypeId":2,"fields":{"title":"T","opportunity":999.99,
        "isManualOpportunity":"Y","contactIds":[2,1],"observers":[3,4],"closed":"N","utmSource":"google"}})");
    const json::Value& item = *answer.find("item");
    const std::pair<const char*, const char*> expected[] = {
        {"id", "1"},
        {"title", "T"},
        {"opportunity", "999.99"},
        {"isManualOpportunity", "Y"},
        {"contactId", "2"},
        {"contactIds", "[2,1]"},
        {"observers", "[3,4]"},
        {"categoryId", "0"},
        {"stageId", "NEW"},
        {"stageSemanticId", "P"},
        {"opened", "Y"},
        {"createdBy", "1"},
        {"updatedBy", "1"},
        {"movedBy", "1"},
        {"taxValue", "0"},
        {"entityTypeId", "2"},
        {"createdTime", "2026-05-28T22:26:40+02:00"},
        {"begindate", "2026-05-28T00:00:00+02:00"},
        {"utmSource", "google"},
        {"lastActivityBy", "1"},
        {"leadId", "null"},
    };
    for (const auto& [name, value] : expected)
        EXPECT_EQ(at(item, name), value) << name;
    EXPECT_TRUE(item.find("id")->is_integer());
    EXPECT_TRUE(item.find("opportunity")->is_real());
    EXPECT_EQ(item.find("fm"), nullptr) << "deals have no phones";
}

TEST_F(CrmItems, leads_speak_of_stages_and_show_phones_as_fm) {
    const json::Value made = call("crm.item.add", R"({"entityTypeId":1,"fields":{"title":"L","stageId":"IN_PROCESS",
        "fm":[{"typeId":"PHONE","valueType":"WORK","value":"+611"},{"typeId":"EMAIL","valueType":"WORK","value":"a@b.c"}]}})");
    const json::Value& item = *made.find("item");
    EXPECT_EQ(at(item, "stageId"), "IN_PROCESS");
    EXPECT_EQ(at(item, "hasPhone"), "Y");
    EXPECT_EQ(
        at(item, "fm"),
        R"([{"id":1,"typeId":"PHONE","valueType":"WORK","value":"+611"},{"id":2,"typeId":"EMAIL","valueType":"WORK","value":"a@b.c"}])");
    EXPECT_EQ(at(call("crm.lead.get", R"({"id":1})"), "STATUS_ID"), "IN_PROCESS");
    call("crm.item.update", R"({"entityTypeId":1,"id":1,"fields":{"fm":[{"id":1,"typeId":"PHONE","value":""}]}})");
    EXPECT_EQ(at(call("crm.lead.get", R"({"id":1})"), "HAS_PHONE"), "N");
}

TEST_F(CrmItems, lists_select_filter_and_nest_conditions) {
    for (int i = 1; i <= 4; ++i) {
        add("crm.company.add",
            R"({"TITLE":"Company )" + std::to_string(i) + R"(","REVENUE":)" + std::to_string(i * 10) + "}");
    }
    EXPECT_EQ(ask("crm.item.list", R"({"entityTypeId":4,"select":["id","title"],"filter":{">id":2}})"),
              R"({"items":[{"id":3,"title":"Company 3"},{"id":4,"title":"Company 4"}]})");
    EXPECT_EQ(last_total, 2);
    const char* same[] = {R"({"<ID":3,"!=revenue":20})", R"({"logic":"OR","0":{"id":1},"1":{"title":"nothing"}})",
                          R"([{"logic":"or","0":{"=id":1},"1":{"revenue":11}}])", R"({"=%title":"%1"})"};
    for (const char* filter : same) {
        EXPECT_EQ(ask("crm.item.list", R"({"entityTypeId":4,"select":["id"],"filter":)" + std::string(filter) + "}"),
                  R"({"items":[{"id":1}]})")
            << filter;
    }
    EXPECT_EQ(ask("crm.item.list", R"({"entityTypeId":4,"select":["id"],"order":{"REVENUE":"desc"},"start":-1})"),
              R"({"items":[{"id":4},{"id":3},{"id":2},{"id":1}]})");
    EXPECT_EQ(last_total, -1);
    const json::Value all = call("crm.item.list", R"({"entityTypeId":4,"select":["*"]})");
    const json::Value& first = all.find("items")->array().front();
    EXPECT_EQ(at(first, "entityTypeId"), "4");
    EXPECT_EQ(at(first, "fm"), "[]");
}

TEST_F(CrmItems, errors_carry_documented_codes) {
    add("crm.deal.add", "{}");
    const struct {
        const char *method, *parameters, *code, *message;
    } cases[] = {
        {"crm.item.list", R"({"entityTypeId":2,"filter":{">ddId":1}})", "INVALID_ARG_VALUE",
         "Invalid filter: field 'ddId' is not allowed in filter"},
        {"crm.item.list", R"({"entityTypeId":2,"filter":{"opportunity":"much"}})", "INVALID_ARG_VALUE", ""},
        {"crm.item.list", R"({"entityTypeId":2,"order":{"nope":"ASC"}})", "INVALID_ARG_VALUE",
         "Invalid order: field 'nope' is not allowed in order"},
        {"crm.item.list", R"({"entityTypeId":2,"order":{"id":"UP"}})", "INVALID_ARG_VALUE",
         "Invalid order: allowed sort directions are ASC, DESC. But got 'UP' for field 'id'"},
        {"crm.item.list", R"({"entityTypeId":999})", "NOT_FOUND", "Smart process not found"},
        {"crm.item.list", "{}", "100", "Could not find value for parameter {entityTypeId}"},
        {"crm.item.get", R"({"entityTypeId":2,"id":77})", "NOT_FOUND", "Item not found"},
        {"crm.item.add", R"({"entityTypeId":2})", "100", "Could not find value for parameter {fields}"},
        {"crm.item.add", R"({"entityTypeId":2,"fields":{"opportunity":"much"}})", "CRM_FIELD_ERROR_VALUE_NOT_VALID",
         ""},
        {"crm.item.update", R"({"entityTypeId":2,"id":77,"fields":{}})", "NOT_FOUND", "Item not found"},
        {"crm.item.delete", R"({"entityTypeId":2,"id":77})", "NOT_FOUND", "Item not found"},
    };
    for (const auto& one : cases) {
        const Error error = error_of(one.method, one.parameters);
        EXPECT_EQ(error.api_code, one.code) << one.method << one.parameters;
        if (*one.message != 0) {
            EXPECT_EQ(error.message, one.message);
        }
    }
    EXPECT_EQ(ask("crm.item.delete", R"({"entityTypeId":2,"id":1})"), "[]");
    become_employee(9);
    actor.role = model::Role::extranet;
    EXPECT_EQ(error_of("crm.item.add", R"({"entityTypeId":2,"fields":{}})").api_code, "ACCESS_DENIED");
}

TEST_F(CrmItems, fields_have_item_names_and_upper_names) {
    const json::Value answer = call("crm.item.fields", R"({"entityTypeId":2})");
    const json::Value& fields = *answer.find("fields");
    EXPECT_EQ(at(*fields.find("createdTime"), "upperName"), "DATE_CREATE");
    EXPECT_EQ(at(*fields.find("opened"), "type"), "boolean");
    EXPECT_EQ(at(*fields.find("observers"), "type"), "user");
    EXPECT_EQ(at(*fields.find("companyId"), "type"), "crm_company");
}

TEST_F(CrmItems, a_page_of_deals_costs_no_query_per_row) {
    for (int i = 0; i < 50; ++i)
        add("crm.deal.add", R"({"TITLE":"D","CONTACT_IDS":[]})");
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i)
        call("crm.deal.list", R"({"start":-1})");
    const auto us =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
    RecordProperty("us_per_page", static_cast<int>(us / 20));
    EXPECT_LT(us / 20, 50'000) << "a debug build on a busy machine";
}

TEST_F(CrmItems, files_are_kept_in_fields_of_every_kind_of_record) {
    const auto contact = add("crm.contact.add", R"({"NAME":"A","PHOTO":{"fileData":["a.png","eA=="]}})");
    const json::Value photo = *call("crm.contact.get", R"({"id":)" + std::to_string(contact) + "}").find("PHOTO");
    EXPECT_EQ(at(photo, "id"), "1");
    EXPECT_NE(at(photo, "showUrl"), "?");
    const json::Value item = *call("crm.item.update", R"({"entityTypeId":3,"id":)" + std::to_string(contact) +
                                                          R"(,"fields":{"photo":["b.png","eQ=="]}})")
                                  .find("item");
    EXPECT_EQ(at(*item.find("photo"), "id"), "2");
    EXPECT_NE(at(*item.find("photo"), "urlMachine").find("/rest/download.json?token="), std::string::npos);
    call("crm.deal.userfield.add", R"({"fields":{"FIELD_NAME":"SCAN","USER_TYPE_ID":"file","MULTIPLE":"Y"}})");
    const json::Value deal_item =
        *call("crm.item.add", R"({"entityTypeId":2,"fields":{"title":"D","ufCrmScan":[["c","Yw=="],["d","ZA=="]]}})")
             .find("item");
    const json::Value& scans = *deal_item.find("ufCrmScan");
    ASSERT_EQ(scans.array().size(), 2u);
    const std::string id = at(deal_item, "id");
    call("crm.item.update",
         R"({"entityTypeId":2,"id":)" + id + R"(,"fields":{"ufCrmScan":[)" + at(scans.array()[1], "id") + "]}}");
    EXPECT_EQ(call("crm.deal.get", R"({"id":)" + id + "}").find("UF_CRM_SCAN")->array().size(), 1u);
    call("crm.company.add", R"({"fields":{"TITLE":"C","LOGO":{"fileData":["l","bA=="]}}})");
    EXPECT_EQ(at(*call("crm.company.get", R"({"id":1})").find("LOGO"), "id"), "5");
}

}  // namespace
}  // namespace stoa::crm
