// Classic crm.{deal,lead,contact,company}.*: shapes, filters, paging, links, multifields, rights.

#include "modules/crm/testing/crm_fixture.hpp"

namespace stoa::crm {
namespace {

using testing::at;
using testing::CrmFixture;

class CrmCrud : public CrmFixture {};

TEST_F(CrmCrud, a_new_deal_gets_documented_defaults_as_strings) {
    const auto id = add("crm.deal.add", R"({"OPPORTUNITY": 1000.5})");
    const json::Value deal = this->deal(id);
    const std::pair<const char*, const char*> expected[] = {
        {"ID", "1"},
        {"TITLE", "Deal #1"},
        {"STAGE_ID", "NEW"},
        {"STAGE_SEMANTIC_ID", "P"},
        {"CATEGORY_ID", "0"},
        {"OPPORTUNITY", "1000.50"},
        {"CURRENCY_ID", "EUR"},
        {"IS_NEW", "Y"},
        {"CLOSED", "N"},
        {"OPENED", "Y"},
        {"IS_RECURRING", "N"},
        {"TAX_VALUE", "0.00"},
        {"TYPE_ID", "SALE"},
        {"SOURCE_ID", "CALL"},
        {"ASSIGNED_BY_ID", "1"},
        {"CREATED_BY_ID", "1"},
        {"LEAD_ID", "null"},
        {"COMPANY_ID", "null"},
        {"MOVED_BY_ID", "1"},
        {"IS_MANUAL_OPPORTUNITY", "N"},
        {"QUOTE_ID", "null"},
        {"DATE_CREATE", "2026-05-28T22:26:40+02:00"},
        {"BEGINDATE", "2026-05-28T00:00:00+02:00"},
        {"CLOSEDATE", "2026-06-04T00:00:00+02:00"},
    };
    for (const auto& [name, value] : expected)
        EXPECT_EQ(at(deal, name), value) << name;
    EXPECT_TRUE(deal.find("ID")->is_string());
    EXPECT_EQ(deal.find("CONTACT_IDS"), nullptr) << "shown only when named";
    EXPECT_EQ(events(), (std::vector<std::string>{"ONCRMDEALADD"}));
}

TEST_F(CrmCrud, the_currency_must_be_one_of_the_accounts) {
    EXPECT_GT(add("crm.deal.add", R"({"CURRENCY_ID":"USD"})"), 0);
    const Error error = error_of("crm.deal.add", R"({"fields":{"CURRENCY_ID":"XXX"}})");
    EXPECT_EQ(error.api_code, "CRM_FIELD_ERROR_VALUE_NOT_VALID");
    EXPECT_EQ(error.message, "Invalid value for field \"Currency\"");
}

TEST_F(CrmCrud, lists_filter_order_select_and_page) {
    for (int i = 1; i <= 60; ++i) {
        add("crm.deal.add", R"({"TITLE":"Deal )" + std::to_string(i) + R"(","OPPORTUNITY":)" + std::to_string(i * 100) +
                                R"(,"TYPE_ID":")" + (i % 2 ? "SALE" : "GOODS") + "\"}");
    }
    EXPECT_EQ(call("crm.deal.list", "{}").array().size(), 50u);
    EXPECT_EQ(last_total, 60);
    EXPECT_EQ(last_next, 50);
    EXPECT_EQ(call("crm.deal.list", R"({"start":50})").array().size(), 10u);
    EXPECT_EQ(last_next, -1);
    EXPECT_EQ(ask("crm.deal.list", R"({"filter":{">ID":58},"order":{"ID":"ASC"},"select":["ID"],"start":-1})"),
              R"([{"ID":"59"},{"ID":"60"}])");
    EXPECT_EQ(last_total, -1);

    const std::pair<const char*, int> filters[] = {
        {R"({"TYPE_ID":"SALE"})", 30},
        {R"({"!TYPE_ID":"SALE"})", 30},
        {R"({"@TYPE_ID":["SALE","GOODS"]})", 60},
        {R"({">OPPORTUNITY":1000,"<=OPPORTUNITY":2000})", 10},
        {R"({"%TITLE":"deal 6"})", 2},
        {R"({"=%TITLE":"%l 60"})", 1},
        {R"({"CATEGORY_ID":0})", 60},
        {R"({"CATEGORY_ID":1})", 0},
        {R"({"STAGE_ID":["NEW","WON"]})", 60},
        {R"({"!STAGE_ID":"NEW"})", 0},
        {R"({">DATE_CREATE":"2026-05-28"})", 60},
        {R"({"<DATE_CREATE":"2026-05-28"})", 0},
        {R"({"COMPANY_ID":""})", 60},
    };
    for (const auto& [filter, count] : filters) {
        call("crm.deal.list", R"({"select":["ID"],"filter":)" + std::string(filter) + "}");
        EXPECT_EQ(last_total, count) << filter;
    }
    EXPECT_EQ(ask("crm.deal.list", R"({"filter":{"<ID":3},"order":{"OPPORTUNITY":"DESC"},"select":["OPPORTUNITY"]})"),
              R"([{"ID":"2","OPPORTUNITY":"200.00"},{"ID":"1","OPPORTUNITY":"100.00"}])");
}

TEST_F(CrmCrud, an_absent_deal_is_not_found_and_a_deleted_one_is_gone) {
    const auto id = add("crm.deal.add", R"({"TITLE":"A"})");
    EXPECT_EQ(ask("crm.deal.update", R"({"id":1,"fields":{"TITLE":"B","UNKNOWN":1,"DATE_CREATE":"2000-01-01"}})"),
              "true");
    EXPECT_EQ(at(deal(id), "TITLE"), "B");
    EXPECT_EQ(ask("crm.deal.delete", R"({"ID":"1"})"), "true");
    EXPECT_EQ(error_of("crm.deal.get", R"({"id":1})").message, "Not found");
    EXPECT_EQ(events(), (std::vector<std::string>{"ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALDELETE"}));
}

TEST_F(CrmCrud, the_primary_contact_is_the_first_of_the_list) {
    for (const char* name : {"Ann", "Bob", "Cem"})
        add("crm.contact.add", R"({"NAME":")" + std::string(name) + "\"}");
    const auto id = add("crm.deal.add", R"({"CONTACT_IDS":[2,3]})");
    const std::string deal_id = std::to_string(id);
    EXPECT_EQ(at(deal(id), "CONTACT_ID"), "2");
    call("crm.deal.update", R"({"id":)" + deal_id + R"(,"fields":{"CONTACT_ID":1}})");
    EXPECT_EQ(at(deal(id), "CONTACT_ID"), "1");
    EXPECT_EQ(
        ask("crm.deal.contact.items.get", R"({"id":)" + deal_id + "}"),
        R"([{"CONTACT_ID":1,"SORT":10,"ROLE_ID":0,"IS_PRIMARY":"Y"},{"CONTACT_ID":3,"SORT":20,"ROLE_ID":0,"IS_PRIMARY":"N"}])");
    call("crm.deal.contact.add", R"({"id":)" + deal_id + R"(,"fields":{"CONTACT_ID":2,"IS_PRIMARY":"Y"}})");
    EXPECT_EQ(at(deal(id), "CONTACT_ID"), "2");
    call("crm.deal.contact.items.set",
         R"({"id":)" + deal_id + R"(,"items":[{"CONTACT_ID":1,"SORT":300},{"CONTACT_ID":3,"SORT":100}]})");
    EXPECT_EQ(at(deal(id), "CONTACT_ID"), "3");
    call("crm.deal.contact.delete", R"({"id":)" + deal_id + R"(,"fields":{"CONTACT_ID":3}})");
    EXPECT_EQ(at(deal(id), "CONTACT_ID"), "1");
    EXPECT_EQ(error_of("crm.deal.contact.add", R"({"id":99,"fields":{"CONTACT_ID":1}})").message, "Not found.");
    EXPECT_EQ(error_of("crm.deal.contact.add", R"({"id":)" + deal_id + R"(,"fields":{}})").message,
              "The parameter 'fields' is not valid.");

    call("crm.contact.delete", R"({"id":1})");
    EXPECT_EQ(at(deal(id), "CONTACT_ID"), "null");
    EXPECT_EQ(ask("crm.deal.contact.items.get", R"({"id":)" + deal_id + "}"), "[]");
}

TEST_F(CrmCrud, a_company_lists_the_contacts_that_name_it) {
    add("crm.company.add", R"({"TITLE":"Acme"})");
    add("crm.contact.add", R"({"NAME":"Ann","COMPANY_ID":1})");
    add("crm.contact.add", R"({"NAME":"Bob"})");
    call("crm.company.contact.add", R"({"id":1,"fields":{"CONTACT_ID":2}})");
    EXPECT_EQ(call("crm.company.contact.items.get", R"({"id":1})").array().size(), 2u);
    EXPECT_EQ(at(call("crm.contact.get", R"({"id":2})"), "COMPANY_ID"), "1");
    call("crm.company.contact.items.delete", R"({"id":1})");
    EXPECT_EQ(ask("crm.contact.company.items.get", R"({"id":1})"), "[]");
    EXPECT_EQ(at(call("crm.contact.get", R"({"id":1})"), "COMPANY_ID"), "null");
}

TEST_F(CrmCrud, multifields_change_by_id_and_others_stay) {
    add("crm.lead.add", R"({"NAME":"Ann","LAST_NAME":"Lee","PHONE":[{"VALUE":"+49 30 123","VALUE_TYPE":"MOBILE"}],
                            "EMAIL":[{"VALUE":"ann@example.com"}]})");
    const json::Value first = call("crm.lead.get", R"({"id":1})");
    EXPECT_EQ(at(first, "HAS_PHONE"), "Y");
    EXPECT_EQ(at(first, "HAS_EMAIL"), "Y");
    EXPECT_EQ(at(first, "HAS_IMOL"), "N");
    EXPECT_EQ(at(first, "TITLE"), "Lead #1");

    call("crm.lead.update",
         R"({"id":1,"fields":{"PHONE":[{"ID":1,"VALUE":"+49 30 999"},{"VALUE":"555","VALUE_TYPE":"WORK"}]}})");
    EXPECT_EQ(ask("crm.lead.list", R"({"select":["ID","PHONE","EMAIL"]})"),
              R"([{"ID":"1","PHONE":[{"ID":"1","VALUE_TYPE":"MOBILE","VALUE":"+49 30 999","TYPE_ID":"PHONE"},)"
              R"({"ID":"3","VALUE_TYPE":"WORK","VALUE":"555","TYPE_ID":"PHONE"}],)"
              R"("EMAIL":[{"ID":"2","VALUE_TYPE":"WORK","VALUE":"ann@example.com","TYPE_ID":"EMAIL"}]}])");
    call("crm.lead.update", R"({"id":1,"fields":{"EMAIL":[{"ID":2,"DELETE":"Y"}]}})");
    EXPECT_EQ(at(call("crm.lead.get", R"({"id":1})"), "HAS_EMAIL"), "N");
    EXPECT_EQ(at(call("crm.lead.get", R"({"id":1})"), "HAS_PHONE"), "Y");
    const Error error = error_of("crm.lead.update", R"({"id":1,"fields":{"EMAIL":[{"VALUE":"nonsense"}]}})");
    EXPECT_EQ(error.api_code, "ERROR_CORE");
}

TEST_F(CrmCrud, duplicates_are_found_by_normalised_phones_and_mails) {
    add("crm.lead.add", R"({"PHONE":[{"VALUE":"+49 (30) 123-45"}]})");
    add("crm.contact.add",
        R"({"NAME":"Ann","PHONE":[{"VALUE":"004930 12345"}],"EMAIL":[{"VALUE":"Ann@Example.com"}]})");
    add("crm.company.add", R"({"TITLE":"Acme","EMAIL":[{"VALUE":"ann@example.com"}]})");
    EXPECT_EQ(ask("crm.duplicate.findbycomm", R"({"type":"PHONE","values":["+493012345"]})"),
              R"({"LEAD":[1],"CONTACT":[1]})");
    EXPECT_EQ(
        ask("crm.duplicate.findbycomm", R"({"type":"EMAIL","values":["ANN@example.com"],"entity_type":"COMPANY"})"),
        R"({"COMPANY":[1]})");
    EXPECT_EQ(ask("crm.duplicate.findbycomm", R"({"type":"EMAIL","values":["nobody@example.com"]})"), "[]");
    EXPECT_EQ(error_of("crm.duplicate.findbycomm", R"({"values":["1"]})").message, "Communication type is not defined");
    EXPECT_EQ(error_of("crm.duplicate.findbycomm", R"({"type":"WEB","values":["1"]})").message,
              "Communication type 'WEB' is not supported in current context");
}

TEST_F(CrmCrud, fields_methods_describe_types_as_documented) {
    const json::Value fields = call("crm.deal.fields", "{}");
    const std::pair<const char*, const char*> types[] = {
        {"ID", "integer"},
        {"TITLE", "string"},
        {"TYPE_ID", "crm_status"},
        {"CATEGORY_ID", "crm_category"},
        {"IS_NEW", "char"},
        {"OPPORTUNITY", "double"},
        {"COMPANY_ID", "crm_company"},
        {"CONTACT_IDS", "crm_contact"},
        {"CURRENCY_ID", "crm_currency"},
        {"BEGINDATE", "date"},
        {"DATE_CREATE", "datetime"},
        {"ASSIGNED_BY_ID", "user"},
        {"LEAD_ID", "crm_lead"},
        {"QUOTE_ID", "crm_quote"},
    };
    for (const auto& [name, type] : types) {
        ASSERT_NE(fields.find(name), nullptr) << name;
        EXPECT_EQ(at(*fields.find(name), "type"), type) << name;
    }
    EXPECT_EQ(at(*fields.find("TYPE_ID"), "statusType"), "DEAL_TYPE");
    EXPECT_EQ(at(*fields.find("CONTACT_IDS"), "isMultiple"), "true");
    EXPECT_EQ(at(*call("crm.contact.fields", "{}").find("PHONE"), "type"), "crm_multifield");
}

TEST_F(CrmCrud, employees_may_not_delete_what_is_not_theirs) {
    add("crm.deal.add", R"({"TITLE":"Of the admin"})");
    become_employee(7);
    const auto own = add("crm.deal.add", R"({"TITLE":"Mine"})");
    EXPECT_EQ(at(deal(own), "ASSIGNED_BY_ID"), "7");
    EXPECT_EQ(error_of("crm.deal.delete", R"({"id":1})").code, Errc::forbidden);
    EXPECT_EQ(ask("crm.deal.delete", R"({"id":2})"), "true");
    actor.role = model::Role::extranet;
    EXPECT_EQ(error_of("crm.deal.get", R"({"id":1})").code, Errc::not_found);
    EXPECT_EQ(ask("crm.deal.list", "{}"), "[]");
}

TEST_F(CrmCrud, the_board_counts_and_sums_by_stage_in_one_query) {
    add("crm.deal.add", R"({"OPPORTUNITY":100})");
    add("crm.deal.add", R"({"OPPORTUNITY":50.25})");
    add("crm.deal.add", R"({"OPPORTUNITY":7,"STAGE_ID":"WON","CURRENCY_ID":"USD"})");
    EXPECT_EQ(ask("stoa.crm.deal.board", R"({"categoryId":0})"),
              R"({"stages":[{"STAGE_ID":"NEW","COUNT":2,"SUM":"150.25","CURRENCY_ID":"EUR"},)"
              R"({"STAGE_ID":"WON","COUNT":1,"SUM":"7.00","CURRENCY_ID":"USD"}]})");
    EXPECT_EQ(ask("stoa.crm.deal.board", R"({"filter":{">OPPORTUNITY":60}})"),
              R"({"stages":[{"STAGE_ID":"NEW","COUNT":1,"SUM":"100.00","CURRENCY_ID":"EUR"}]})");
}

TEST_F(CrmCrud, contacts_have_a_full_name) {
    add("crm.contact.add", R"({"NAME":"Ann","SECOND_NAME":"B.","LAST_NAME":"Lee"})");
    call("crm.contact.update", R"({"id":1,"fields":{"LAST_NAME":"Wood"}})");
    EXPECT_EQ(ask("crm.contact.list", R"({"select":["FULL_NAME"],"filter":{"%FULL_NAME":"wood"}})"),
              R"([{"ID":"1","FULL_NAME":"Ann B. Wood"}])");
}

}  // namespace
}  // namespace stoa::crm
