// crm.activity.* and crm.timeline.comment.*.

#include "modules/crm/testing/crm_fixture.hpp"

namespace stoa::crm {
namespace {

using testing::at;
using testing::CrmFixture;

class CrmActivities : public CrmFixture {
  protected:
    void SetUp() override {
        CrmFixture::SetUp();
        add("crm.deal.add", R"({"TITLE":"D"})");
        add("crm.contact.add", R"({"NAME":"Ann"})");
    }
    std::int64_t add_call(std::string_view start = "2026-06-01T10:00:00+02:00") {
        return add("crm.activity.add",
                   R"({"OWNER_TYPE_ID":2,"OWNER_ID":1,"TYPE_ID":2,"SUBJECT":"New Call","RESPONSIBLE_ID":1,
            "START_TIME":")" +
                       std::string(start) +
                       R"(","COMMUNICATIONS":[{"VALUE":"+49","TYPE":"PHONE","ENTITY_ID":1,"ENTITY_TYPE_ID":3}]})");
    }
};

TEST_F(CrmActivities, a_call_is_due_when_it_starts_and_shown_as_strings) {
    clock.advance_s(60);
    const auto id = add_call();
    const json::Value activity = call("crm.activity.get", R"({"id":)" + std::to_string(id) + "}");
    const std::pair<const char*, const char*> expected[] = {
        {"ID", "1"},
        {"OWNER_ID", "1"},
        {"OWNER_TYPE_ID", "2"},
        {"TYPE_ID", "2"},
        {"SUBJECT", "New Call"},
        {"COMPLETED", "N"},
        {"STATUS", "1"},
        {"PRIORITY", "2"},
        {"SETTINGS", "[]"},
        {"AUTHOR_ID", "1"},
        {"DEADLINE", "2026-06-01T10:00:00+02:00"},
        {"PROVIDER_PARAMS", "[]"},
        {"RESULT_MARK", "0"},
        {"ORIGIN_ID", "null"},
    };
    for (const auto& [name, value] : expected)
        EXPECT_EQ(at(activity, name), value) << name;
    EXPECT_EQ(activity.find("COMMUNICATIONS"), nullptr);
    call("crm.activity.update", R"({"id":1,"fields":{"COMPLETED":"Y"}})");
    EXPECT_EQ(at(call("crm.activity.get", R"({"id":1})"), "STATUS"), "2");
    EXPECT_EQ(at(deal(1), "LAST_ACTIVITY_TIME"), "2026-05-28T22:27:40+02:00");
    EXPECT_EQ(events().back(), "ONCRMACTIVITYUPDATE");
}

TEST_F(CrmActivities, lists_go_by_start_and_find_bindings) {
    add_call("2026-06-03T10:00:00");
    add_call("2026-06-01T10:00:00");
    EXPECT_EQ(ask("crm.activity.list", R"({"select":["ID"]})"), R"([{"ID":"2"},{"ID":"1"}])");
    EXPECT_EQ(
        ask("crm.activity.list",
            R"({"select":["ID","COMMUNICATIONS"],"order":{"ID":"ASC"},"filter":{"<ID":2,"BINDINGS":[{"OWNER_TYPE_ID":3,"OWNER_ID":1}]}})"),
        R"([{"ID":"1","COMMUNICATIONS":[{"ID":"1","TYPE":"PHONE","VALUE":"+49","ENTITY_ID":"1","ENTITY_TYPE_ID":"3"}]}])");
    EXPECT_EQ(ask("crm.activity.list", R"({"filter":{"BINDINGS":[{"OWNER_TYPE_ID":4}]}})"), "[]");
    call("crm.activity.list", R"({"filter":{"OWNER_TYPE_ID":2,"OWNER_ID":1,"COMPLETED":"N"}})");
    EXPECT_EQ(last_total, 2);
}

TEST_F(CrmActivities, refusals_have_the_documented_texts) {
    const std::pair<const char*, const char*> cases[] = {
        {R"({})", "The field SUBJECT is not defined or empty"},
        {R"({"SUBJECT":"S"})", "The field RESPONSIBLE_ID is not defined or invalid"},
        {R"({"SUBJECT":"S","RESPONSIBLE_ID":1})", "The field TYPE_ID is not defined or invalid"},
        {R"({"SUBJECT":"S","RESPONSIBLE_ID":1,"TYPE_ID":2})", "The field COMMUNICATIONS is not defined or invalid"},
        {R"({"SUBJECT":"S","RESPONSIBLE_ID":1,"TYPE_ID":1,"COMMUNICATIONS":[{"VALUE":"1"},{"VALUE":"2"}]})",
         "The only one communication is allowed for activity of specified type"},
        {R"({"SUBJECT":"S","RESPONSIBLE_ID":1,"TYPE_ID":3})",
         "Could not build binding. Please ensure that owner info and communications are defined correctly"},
        {R"({"SUBJECT":"S","RESPONSIBLE_ID":1,"TYPE_ID":6,"OWNER_TYPE_ID":2,"OWNER_ID":1})",
         "The custom activity without provider is not supported in current context"},
        {R"({"SUBJECT":"S","RESPONSIBLE_ID":1,"TYPE_ID":3,"OWNER_TYPE_ID":2,"OWNER_ID":99})", "Access denied."},
    };
    for (const auto& [fields, message] : cases) {
        EXPECT_EQ(error_of("crm.activity.add", R"({"fields":)" + std::string(fields) + "}").message, message);
    }
    EXPECT_EQ(error_of("crm.activity.get", R"({"id":9})").message, "Activity is not found.");
    EXPECT_EQ(error_of("crm.activity.delete", R"({"id":9})").message, "Activity is not found.");
}

TEST_F(CrmActivities, an_activity_of_others_too_survives_its_owner) {
    add_call();
    add("crm.activity.add", R"({"OWNER_TYPE_ID":2,"OWNER_ID":1,"TYPE_ID":3,"SUBJECT":"Only here","RESPONSIBLE_ID":1})");
    call("crm.deal.delete", R"({"id":1})");
    EXPECT_EQ(ask("crm.activity.list", R"({"select":["ID"]})"), R"([{"ID":"1"}])");
    EXPECT_EQ(ask("crm.activity.delete", R"({"id":1})"), "true");
    EXPECT_EQ(ask("crm.activity.list", "{}"), "[]");
}

TEST_F(CrmActivities, files_hang_on_comments_and_activities_and_go_with_them) {
    const auto stored = [&] {
        std::string names;
        read([&](model::Records& records) -> Status {
            STOA_TRY(const auto rows, records.as_system().list(registry.entity("file"), {}));
            for (const model::Record& row : rows)
                names += row.text("NAME") + " ";
            return {};
        });
        return names;
    };
    const auto comment =
        add("crm.timeline.comment.add",
            R"({"ENTITY_ID":1,"ENTITY_TYPE":"deal","COMMENT":"c","FILES":[["a.gif","R0lGODlh"],["b","Yg=="]]})");
    const json::Value shown = *call("crm.timeline.comment.get", R"({"id":1})").find("FILES");
    ASSERT_EQ(shown.object().size(), 2u);
    EXPECT_EQ(at(*shown.find("1"), "type"), "image");
    EXPECT_EQ(at(*shown.find("1"), "size"), "6");
    EXPECT_EQ(at(*shown.find("2"), "name"), "b");
    EXPECT_EQ(at(*shown.find("2"), "authorId"), "1");
    EXPECT_NE(at(*shown.find("2"), "urlDownload").find("/rest/download.json?token="), std::string::npos);
    const std::string named = R"({"filter":{"ENTITY_ID":1,"ENTITY_TYPE":"deal"},"select":["ID","FILES"]})";
    EXPECT_EQ(call("crm.timeline.comment.list", named).array()[0].find("FILES")->object().size(), 2u);
    call("crm.timeline.comment.update", R"({"id":1,"fields":{"COMMENT":"d"}})");
    EXPECT_EQ(stored(), "a.gif b ");
    call("crm.timeline.comment.update", R"({"id":1,"fields":{"FILES":[["c","Yw=="]]}})");
    EXPECT_EQ(stored(), "c ");

    const auto activity = add(
        "crm.activity.add",
        R"({"OWNER_TYPE_ID":2,"OWNER_ID":1,"TYPE_ID":3,"SUBJECT":"S","RESPONSIBLE_ID":1,"FILES":[{"fileData":["d","ZA=="]}]})");
    const std::string id = R"({"id":)" + std::to_string(activity) + "}";
    EXPECT_EQ(at(call("crm.activity.get", id).find("FILES")->array().at(0), "id"), "4");
    const json::Value page = call("crm.activity.list", R"({"select":["ID","FILES"]})");
    EXPECT_EQ(page.array().at(0).find("FILES")->array().size(), 1u);
    call("crm.activity.update", R"({"id":)" + std::to_string(activity) + R"(,"fields":{"FILES":[]}})");
    EXPECT_EQ(call("crm.activity.get", id).find("FILES"), nullptr);
    call("crm.activity.update",
         R"({"id":)" + std::to_string(activity) + R"(,"fields":{"FILES":[{"fileData":["e","ZQ=="]}]}})");
    EXPECT_EQ(stored(), "c e ");
    EXPECT_EQ(comment, 1);
    call("crm.deal.delete", R"({"id":1})");
    EXPECT_EQ(stored(), "");
}

TEST_F(CrmActivities, comments_hang_on_records_and_go_with_them) {
    const auto id =
        add("crm.timeline.comment.add", R"({"ENTITY_ID":1,"ENTITY_TYPE":"deal","COMMENT":"New comment was added"})");
    EXPECT_EQ(id, 1);
    EXPECT_EQ(ask("crm.timeline.comment.list", R"({"filter":{"ENTITY_ID":1,"ENTITY_TYPE":"deal"}})"),
              R"([{"ID":"1","ENTITY_ID":"1","ENTITY_TYPE":"deal","CREATED":"2026-05-28T22:26:40+02:00",)"
              R"("COMMENT":"New comment was added","AUTHOR_ID":"1","FILES":{}}])");
    EXPECT_EQ(last_total, 1);
    EXPECT_EQ(
        ask("crm.timeline.comment.update", R"({"id":1,"fields":{"COMMENT":"Better"},"ownerTypeId":2,"ownerId":1})"),
        "1");
    EXPECT_EQ(at(call("crm.timeline.comment.get", R"({"id":1})"), "COMMENT"), "Better");

    const struct {
        const char *method, *parameters, *code;
    } errors[] = {
        {"crm.timeline.comment.add", R"({"fields":{"ENTITY_ID":99,"ENTITY_TYPE":"deal","COMMENT":"x"}})",
         "OWNER_NOT_FOUND"},
        {"crm.timeline.comment.add", R"({"fields":{"ENTITY_ID":1,"ENTITY_TYPE":"deal","COMMENT":""}})",
         "INVALID_ARG_VALUE"},
        {"crm.timeline.comment.add", R"({"fields":{"COMMENT":"x"}})", "100"},
        {"crm.timeline.comment.update", R"({"id":5,"fields":{"COMMENT":"x"}})", "NOT_FOUND"},
        {"crm.timeline.comment.update", R"({"id":1,"fields":{"COMMENT":"x"},"ownerTypeId":3})", "OWNER_NOT_FOUND"},
    };
    for (const auto& one : errors)
        EXPECT_EQ(error_of(one.method, one.parameters).api_code, one.code) << one.parameters;
    EXPECT_EQ(ask("crm.timeline.comment.delete", R"({"id":1})"), "null");
    add("crm.timeline.comment.add", R"({"ENTITY_ID":1,"ENTITY_TYPE":"DEAL","COMMENT":"x"})");
    call("crm.deal.delete", R"({"id":1})");
    EXPECT_EQ(error_of("crm.timeline.comment.get", R"({"id":2})").api_code, "NOT_FOUND");
}

}  // namespace
}  // namespace stoa::crm
