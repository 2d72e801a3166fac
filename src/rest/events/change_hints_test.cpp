#include "rest/events/change_hints.hpp"

#include <gtest/gtest.h>

namespace stoa::rest {
namespace {

class ChangeHints : public ::testing::Test {
  protected:
    void SetUp() override {
        add("crm.deal", 2, "ONDEAL");
        add("tasks.task", 0, "ONTASK");
    }
    void add(const std::string& name, int type_id, const std::string& event) {
        const std::string shape = type_id == 0 ? "before_after" : "fields";
        const std::string type = type_id == 0 ? "" : R"("type_id":)" + std::to_string(type_id) + ",";
        const Status added =
            registry_.add(R"({"name":")" + name + R"(","table":")" + name.substr(name.find('.') + 1) + R"(",)" + type +
                          R"("events":{"add":")" + event + R"(ADD","update":")" + event + R"(UPDATE","delete":")" +
                          event + R"(DELETE","shape":")" + shape + R"("},"fields":[{"name":"ID","type":"id"}]})");
        ASSERT_TRUE(added.ok()) << added.error().message;
    }
    void happened(const std::string& name, const std::string& data, UserId user = 1) {
        model::Event event;
        event.name = name;
        event.data_json = data;
        event.user = user;
        events_.push_back(std::move(event));
    }
    model::Registry registry_;
    std::vector<model::Event> events_;
};

TEST_F(ChangeHints, a_burst_of_changes_is_one_message_for_each_entity) {
    happened("ONDEALADD", R"({"FIELDS":{"ID":5}})", 7);
    happened("ONDEALUPDATE", R"({"FIELDS":{"ID":5}})", 8);
    happened("ONDEALDELETE", R"({"FIELDS":{"ID":6}})");
    happened("ONTASKDELETE", R"({"FIELDS_BEFORE":{"ID":9},"FIELDS_AFTER":"undefined"})");
    const auto hints = change_hints(registry_, events_);
    ASSERT_EQ(hints.size(), 2U);
    const auto& deals = hints[0].tag == "crm.deal" ? hints[0] : hints[1];
    const auto& tasks = hints[0].tag == "crm.deal" ? hints[1] : hints[0];
    EXPECT_EQ(deals.params_json,
              R"({"entity":"crm.deal","entityTypeId":2,"records":[{"id":5,"change":"update","user":8},)"
              R"({"id":6,"change":"delete","user":1}]})");
    EXPECT_EQ(tasks.tag, "tasks.task");
    EXPECT_TRUE(deals.users.empty());
}

TEST_F(ChangeHints, other_events_are_no_changes_of_records) {
    happened("ONAPPTEST", R"({"FIELDS":{"ID":5}})");
    happened("ONDEALADD", "not json");
    happened("ONDEALADD", R"({"FIELDS":"undefined"})");
    EXPECT_TRUE(change_hints(registry_, events_).empty());
}

TEST_F(ChangeHints, the_largest_hand_over_fits_into_a_message) {
    for (int i = 0; i < 256; ++i)
        happened("ONDEALUPDATE", R"({"FIELDS":{"ID":)" + std::to_string(9'000'000'000'000'000'000 + i) + "}}",
                 9'000'000'000'000'000'000);
    const auto hints = change_hints(registry_, events_);
    ASSERT_EQ(hints.size(), 1U);
    EXPECT_LT(hints[0].params_json.size(), limits::push_body_bytes_max);
}

}  // namespace
}  // namespace stoa::rest
