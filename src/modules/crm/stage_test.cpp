// Pipelines and stages: defaults, checks, moves, history; with deals and leads.

#include "modules/crm/stages.hpp"

#include "modules/crm/testing/crm_fixture.hpp"

namespace stoa::crm {
namespace {

using testing::at;
using testing::CrmFixture;

class CrmStages : public CrmFixture {
  protected:
    std::string add_pipeline(std::string_view name) {
        const json::Value made =
            call("crm.category.add", R"({"entityTypeId":2,"fields":{"name":")" + std::string(name) + R"("}})");
        return at(*made.find("category"), "id");
    }
};

TEST_F(CrmStages, winning_closes_a_deal_and_going_back_opens_it) {
    const auto id = add("crm.deal.add", R"({"CLOSEDATE":"2030-01-01"})");
    clock.advance_s(3600);
    call("crm.deal.update", R"({"id":1,"fields":{"STAGE_ID":"WON"}})");
    json::Value won = deal(id);
    EXPECT_EQ(at(won, "STAGE_SEMANTIC_ID"), "S");
    EXPECT_EQ(at(won, "CLOSED"), "Y");
    EXPECT_EQ(at(won, "CLOSEDATE"), "2026-05-28T00:00:00+02:00");
    EXPECT_EQ(at(won, "MOVED_TIME"), "2026-05-28T23:26:40+02:00");
    EXPECT_EQ(at(won, "IS_NEW"), "N");
    call("crm.deal.update", R"({"id":1,"fields":{"STAGE_ID":"EXECUTING"}})");
    won = deal(id);
    EXPECT_EQ(at(won, "CLOSED"), "N");
    EXPECT_EQ(at(won, "STAGE_SEMANTIC_ID"), "P");
}

TEST_F(CrmStages, a_stage_of_another_pipeline_is_refused) {
    const std::string pipeline = add_pipeline("Second");
    EXPECT_EQ(error_of("crm.deal.add", R"({"fields":{"STAGE_ID":"NOWHERE"}})").api_code,
              "CRM_FIELD_ERROR_VALUE_NOT_VALID");
    EXPECT_EQ(error_of("crm.deal.add", R"({"fields":{"STAGE_ID":"C)" + pipeline + R"(:NEW"}})").api_code,
              "CRM_FIELD_ERROR_VALUE_NOT_VALID");
    EXPECT_EQ(error_of("crm.deal.add", R"({"fields":{"CATEGORY_ID":77}})").field, "CATEGORY_ID");
    const auto id = add("crm.deal.add", R"({"CATEGORY_ID":)" + pipeline + "}");
    EXPECT_EQ(at(deal(id), "STAGE_ID"), "C" + pipeline + ":NEW");
}

TEST_F(CrmStages, a_deal_moved_to_another_pipeline_starts_over) {
    const std::string pipeline = add_pipeline("Second");
    const auto id = add("crm.deal.add", R"({"STAGE_ID":"EXECUTING"})");
    call("crm.item.update", R"({"entityTypeId":2,"id":1,"fields":{"categoryId":)" + pipeline + "}}");
    EXPECT_EQ(at(deal(id), "CATEGORY_ID"), pipeline);
    EXPECT_EQ(at(deal(id), "STAGE_ID"), "C" + pipeline + ":NEW");
    const auto names = events();
    EXPECT_EQ(std::count(names.begin(), names.end(), "ONCRMDEALMOVETOCATEGORY"), 1);
}

TEST_F(CrmStages, history_tells_of_creation_moves_and_closing) {
    add("crm.deal.add", "{}");
    call("crm.deal.update", R"({"id":1,"fields":{"STAGE_ID":"EXECUTING"}})");
    call("crm.deal.update", R"({"id":1,"fields":{"STAGE_ID":"EXECUTING","TITLE":"Same stage"}})");
    call("crm.deal.update", R"({"id":1,"fields":{"STAGE_ID":"LOSE"}})");
    EXPECT_EQ(
        ask("crm.stagehistory.list", R"({"entityTypeId":2,"filter":{"OWNER_ID":1},"order":{"ID":"ASC"}})"),
        R"({"items":[{"ID":1,"TYPE_ID":1,"OWNER_ID":1,"CREATED_TIME":"2026-05-28T22:26:40+02:00","CATEGORY_ID":0,"STAGE_SEMANTIC_ID":"P","STAGE_ID":"NEW"},)"
        R"({"ID":2,"TYPE_ID":2,"OWNER_ID":1,"CREATED_TIME":"2026-05-28T22:26:40+02:00","CATEGORY_ID":0,"STAGE_SEMANTIC_ID":"P","STAGE_ID":"EXECUTING"},)"
        R"({"ID":3,"TYPE_ID":3,"OWNER_ID":1,"CREATED_TIME":"2026-05-28T22:26:40+02:00","CATEGORY_ID":0,"STAGE_SEMANTIC_ID":"F","STAGE_ID":"LOSE"}]})");
    EXPECT_EQ(last_total, 3);
    EXPECT_EQ(error_of("crm.stagehistory.list", R"({"entityTypeId":2,"filter":{"NOPE":1}})").api_code,
              "INVALID_ARG_VALUE");
    EXPECT_EQ(error_of("crm.stagehistory.list", R"({"entityTypeId":3})").api_code, "ENTITY_TYPE_NOT_SUPPORTED");
    call("crm.deal.delete", R"({"id":1})");
    EXPECT_EQ(ask("crm.stagehistory.list", R"({"entityTypeId":2})"), R"({"items":[]})");
}

TEST_F(CrmStages, leads_keep_their_own_history_and_closing_time) {
    add("crm.lead.add", "{}");
    call("crm.lead.update", R"({"id":1,"fields":{"STATUS_ID":"CONVERTED"}})");
    const json::Value lead = call("crm.lead.get", R"({"id":1})");
    EXPECT_EQ(at(lead, "STATUS_SEMANTIC_ID"), "S");
    EXPECT_EQ(at(lead, "DATE_CLOSED"), "2026-05-28T22:26:40+02:00");
    EXPECT_EQ(
        ask("crm.stagehistory.list", R"({"entityTypeId":1,"select":["STATUS_ID","STATUS_SEMANTIC_ID","TYPE_ID"]})"),
        R"({"items":[{"ID":1,"TYPE_ID":1,"STATUS_SEMANTIC_ID":"P","STATUS_ID":"NEW"},)"
        R"({"ID":2,"TYPE_ID":3,"STATUS_SEMANTIC_ID":"S","STATUS_ID":"CONVERTED"}]})");
}

TEST_F(CrmStages, pipelines_are_listed_with_the_deals_first_one_as_zero) {
    EXPECT_EQ(
        ask("crm.category.list", R"({"entityTypeId":2})"),
        R"({"categories":[{"id":0,"name":"General","sort":300,"entityTypeId":2,"isDefault":"Y","originId":"","originatorId":""}]})");
    const std::string pipeline = add_pipeline("  Second ");
    EXPECT_EQ(ask("crm.category.get", R"({"entityTypeId":2,"id":)" + pipeline + "}"),
              R"({"category":{"id":)" + pipeline +
                  R"(,"name":"Second","sort":500,"entityTypeId":2,"isDefault":"N","originId":"","originatorId":""}})");
    call("crm.category.update", R"({"entityTypeId":2,"id":0,"fields":{"name":"Sales"}})");
    EXPECT_EQ(at(*call("crm.category.get", R"({"entityTypeId":2,"id":0})").find("category"), "name"), "Sales");
    EXPECT_EQ(error_of("crm.category.get", R"({"entityTypeId":2,"id":1})").api_code, "NOT_FOUND")
        << "the row of pipeline 0 has no number of its own";
    EXPECT_EQ(error_of("crm.category.list", R"({"entityTypeId":1})").api_code, "ENTITY_TYPE_NOT_SUPPORTED");
    EXPECT_EQ(error_of("crm.category.list", R"({"entityTypeId":999})").api_code, "NOT_FOUND");
    EXPECT_EQ(error_of("crm.category.add", R"({"entityTypeId":2,"fields":{"name":" \t "}})").message,
              "Field 'NAME' is required");
}

TEST_F(CrmStages, a_pipeline_goes_only_when_it_is_empty_and_takes_its_stages_along) {
    const std::string pipeline = add_pipeline("Second");
    const std::string id = R"({"entityTypeId":2,"id":)" + pipeline + "}";
    add("crm.deal.add", R"({"CATEGORY_ID":)" + pipeline + "}");
    EXPECT_EQ(error_of("crm.category.delete", id).message, "Deals related to the funnel Second found");
    call("crm.deal.delete", R"({"id":1})");
    EXPECT_EQ(ask("crm.category.delete", id), "null");
    call("crm.status.list", R"({"filter":{"ENTITY_ID":"DEAL_STAGE_)" + pipeline + R"("}})");
    EXPECT_EQ(last_total, 0);
    EXPECT_EQ(error_of("crm.category.delete", R"({"entityTypeId":2,"id":0})").message,
              "Default deal category cannot be deleted");
    become_employee(5);
    EXPECT_EQ(error_of("crm.category.add", R"({"entityTypeId":2,"fields":{"name":"X"}})").code, Errc::forbidden);
}

TEST(StageDictionaries, names_and_prefixes_read_back) {
    const struct {
        int type;
        RecordId pipeline;
        const char *dictionary, *prefix;
    } cases[] = {{1, 0, "STATUS", ""},
                 {2, 0, "DEAL_STAGE", ""},
                 {2, 5, "DEAL_STAGE_5", "C5:"},
                 {130, 7, "DYNAMIC_130_STAGE_7", "DT130_7:"}};
    for (const auto& one : cases) {
        EXPECT_EQ(stage_dictionary(one.type, one.pipeline), one.dictionary);
        EXPECT_EQ(stage_prefix(one.type, one.pipeline), one.prefix);
        const StageDictionary parsed = parse_stage_dictionary(one.dictionary);
        EXPECT_EQ(parsed.type_id, one.type);
        EXPECT_EQ(parsed.pipeline, one.pipeline);
    }
    for (const char* other : {"SOURCE", "DEAL_STAGE_", "DEAL_STAGE_5x", "DYNAMIC_1_STAGE_", ""}) {
        EXPECT_EQ(parse_stage_dictionary(other).type_id, 0) << other;
    }
}

}  // namespace
}  // namespace stoa::crm
