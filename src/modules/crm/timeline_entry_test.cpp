// Creation, stages, responsible persons and conversion in the timeline of a record.

#include "modules/crm/testing/crm_fixture.hpp"

namespace stoa::crm {
namespace {

using testing::at;
using testing::CrmFixture;

class CrmTimeline : public CrmFixture {
  protected:
    /// "kind old>new by author", newest first.
    std::vector<std::string> entries(int type_id, std::int64_t id) {
        std::vector<std::string> out;
        const json::Value rows = call("stoa.crm.timeline.list", R"({"entityTypeId":)" + std::to_string(type_id) +
                                                                    R"(,"entityId":)" + std::to_string(id) + "}");
        for (const json::Value* row : rows.items()) {
            out.push_back(at(*row, "KIND") + " " + at(*row, "OLD_VALUE") + ">" + at(*row, "NEW_VALUE") + " by " +
                          at(*row, "AUTHOR_ID"));
        }
        return out;
    }
    using Lines = std::vector<std::string>;
};

TEST_F(CrmTimeline, a_deal_tells_who_made_moved_and_passed_it_on) {
    add("crm.deal.add", R"({"TITLE":"D"})");
    become_employee(5);
    call("crm.deal.update", R"({"id":1,"fields":{"STAGE_ID":"EXECUTING","ASSIGNED_BY_ID":7}})");
    call("crm.deal.update", R"({"id":1,"fields":{"STAGE_ID":"EXECUTING","ASSIGNED_BY_ID":7,"COMMENTS":"x"}})");
    EXPECT_EQ(entries(2, 1), (Lines{"responsible 1>7 by 5", "stage NEW>EXECUTING by 5", "created null>null by 1"}));
    EXPECT_EQ(last_total, 3);
}

TEST_F(CrmTimeline, contacts_companies_and_smart_processes_have_one_too) {
    add("crm.contact.add", R"({"NAME":"Ann"})");
    add("crm.company.add", R"({"TITLE":"C"})");
    call("crm.company.update", R"({"id":1,"fields":{"ASSIGNED_BY_ID":7}})");
    call("crm.type.add", R"({"fields":{"title":"Bugs","entityTypeId":130}})");
    call("crm.item.add", R"({"entityTypeId":130,"fields":{"title":"B"}})");
    EXPECT_EQ(entries(3, 1), Lines{"created null>null by 1"});
    EXPECT_EQ(entries(4, 1), (Lines{"responsible 1>7 by 1", "created null>null by 1"}));
    EXPECT_EQ(entries(130, 1), Lines{"created null>null by 1"});
}

TEST_F(CrmTimeline, a_lead_tells_of_its_conversion_and_what_was_made_of_it) {
    add("crm.lead.add", R"({"TITLE":"L"})");
    call("crm.lead.update", R"({"id":1,"fields":{"STATUS_ID":"CONVERTED"}})");
    write([](model::Records& records) -> Status {
        model::Changes deal(records.services().registry.entity("crm.deal"));
        deal.set("TITLE", std::string("From the lead"));
        deal.set("LEAD_ID", std::int64_t{1});
        const auto added = records.as_system().add(std::move(deal));
        return added ? Status() : Status(added.error());
    });
    EXPECT_EQ(entries(1, 1), (Lines{"converted null>D_1 by 1", "converted null>null by 1", "stage NEW>CONVERTED by 1",
                                    "created null>null by 1"}));
}

TEST_F(CrmTimeline, a_removed_record_takes_its_entries_along) {
    add("crm.deal.add", "{}");
    add("crm.deal.add", "{}");
    call("crm.deal.delete", R"({"id":1})");
    read([](model::Records& records) -> Status {
        STOA_TRY(const std::int64_t rows, records.tx().count("crm_timeline_entries", db::Condition::always()));
        EXPECT_EQ(rows, 1);
        return {};
    });
    EXPECT_EQ(error_of("stoa.crm.timeline.list", R"({"entityTypeId":2,"entityId":1})").api_code, "OWNER_NOT_FOUND");
    EXPECT_EQ(error_of("stoa.crm.timeline.list", R"({"entityTypeId":99,"entityId":1})").api_code, "NOT_FOUND");
    EXPECT_EQ(error_of("stoa.crm.timeline.list", R"({"entityTypeId":2})").field, "entityId");
}

TEST_F(CrmTimeline, those_who_may_not_see_the_record_do_not_see_its_timeline) {
    add("crm.deal.add", "{}");
    actor.user = 9;
    actor.role = model::Role::extranet;
    EXPECT_EQ(error_of("stoa.crm.timeline.list", R"({"entityTypeId":2,"entityId":1})").api_code, "OWNER_NOT_FOUND");
}

}  // namespace
}  // namespace stoa::crm
