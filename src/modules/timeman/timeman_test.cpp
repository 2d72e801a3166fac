// Work time methods on a real store, with users as plain rows (the people module is not needed for them).

#include "api/testing/portal_fixture.hpp"
#include "json/writer.hpp"
#include "modules/timeman/module.hpp"

namespace stoa::timeman {
namespace {

constexpr const char* kUserEntity = R"({
  "name": "user", "table": "users", "access": "people", "owner": "ID",
  "fields": [{"name": "ID", "type": "id"}, {"name": "NAME"}, {"name": "TIME_ZONE"}, {"name": "UF_TIMEMAN"},
             {"name": "USER_TYPE"}]
})";
constexpr UnixSeconds kNine = 1'780'038'000;  // 2026-05-29T09:00:00+02:00 in Berlin

class TimemanTest : public api::testing::PortalFixture {
  protected:
    void SetUp() override {
        open(
            [](model::Registry& all) -> Status {
                STOA_CHECK(all.add(kUserEntity));
                return register_entities(all);
            },
            add_methods);
        clock.set_now(kNine);
        add_user("", "");
        add_user("Asia/Tokyo", "");
        add_user("", "N");
        become(2);
    }
    void add_user(const char* zone, const char* tracked) {
        write([&](model::Records& records) -> Status {
            model::Changes changes(records.services().registry.entity("user"));
            changes.set("TIME_ZONE", std::string(zone));
            changes.set("UF_TIMEMAN", std::string(tracked));
            STOA_TRY(const RecordId id, records.add(std::move(changes)));
            (void)id;
            return {};
        });
    }
    void become(UserId user) {
        actor.user = user;
        actor.role = user == 1 ? model::Role::admin : model::Role::employee;
    }
    json::Value day(std::string_view method, std::string_view parameters = "{}") {
        return call("timeman." + std::string(method), parameters);
    }
    static std::string text(const json::Value& value, std::string_view name) {
        const json::Value* member = value.find(name);
        return member ? json::to_json(*member) : "absent";
    }
};

TEST_F(TimemanTest, a_day_is_opened_paused_resumed_and_closed) {
    EXPECT_EQ(json::to_json(day("status")),
              R"({"STATUS":"CLOSED","TIME_START":null,"TIME_FINISH":null,"DURATION":"00:00:00",)"
              R"("TIME_LEAKS":"00:00:00","ACTIVE":true,"IP_OPEN":"","IP_CLOSE":null,"LAT_OPEN":0,"LON_OPEN":0,)"
              R"("LAT_CLOSE":0,"LON_CLOSE":0,"TZ_OFFSET":32400})");
    const json::Value opened = day("open", R"({"LAT":53.5,"LON":"9.25"})");
    EXPECT_EQ(text(opened, "STATUS"), R"("OPENED")");
    EXPECT_EQ(text(opened, "TIME_START"), R"("2026-05-29T16:00:00+09:00")");
    EXPECT_EQ(text(opened, "LAT_OPEN"), "53.5");
    EXPECT_EQ(text(opened, "LON_OPEN"), "9.25");
    EXPECT_EQ(text(opened, "LAT_CLOSE"), "0");
    clock.advance_s(3'600);
    EXPECT_EQ(text(day("open"), "STATUS"), R"("OPENED")");
    EXPECT_EQ(text(day("pause"), "STATUS"), R"("PAUSED")");
    clock.advance_s(600);
    EXPECT_EQ(text(day("status"), "TIME_LEAKS"), R"("00:10:00")");
    EXPECT_EQ(text(day("open"), "STATUS"), R"("OPENED")");
    clock.advance_s(3'600);
    const json::Value closed = day("close", R"({"LAT":1,"LON":2})");
    EXPECT_EQ(text(closed, "STATUS"), R"("CLOSED")");
    EXPECT_EQ(text(closed, "TIME_FINISH"), R"("2026-05-29T18:10:00+09:00")");
    EXPECT_EQ(text(closed, "DURATION"), R"("02:00:00")");
    EXPECT_EQ(text(closed, "TIME_LEAKS"), R"("00:10:00")");
    EXPECT_EQ(text(closed, "LON_CLOSE"), "2");
    clock.advance_s(60);
    EXPECT_EQ(text(day("close"), "DURATION"), R"("02:00:00")");
    EXPECT_EQ(text(day("open"), "TIME_LEAKS"), R"("00:11:00")");
    EXPECT_EQ(json::to_json(call("timeman.record.list", "{}", api::Wire::v3)), R"({"items":[{"id":1}]})");
}

TEST_F(TimemanTest, the_list_of_v3_has_the_documented_names) {
    day("open");
    clock.advance_s(42);
    day("pause");
    clock.advance_s(14);
    day("close");
    EXPECT_EQ(
        json::to_json(call(
            "timeman.record.list",
            R"({"filter":[["userId",2]],"select":["userId","startTime","endTime","duration","breakLength","state","isApproved"]})",
            api::Wire::v3)),
        R"({"items":[{"id":1,"userId":2,"startTime":"2026-05-29T09:00:00+02:00",)"
        R"("endTime":"2026-05-29T09:00:56+02:00","duration":42,"breakLength":14,"state":"CLOSED",)"
        R"("isApproved":true}]})");
    const json::Value fields = call("timeman.record.field.list", "{}", api::Wire::v3);
    EXPECT_EQ(fields.find("items")->array().size(), 8u);
    EXPECT_EQ(methods.find(api::Wire::v3, "timeman.record.add"), nullptr);
    become(3);
    EXPECT_EQ(json::to_json(call("timeman.record.list", "{}", api::Wire::v3)), R"({"items":[]})");
}

TEST_F(TimemanTest, a_forgotten_day_expires_until_it_is_closed_with_a_time) {
    day("open");
    clock.advance_s(86'400);
    const json::Value expired = day("status");
    EXPECT_EQ(text(expired, "STATUS"), R"("EXPIRED")");
    EXPECT_EQ(text(expired, "TIME_FINISH_DEFAULT"), R"("2026-05-29T23:59:59+09:00")");
    EXPECT_EQ(text(day("open"), "STATUS"), R"("EXPIRED")");
    EXPECT_EQ(text(day("pause"), "STATUS"), R"("EXPIRED")");
    EXPECT_EQ(error_of("timeman.close", "{}").api_code, "WRONG_DATETIME");
    const json::Value closed = day("close", R"({"TIME":"2026-05-29T15:00:00+02:00","REPORT":"forgot"})");
    EXPECT_EQ(text(closed, "DURATION"), R"("06:00:00")");
    EXPECT_EQ(text(closed, "ACTIVE"), "false");
    EXPECT_EQ(text(day("open"), "TIME_START"), R"("2026-05-30T16:00:00+09:00")");
    EXPECT_EQ(text(day("status"), "ACTIVE"), "true");
}

TEST_F(TimemanTest, a_time_of_ones_own_needs_a_reason_and_the_right_day) {
    EXPECT_EQ(error_of("timeman.open", R"({"TIME":"2026-05-29T08:00:00+02:00"})").field, "REPORT");
    EXPECT_EQ(error_of("timeman.open", R"({"TIME":"2026-05-28T08:00:00+02:00","REPORT":"r"})").api_code,
              "WRONG_DATETIME");
    EXPECT_EQ(error_of("timeman.open", R"({"LAT":91})").field, "LAT");
    const json::Value opened = day("open", R"({"TIME":"2026-05-29T08:50:00+02:00","REPORT":"r"})");
    EXPECT_EQ(text(opened, "TIME_START"), R"("2026-05-29T08:50:00+02:00")");
    EXPECT_EQ(text(opened, "TZ_OFFSET"), "7200");
    EXPECT_EQ(text(opened, "ACTIVE"), "true") << "ten minutes need no approval";
    day("pause");
    const Error paused = error_of("timeman.open", R"({"TIME":"2026-05-29T09:00:00+02:00","REPORT":"r"})");
    EXPECT_EQ(paused.api_code, "TIME");
    EXPECT_EQ(paused.message, "Unable to set time, work day is paused");
}

TEST_F(TimemanTest, days_of_others_are_for_administrators) {
    EXPECT_EQ(error_of("timeman.open", R"({"USER_ID":1})").code, Errc::forbidden);
    EXPECT_EQ(error_of("timeman.status", R"({"USER_ID":1})").code, Errc::forbidden);
    become(1);
    EXPECT_EQ(error_of("timeman.open", R"({"USER_ID":99})").message, "User not found");
    const json::Value opened =
        day("open", R"({"USER_ID":2,"TIME":"2026-05-29T07:00:00+02:00","REPORT":"by the office"})");
    EXPECT_EQ(text(opened, "ACTIVE"), "true");
    EXPECT_EQ(text(day("status"), "STATUS"), R"("CLOSED")");
    become(2);
    EXPECT_EQ(text(day("status"), "STATUS"), R"("OPENED")");
}

TEST_F(TimemanTest, no_day_is_opened_where_work_time_is_not_kept) {
    become(3);
    EXPECT_EQ(text(day("settings"), "UF_TIMEMAN"), "false");
    EXPECT_EQ(error_of("timeman.open", "{}").code, Errc::forbidden);
}

TEST_F(TimemanTest, rules_come_from_the_user_else_from_everybody_else_from_the_defaults) {
    EXPECT_EQ(json::to_json(day("settings")),
              R"({"UF_TIMEMAN":true,"UF_TM_FREE":false,"UF_TM_MAX_START":"09:15:00","UF_TM_MIN_FINISH":"17:45:00",)"
              R"("UF_TM_MIN_DURATION":"08:00:00","UF_TM_ALLOWED_DELTA":"00:15:00","ADMIN":false})");
    EXPECT_EQ(error_of("timeman.worktime.add", R"({"fields":{"maxStart":1}})", api::Wire::v3).code, Errc::forbidden);
    become(1);
    call("timeman.worktime.add", R"({"fields":{"userId":2,"isFlexible":true}})", api::Wire::v3);
    call("timeman.worktime.add", R"({"fields":{"maxStart":36000}})", api::Wire::v3);
    EXPECT_EQ(error_of("timeman.worktime.add", R"({"fields":{}})", api::Wire::v3).code, Errc::already_exists);
    EXPECT_EQ(error_of("timeman.worktime.add", R"({"fields":{"userId":2}})", api::Wire::v3).code, Errc::already_exists);
    EXPECT_EQ(error_of("timeman.worktime.update", R"({"id":1,"fields":{"minFinish":86400}})", api::Wire::v3).field,
              "MIN_FINISH");
    EXPECT_EQ(text(day("settings"), "UF_TM_MAX_START"), R"("10:00:00")");
    EXPECT_EQ(text(day("settings"), "ADMIN"), "true");
    EXPECT_EQ(text(day("settings", R"({"USER_ID":2})"), "ADMIN"), "absent");
    become(2);
    EXPECT_EQ(text(day("settings"), "UF_TM_FREE"), "true");
    EXPECT_EQ(text(day("open", R"({"TIME":"2026-05-29T05:00:00+02:00"})"), "ACTIVE"), "true");
}

}  // namespace
}  // namespace stoa::timeman
