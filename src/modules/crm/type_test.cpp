// Smart processes end to end: type, pipeline, stages, items, relations, rows, removal.

#include "modules/crm/testing/crm_fixture.hpp"

namespace stoa::crm {
namespace {

using testing::at;
using testing::CrmFixture;

class CrmTypes : public CrmFixture {
  protected:
    json::Value add_type(std::string_view fields) {
        const json::Value made = call("crm.type.add", R"({"fields":)" + std::string(fields) + "}");
        return made.find("type") ? *made.find("type") : json::Value();
    }
};

TEST_F(CrmTypes, a_new_type_has_a_number_a_pipeline_and_stages) {
    const json::Value type = add_type(R"({"title":"Purchase","isClientEnabled":"Y","isStagesEnabled":"Y",
        "relations":{"parent":[{"entityTypeId":2,"isChildrenListEnabled":"true"},{"entityTypeId":999}]},
        "linkedUserFields":{"TASKS_TASK|UF_CRM_TASK":"true"}})");
    EXPECT_EQ(
        json::to_json(type),
        R"({"id":1,"title":"Purchase","code":null,"createdBy":1,"entityTypeId":1030,"customSectionId":null,)"
        R"("isCategoriesEnabled":"N","isStagesEnabled":"Y","isBeginCloseDatesEnabled":"N","isClientEnabled":"Y",)"
        R"("isUseInUserfieldEnabled":"N","isLinkWithProductsEnabled":"N","isMycompanyEnabled":"N","isDocumentsEnabled":"N",)"
        R"("isSourceEnabled":"N","isObserversEnabled":"N","isRecyclebinEnabled":"N","isAutomationEnabled":"N",)"
        R"("isBizProcEnabled":"N","isSetOpenPermissions":"Y","isPaymentsEnabled":"N","isCountersEnabled":"N",)"
        R"("createdTime":"2026-05-28T22:26:40+02:00","updatedTime":"2026-05-28T22:26:40+02:00","updatedBy":1,)"
        R"("relations":{"parent":[{"entityTypeId":3,"isChildrenListEnabled":"Y","isPredefined":"Y"},)"
        R"({"entityTypeId":4,"isChildrenListEnabled":"Y","isPredefined":"Y"},)"
        R"({"entityTypeId":2,"isChildrenListEnabled":"Y","isPredefined":"N"}],"child":[]},)"
        R"("linkedUserFields":{"CALENDAR_EVENT|UF_CRM_CAL_EVENT":"N","TASKS_TASK|UF_CRM_TASK":"Y","TASKS_TASK_TEMPLATE|UF_CRM_TASK":"N"},)"
        R"("customSections":[]})");
    const json::Value pipelines = call("crm.category.list", R"({"entityTypeId":1030})");
    const std::string n = at(pipelines.find("categories")->array().front(), "id");
    EXPECT_EQ(ask("crm.status.entity.items", R"({"entityId":"DYNAMIC_1030_STAGE_)" + n + R"("})")
                      .find("DT1030_" + n + ":NEW") != std::string::npos,
              true);
    EXPECT_EQ(at(*call("crm.type.getByEntityTypeId", R"({"entityTypeId":1030})").find("type"), "title"), "Purchase");
    EXPECT_NE(ask("crm.enum.ownertype")
                  .find(R"({"ID":1030,"NAME":"Purchase","SYMBOL_CODE":"DYNAMIC_1030","SYMBOL_CODE_SHORT":"T406"})"),
              std::string::npos);
    EXPECT_EQ(events(), (std::vector<std::string>{"ONCRMTYPEADD"}));
}

TEST_F(CrmTypes, numbers_are_checked) {
    EXPECT_EQ(at(add_type(R"({"title":"A","entityTypeId":130})"), "entityTypeId"), "130");
    for (const char* number : {"127", "193", "1031", "5", "-2"}) {
        const Error error =
            error_of("crm.type.add", R"({"fields":{"title":"B","entityTypeId":)" + std::string(number) + "}}");
        EXPECT_EQ(error.message, "entityTypeId is out of allowed range") << number;
        EXPECT_EQ(error.api_code, "INVALID_ARG_VALUE");
    }
    EXPECT_EQ(error_of("crm.type.add", R"({"fields":{"title":"B","entityTypeId":130}})").api_code, "INVALID_ARG_VALUE");
    EXPECT_EQ(error_of("crm.type.add", "{}").api_code, "100");
    become_employee(3);
    EXPECT_EQ(error_of("crm.type.add", R"({"fields":{"title":"B"}})").api_code, "ACCESS_DENIED");
}

TEST_F(CrmTypes, lists_filter_by_item_names_and_refuse_unknown_ones) {
    add_type(R"({"title":"First"})");
    add_type(R"({"title":"Second","isClientEnabled":"Y"})");
    const json::Value list = call("crm.type.list", R"({"order":{"id":"DESC"},"filter":{"isClientEnabled":"Y"}})");
    ASSERT_EQ(list.find("types")->array().size(), 1u);
    EXPECT_EQ(at(list.find("types")->array().front(), "entityTypeId"), "1032");
    EXPECT_EQ(list.find("types")->array().front().find("relations"), nullptr);
    EXPECT_EQ(last_total, 1);
    const Error error = error_of("crm.type.list", R"({"filter":{"field_n":1}})");
    EXPECT_EQ(error.api_code, "INVALID_ARG_VALUE");
    EXPECT_EQ(error.message, "Invalid filter: field 'field_n' is not allowed in filter");
}

TEST_F(CrmTypes, items_live_through_add_list_move_rows_and_removal) {
    add_type(R"({"title":"Purchase","entityTypeId":130})");
    add_type(R"({"title":"Other","entityTypeId":132})");
    add("crm.contact.add", R"({"NAME":"Ann"})");
    const json::Value made =
        call("crm.item.add", R"({"entityTypeId":130,"fields":{"opportunity":10,"contactIds":[1],"xmlId":"x"}})");
    const json::Value& item = *made.find("item");
    EXPECT_EQ(at(item, "title"), "Purchase #1");
    EXPECT_EQ(at(item, "contactId"), "1");
    EXPECT_EQ(at(item, "entityTypeId"), "130");
    EXPECT_EQ(at(item, "createdBy"), "1");
    EXPECT_EQ(item.find("stageSemanticId"), nullptr);
    const std::string n = at(item, "categoryId");
    const std::string prefix = "DT130_" + n + ":";
    EXPECT_EQ(at(item, "stageId"), prefix + "NEW");

    call("crm.item.add", R"({"entityTypeId":132,"fields":{"title":"Elsewhere"}})");
    EXPECT_EQ(ask("crm.item.list", R"({"entityTypeId":130,"select":["id","title"]})"),
              R"({"items":[{"id":1,"title":"Purchase #1"}]})");
    EXPECT_EQ(ask("crm.item.list", R"({"entityTypeId":130,"select":["id"],"filter":{"contactIds":1}})"),
              R"({"items":[{"id":1}]})");
    EXPECT_EQ(error_of("crm.item.get", R"({"entityTypeId":132,"id":1})").api_code, "NOT_FOUND");

    const json::Value moved =
        call("crm.item.update", R"({"entityTypeId":130,"id":1,"fields":{"stageId":")" + prefix + R"(SUCCESS"}})");
    EXPECT_EQ(at(*moved.find("item"), "previousStageId"), prefix + "NEW");
    const json::Value history = call("crm.stagehistory.list", R"({"entityTypeId":130,"filter":{"OWNER_ID":1}})");
    EXPECT_EQ(history.find("items")->array().size(), 2u);
    EXPECT_EQ(at(history.find("items")->array()[1], "STAGE_SEMANTIC_ID"), "S");

    call("crm.item.productrow.set", R"({"ownerId":1,"ownerType":"T82","productRows":[{"price":25,"quantity":2}]})");
    EXPECT_EQ(at(*call("crm.item.get", R"({"entityTypeId":130,"id":1})").find("item"), "opportunity"), "50");
    add("crm.timeline.comment.add", R"({"ENTITY_ID":1,"ENTITY_TYPE":"dynamic_130","COMMENT":"Hello"})");

    EXPECT_EQ(error_of("crm.type.delete", R"({"id":1})").api_code, "BX_ERROR");
    EXPECT_EQ(ask("crm.item.delete", R"({"entityTypeId":130,"id":1})"), "[]");
    EXPECT_EQ(ask("crm.type.delete", R"({"id":1})"), "[]");
    EXPECT_EQ(error_of("crm.item.list", R"({"entityTypeId":130})").api_code, "NOT_FOUND");
    EXPECT_EQ(error_of("crm.type.get", R"({"id":1})").message, "Smart process not found");
    const auto names = events();
    EXPECT_EQ(std::count(names.begin(), names.end(), "ONCRMDYNAMICITEMADD"), 2);
    EXPECT_EQ(std::count(names.begin(), names.end(), "ONCRMDYNAMICITEMDELETE"), 1);
}

TEST_F(CrmTypes, default_pipelines_change_places) {
    add_type(R"({"title":"Purchase","entityTypeId":130})");
    const json::Value first = call("crm.category.list", R"({"entityTypeId":130})");
    const std::string old = at(first.find("categories")->array().front(), "id");
    const json::Value made =
        call("crm.category.add", R"({"entityTypeId":130,"fields":{"name":"New","isDefault":"Y","sort":50}})");
    EXPECT_EQ(at(*made.find("category"), "isDefault"), "Y");
    EXPECT_EQ(at(*call("crm.category.get", R"({"entityTypeId":130,"id":)" + old + "}").find("category"), "isDefault"),
              "N");
    const std::string id = at(*made.find("category"), "id");
    EXPECT_EQ(error_of("crm.category.delete", R"({"entityTypeId":130,"id":)" + id + "}").api_code, "BX_ERROR");
    const json::Value item = call("crm.item.add", R"({"entityTypeId":130,"fields":{}})");
    EXPECT_EQ(at(*item.find("item"), "categoryId"), id);
}

TEST_F(CrmTypes, relations_give_records_a_parent) {
    add_type(
        R"({"title":"Purchase","entityTypeId":130,"relations":{"parent":[{"entityTypeId":2}],"child":[{"entityTypeId":1}]}})");
    add("crm.deal.add", R"({"TITLE":"D"})");
    const json::Value item = call("crm.item.add", R"({"entityTypeId":130,"fields":{"parentId2":1}})");
    EXPECT_EQ(at(*item.find("item"), "parentId2"), "1");
    add("crm.lead.add", R"({"PARENT_ID_130":1})");
    EXPECT_EQ(at(call("crm.lead.get", R"({"id":1})"), "PARENT_ID_130"), "1");
    EXPECT_EQ(ask("crm.lead.list", R"({"select":["ID"],"filter":{"PARENT_ID_130":1}})"), R"([{"ID":"1"}])");
    EXPECT_EQ(ask("crm.item.list", R"({"entityTypeId":1,"select":["id","parentId130"],"filter":{"parentId130":1}})"),
              R"({"items":[{"id":1,"parentId130":1}]})");
    EXPECT_EQ(ask("crm.lead.userfield.list"), "[]") << "a relation is no user field for clients";
    call("crm.type.update", R"({"id":1,"fields":{"relations":{"child":[]}}})");
    EXPECT_EQ(call("crm.lead.get", R"({"id":1})").find("PARENT_ID_130"), nullptr);
    EXPECT_EQ(at(*call("crm.item.get", R"({"entityTypeId":130,"id":1})").find("item"), "parentId2"), "?");
}

}  // namespace
}  // namespace stoa::crm
