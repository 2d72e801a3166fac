// What a listener hears of CRM records and activities.

#include "modules/crm/listener.hpp"

#include "modules/crm/testing/crm_fixture.hpp"

namespace stoa::crm {
namespace {

using testing::CrmFixture;

/// Remembers what it was told.
class Heard final : public CrmListener {
  public:
    Status record_saved(model::Records&, const CrmChange& change) override {
        if (refuses) return forbidden("No.");
        std::string line = std::to_string(change.type_id) + "/" + std::to_string(change.id) + " " + change.title;
        line += " of " + std::to_string(change.responsible);
        if (change.is_new) line += " new";
        if (change.reassigned) line += " reassigned";
        if (change.moved) line += " moved to " + change.stage_name;
        if (change.won) line += " won";
        lines.push_back(line);
        return {};
    }
    Status record_removed(model::Records&, int type_id, RecordId id) override {
        lines.push_back("removed " + std::to_string(type_id) + "/" + std::to_string(id));
        return {};
    }
    Status activity_saved(model::Records&, const model::Record& activity, const model::Record* before) override {
        lines.push_back((before ? "activity passed to " : "activity for ") +
                        std::to_string(activity.integer("RESPONSIBLE_ID")));
        return {};
    }
    Status activity_removed(model::Records&, RecordId activity) override {
        lines.push_back("no activity " + std::to_string(activity));
        return {};
    }
    std::vector<std::string> lines;
    bool refuses = false;
};

class CrmListening : public CrmFixture {
  protected:
    CrmListener* listener() override { return &heard; }
    std::vector<std::string> taken() { return std::exchange(heard.lines, {}); }

    using Lines = std::vector<std::string>;
    Heard heard;
};

TEST_F(CrmListening, new_records_of_every_kind_are_told_with_their_responsible_person) {
    add("crm.lead.add", R"({"TITLE":"L","ASSIGNED_BY_ID":5})");
    add("crm.deal.add", R"({"TITLE":"D"})");
    add("crm.contact.add", R"({"NAME":"Ann","LAST_NAME":"Lee"})");
    add("crm.company.add", R"({"TITLE":"C"})");
    EXPECT_EQ(taken(), (Lines{"1/1 L of 5 new", "2/1 D of 1 new", "3/1 Ann Lee of 1 new", "4/1 C of 1 new"}));
    call("crm.type.add", R"({"fields":{"title":"Bugs","entityTypeId":130}})");
    call("crm.item.add", R"({"entityTypeId":130,"fields":{"title":"B","assignedById":7}})");
    EXPECT_EQ(taken(), Lines{"130/1 B of 7 new"});
}

TEST_F(CrmListening, only_what_concerns_people_is_told_of_a_change) {
    add("crm.deal.add", R"({"TITLE":"D"})");
    taken();
    call("crm.deal.update", R"({"id":1,"fields":{"COMMENTS":"x","ASSIGNED_BY_ID":1,"STAGE_ID":"NEW"}})");
    EXPECT_EQ(taken(), Lines{}) << "the same values again change nothing";
    call("crm.deal.update", R"({"id":1,"fields":{"ASSIGNED_BY_ID":5}})");
    EXPECT_EQ(taken(), Lines{"2/1 D of 5 reassigned"});
    call("crm.deal.update", R"({"id":1,"fields":{"STAGE_ID":"LOSE"}})");
    EXPECT_EQ(taken().front().rfind("2/1 D of 5 moved to ", 0), 0u);
    call("crm.deal.update", R"({"id":1,"fields":{"STAGE_ID":"WON","TITLE":"Big"}})");
    EXPECT_TRUE(taken().front().ends_with(" won"));
    call("crm.deal.update", R"({"id":1,"fields":{"STAGE_ID":"WON"}})");
    EXPECT_EQ(taken(), Lines{});
    call("crm.deal.delete", R"({"id":1})");
    EXPECT_EQ(taken(), Lines{"removed 2/1"});
}

TEST_F(CrmListening, activities_are_told_when_somebody_gets_them) {
    add("crm.deal.add", R"({"TITLE":"D"})");
    taken();
    add("crm.activity.add", R"({"OWNER_TYPE_ID":2,"OWNER_ID":1,"TYPE_ID":3,"SUBJECT":"S","RESPONSIBLE_ID":5})");
    EXPECT_EQ(taken(), Lines{"activity for 5"});
    call("crm.activity.update", R"({"id":1,"fields":{"SUBJECT":"Other","RESPONSIBLE_ID":5}})");
    EXPECT_EQ(taken(), Lines{});
    call("crm.activity.update", R"({"id":1,"fields":{"RESPONSIBLE_ID":6}})");
    EXPECT_EQ(taken(), Lines{"activity passed to 6"});
    call("crm.activity.delete", R"({"id":1})");
    EXPECT_EQ(taken(), Lines{"no activity 1"});
}

TEST_F(CrmListening, its_error_refuses_the_write) {
    heard.refuses = true;
    EXPECT_EQ(error_of("crm.deal.add", R"({"fields":{"TITLE":"D"}})").message, "No.");
    heard.refuses = false;
    call("crm.deal.list", "{}");
    EXPECT_EQ(last_total, 0);
}

}  // namespace
}  // namespace stoa::crm
