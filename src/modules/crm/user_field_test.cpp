// crm.*.userfield.* and user fields in records, in both spellings.

#include "modules/crm/testing/crm_fixture.hpp"
#include "modules/crm/user_field_rows.hpp"

namespace stoa::crm {
namespace {

using testing::at;
using testing::CrmFixture;

class CrmUserFields : public CrmFixture {};

TEST(UserFieldNames, get_the_prefix_and_are_checked) {
    const std::pair<const char*, const char*> good[] = {{"MANAGER_NOTE", "UF_CRM_MANAGER_NOTE"},
                                                        {"UF_MANAGER_NOTE", "UF_CRM_MANAGER_NOTE"},
                                                        {"UF_CRM_MANAGER_NOTE", "UF_CRM_MANAGER_NOTE"},
                                                        {"note", "UF_CRM_NOTE"},
                                                        {"1747308010", "UF_CRM_1747308010"}};
    for (const auto& [given, full] : good)
        EXPECT_EQ(full_field_name(given).value_or("?"), full);
    for (const char* bad : {"", "A-B", "Ä", "UF_CRM_"})
        EXPECT_EQ(full_field_name(bad).error().api_code, "ERROR_CORE");
    EXPECT_TRUE(full_field_name(std::string(43, 'A')).ok());
    EXPECT_EQ(full_field_name(std::string(44, 'A')).error().message,
              "Field name is too long (more than 50 characters).");
}

TEST_F(CrmUserFields, a_string_field_is_defined_shown_changed_and_removed) {
    const auto id =
        add("crm.deal.userfield.add", R"({"FIELD_NAME":"HELLO_WORLD","USER_TYPE_ID":"string","LABEL":"Hello",
        "EDIT_FORM_LABEL":{"de":"Hallo"},"SORT":2000,"SETTINGS":{"ROWS":10},"MANDATORY":"N"})");
    const std::string parameter = R"({"id":)" + std::to_string(id) + "}";
    EXPECT_EQ(
        ask("crm.deal.userfield.get", parameter),
        R"({"ID":"1","ENTITY_ID":"CRM_DEAL","FIELD_NAME":"UF_CRM_HELLO_WORLD","USER_TYPE_ID":"string","XML_ID":null,"SORT":"2000",)"
        R"("MULTIPLE":"N","MANDATORY":"N","SHOW_FILTER":"E","SHOW_IN_LIST":"Y","EDIT_IN_LIST":"Y","IS_SEARCHABLE":"N",)"
        R"("SETTINGS":{"SIZE":20,"ROWS":10,"REGEXP":"","MIN_LENGTH":0,"MAX_LENGTH":0,"DEFAULT_VALUE":""},)"
        R"("EDIT_FORM_LABEL":{"en":"Hello","de":"Hallo","ru":"Hello"},"LIST_COLUMN_LABEL":{"en":"Hello","de":"Hello","ru":"Hello"},)"
        R"("LIST_FILTER_LABEL":{"en":"Hello","de":"Hello","ru":"Hello"},"ERROR_MESSAGE":{"en":"Hello","de":"Hello","ru":"Hello"},)"
        R"("HELP_MESSAGE":{"en":"Hello","de":"Hello","ru":"Hello"}})");
    const json::Value listed = call("crm.deal.userfield.list", R"({"filter":{"LANG":"de","USER_TYPE_ID":"string"}})");
    EXPECT_EQ(last_total, 1);
    EXPECT_EQ(at(listed.array().front(), "EDIT_FORM_LABEL"), "Hallo");
    EXPECT_EQ(call("crm.deal.userfield.list", "{}").array().front().find("EDIT_FORM_LABEL"), nullptr);

    call("crm.deal.userfield.update",
         R"({"id":1,"fields":{"EDIT_FORM_LABEL":"Bye","SETTINGS":{"SIZE":5},"FIELD_NAME":"NO"}})");
    const json::Value changed = call("crm.deal.userfield.get", parameter);
    EXPECT_EQ(at(*changed.find("SETTINGS"), "ROWS"), "10");
    EXPECT_EQ(at(*changed.find("SETTINGS"), "SIZE"), "5");
    EXPECT_EQ(at(*changed.find("EDIT_FORM_LABEL"), "ru"), "Bye");
    EXPECT_EQ(at(changed, "FIELD_NAME"), "UF_CRM_HELLO_WORLD");
    EXPECT_EQ(at(*call("crm.deal.fields", "{}").find("UF_CRM_HELLO_WORLD"), "title"), "Bye");

    EXPECT_EQ(error_of("crm.lead.userfield.get", parameter).code, Errc::forbidden);
    EXPECT_EQ(error_of("crm.deal.userfield.get", R"({"id":99})").api_code, "ERROR_NOT_FOUND");
    EXPECT_EQ(error_of("crm.deal.userfield.get", "{}").message, "ID is not defined or invalid.");
    EXPECT_EQ(ask("crm.deal.userfield.delete", parameter), "true");
    EXPECT_EQ(ask("crm.deal.userfield.list"), "[]");
    EXPECT_EQ(events(), (std::vector<std::string>{"ONCRMDEALUSERFIELDADD", "ONCRMDEALUSERFIELDUPDATE",
                                                  "ONCRMDEALUSERFIELDDELETE"}));
}

TEST_F(CrmUserFields, refusals_have_documented_codes) {
    add("crm.deal.userfield.add", R"({"FIELD_NAME":"A","USER_TYPE_ID":"string"})");
    const struct {
        const char *fields, *code, *message;
    } cases[] = {
        {R"({"FIELD_NAME":"B"})", "", "The 'USER_TYPE_ID' field is not found."},
        {R"({"USER_TYPE_ID":"string"})", "", "The 'FIELD_NAME' field is not found."},
        {R"({"FIELD_NAME":"B","USER_TYPE_ID":"nonsense"})", "ERROR_CORE", "Incorrect custom type specified."},
        {R"({"FIELD_NAME":"B","USER_TYPE_ID":"crm_entity"})", "ERROR_CORE", "Incorrect custom type specified."},
        {R"({"FIELD_NAME":"UF_CRM_A","USER_TYPE_ID":"string"})", "ERROR_CORE", "The field UF_CRM_A exists already."},
        {R"({"FIELD_NAME":"L","USER_TYPE_ID":"enumeration","LIST":[{"VALUE":"a","XML_ID":"x"},{"VALUE":"b","XML_ID":"x"}]})",
         "ERROR_CORE", "List item with value XML_ID=x already exists."},
    };
    for (const auto& one : cases) {
        const Error error = error_of("crm.deal.userfield.add", R"({"fields":)" + std::string(one.fields) + "}");
        EXPECT_EQ(error.message, one.message);
        EXPECT_EQ(error.api_code, one.code);
    }
    become_employee(2);
    EXPECT_EQ(error_of("crm.deal.userfield.add", R"({"fields":{"FIELD_NAME":"C","USER_TYPE_ID":"string"}})").code,
              Errc::forbidden);
    EXPECT_EQ(call("crm.deal.userfield.list", "{}").array().size(), 1u);
}

TEST_F(CrmUserFields, list_items_have_ids_and_change_by_them) {
    add("crm.contact.userfield.add", R"({"FIELD_NAME":"COLOR","USER_TYPE_ID":"enumeration","LIST":[
        {"VALUE":"Red","SORT":10,"DEF":"Y"},{"VALUE":"","SORT":15},{"VALUE":"Blue","SORT":20,"DEF":"Y"}]})");
    json::Value field = call("crm.contact.userfield.get", R"({"id":1})");
    EXPECT_EQ(
        json::to_json(*field.find("LIST")),
        R"([{"ID":"1","SORT":"10","VALUE":"Red","DEF":"Y","XML_ID":""},{"ID":"2","SORT":"20","VALUE":"Blue","DEF":"N","XML_ID":""}])");
    call("crm.contact.userfield.update",
         R"({"id":1,"fields":{"LIST":[{"ID":"1","VALUE":"Crimson"},{"ID":"2","DEL":"Y"},{"VALUE":"Green"}]}})");
    field = call("crm.contact.userfield.get", R"({"id":1})");
    ASSERT_EQ(field.find("LIST")->array().size(), 2u);
    EXPECT_EQ(at(field.find("LIST")->array()[0], "VALUE"), "Crimson");
    EXPECT_EQ(at(field.find("LIST")->array()[1], "ID"), "3");
    EXPECT_EQ(events().back(), "ONCRMCONTACTUSERFIELDSETENUMVALUES");
    EXPECT_GT(add("crm.contact.add", R"({"NAME":"A","UF_CRM_COLOR":3})"), 0);
    EXPECT_EQ(error_of("crm.contact.add", R"({"fields":{"NAME":"A","UF_CRM_COLOR":2}})").field, "UF_CRM_COLOR");
}

TEST_F(CrmUserFields, values_are_read_written_and_filtered_in_both_spellings) {
    add("crm.deal.userfield.add", R"({"FIELD_NAME":"NOTE","USER_TYPE_ID":"string"})");
    add("crm.deal.userfield.add", R"({"FIELD_NAME":"1747308010","USER_TYPE_ID":"integer","MULTIPLE":"Y"})");
    add("crm.deal.userfield.add", R"({"FIELD_NAME":"URGENT","USER_TYPE_ID":"boolean"})");
    add("crm.deal.add", R"({"TITLE":"Classic","UF_CRM_NOTE":"one","UF_CRM_1747308010":[5,7],"UF_CRM_URGENT":"Y"})");
    call("crm.item.add",
         R"({"entityTypeId":2,"fields":{"title":"Item","ufCrmNote":"two","ufCrm_1747308010":[7],"ufCrmUrgent":"N"}})");

    const json::Value classic = deal(1);
    EXPECT_EQ(at(classic, "UF_CRM_NOTE"), "one");
    EXPECT_EQ(at(classic, "UF_CRM_1747308010"), R"(["5","7"])");
    EXPECT_EQ(at(classic, "UF_CRM_URGENT"), "1");
    const json::Value item = call("crm.item.get", R"({"entityTypeId":2,"id":2})");
    EXPECT_EQ(at(*item.find("item"), "ufCrmNote"), "two");
    EXPECT_EQ(at(*item.find("item"), "ufCrm_1747308010"), "[7]");
    EXPECT_EQ(at(*item.find("item"), "ufCrmUrgent"), "N");
    const json::Value original = call("crm.item.get", R"({"entityTypeId":2,"id":2,"useOriginalUfNames":"Y"})");
    EXPECT_EQ(at(*original.find("item"), "UF_CRM_NOTE"), "two");
    EXPECT_EQ(original.find("item")->find("ufCrmNote"), nullptr);

    const char* first[] = {R"({"UF_CRM_NOTE":"one"})", R"({"ufCrmNote":"one"})",
                           R"({"=UF_CRM_NOTE":"one","TITLE":"Classic"})"};
    for (const char* filter : first) {
        EXPECT_EQ(ask("crm.deal.list", R"({"select":["ID"],"filter":)" + std::string(filter) + "}"), R"([{"ID":"1"}])")
            << filter;
    }
    const char* items[] = {R"({"ufCrmNote":"two"})", R"({"UF_CRM_NOTE":"two"})", R"({"%ufCrmNote":"tw"})",
                           R"({"ufCrmUrgent":0})"};
    for (const char* filter : items) {
        EXPECT_EQ(ask("crm.item.list", R"({"entityTypeId":2,"select":["id"],"filter":)" + std::string(filter) + "}"),
                  R"({"items":[{"id":2}]})")
            << filter;
    }
    EXPECT_EQ(ask("crm.deal.list", R"({"select":["ID","UF_*"],"filter":{"UF_CRM_1747308010":5}})"),
              R"([{"ID":"1","UF_CRM_NOTE":"one","UF_CRM_1747308010":["5","7"],"UF_CRM_URGENT":"1"}])");
    call("crm.deal.update", R"({"id":1,"fields":{"UF_CRM_NOTE":""}})");
    EXPECT_EQ(at(deal(1), "UF_CRM_NOTE"), "null");
    EXPECT_EQ(at(deal(1), "UF_CRM_URGENT"), "1") << "fields that are not named keep their value";
}

}  // namespace
}  // namespace stoa::crm
