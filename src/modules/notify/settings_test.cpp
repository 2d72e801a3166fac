// Channels, hours of rest, and the settings as clients change them.

#include "modules/notify/settings.hpp"
#include "modules/notify/kinds.hpp"
#include "modules/notify/limits.hpp"
#include "modules/notify/testing/notify_fixture.hpp"

namespace stoa::notify {
namespace {

constexpr UnixSeconds kNoon = 1'780'048'800;  // 2026-05-29T12:00:00+02:00 in Berlin
constexpr std::int64_t kHour_s = 3'600;

json::Value parsed(std::string_view text) {
    return *json::parse(text);
}

TEST(NotifySettings, the_nearest_rule_counts_for_each_channel) {
    const json::Value none;
    EXPECT_TRUE(channels_of(none, "tasks", "manage").mail) << "as kinds.json has it";
    EXPECT_FALSE(channels_of(none, "tasks", "comment").mail);
    EXPECT_FALSE(channels_of(none, "unknown", "kind").mail);
    EXPECT_TRUE(channels_of(none, "unknown", "kind").site);
    const json::Value some =
        parsed(R"({"*":{"mail":false,"push":false},"tasks":{"push":true},"tasks|comment":{"site":false}})");
    const Channels comment = channels_of(some, "tasks", "comment");
    EXPECT_FALSE(comment.site);
    EXPECT_FALSE(comment.mail);
    EXPECT_TRUE(comment.push);
    EXPECT_FALSE(channels_of(some, "crm", "mention").push);
    EXPECT_FALSE(channels_of(some, "tasks", "manage").mail);
    EXPECT_TRUE(channels_of(some, "tasks", "manage").site);
}

TEST(NotifySettings, quiet_hours_are_of_the_users_clock_and_may_pass_midnight) {
    const auto berlin = *find_time_zone("Europe/Berlin");
    const QuietHours night{22 * kHour_s, 7 * kHour_s};
    EXPECT_EQ(quiet_until(night, kNoon, *berlin), std::nullopt);
    EXPECT_EQ(quiet_until(night, kNoon + 10 * kHour_s - 1, *berlin), std::nullopt);
    EXPECT_EQ(quiet_until(night, kNoon + 10 * kHour_s, *berlin), kNoon + 19 * kHour_s);
    EXPECT_EQ(quiet_until(night, kNoon + 18 * kHour_s, *berlin), kNoon + 19 * kHour_s);
    EXPECT_EQ(quiet_until(night, kNoon + 19 * kHour_s, *berlin), std::nullopt);
    const QuietHours lunch{12 * kHour_s, 13 * kHour_s};
    EXPECT_EQ(quiet_until(lunch, kNoon, *berlin), kNoon + kHour_s);
    EXPECT_EQ(quiet_until(lunch, kNoon - 1, *berlin), std::nullopt);
    EXPECT_EQ(quiet_until({}, kNoon, *berlin), std::nullopt);
}

TEST(NotifySettings, every_kind_has_names_in_all_languages) {
    ASSERT_FALSE(kind_groups().empty());
    for (const KindGroup& group : kind_groups()) {
        for (const char* language : {"en", "de", "ru"}) {
            EXPECT_TRUE(group.name.contains(language)) << group.module;
            for (const Kind& kind : group.kinds)
                EXPECT_TRUE(kind.name.contains(language)) << group.module << "|" << kind.event;
        }
    }
    EXPECT_EQ(name_in(kind_groups().front().name, "xx"), "Tasks");
}

class SettingsTest : public testing::NotifyFixture {
  protected:
    void set(std::string_view fields) {
        call("im.notify.settings.add", R"({"fields":)" + std::string(fields) + "}", api::Wire::v3);
    }
    Error refused(std::string_view fields) {
        return error_of("im.notify.settings.add", R"({"fields":)" + std::string(fields) + "}", api::Wire::v3);
    }
    std::int64_t field_of(RecordId id, const char* name) {
        std::int64_t value = -1;
        read([&](model::Records& records) -> Status {
            const model::Entity& entity = records.services().registry.entity("notify.notification");
            STOA_TRY(const auto row, records.as_system().get(entity, id));
            value = row.is_null(name) ? -1 : row.integer(name);
            return {};
        });
        return value;
    }
    std::string silent() {
        const auto sent = pushes();
        return sent.empty() ? "none" : json::parse(sent.back().push.params_json)->find("silent")->string();
    }
};

TEST_F(SettingsTest, a_mail_waits_until_the_quiet_hours_end) {
    clock.set_now(kNoon);
    set(R"({"channels":{"tasks|comment":{"mail":true}},"quietFrom":43200,"quietTo":50400})");
    send(to(2));
    EXPECT_EQ(field_of(1, "MAIL_DUE"), kNoon + 2 * kHour_s);
    EXPECT_EQ(silent(), "Y");
    clock.set_now(kNoon + 2 * kHour_s);
    send(to(2));
    EXPECT_EQ(field_of(2, "MAIL_DUE"), kNoon + 2 * kHour_s + limits::notify_mail_delay_s);
    EXPECT_EQ(silent(), "N");
}

TEST_F(SettingsTest, a_channel_that_is_off_is_not_taken) {
    set(R"({"channels":{"tasks|comment":{"site":false,"mail":true},"crm":{"push":false},"disk":{"site":false}}})");
    EXPECT_EQ(send(to(2)), 1);
    EXPECT_EQ(silent(), "none");
    EXPECT_EQ(listed(), Ids{}) << "by mail only";
    EXPECT_GT(field_of(1, "MAIL_DUE"), 0);
    Notification other = to(2);
    other.module = "crm";
    EXPECT_EQ(send(other), 2);
    EXPECT_EQ(silent(), "Y");
    EXPECT_EQ(listed(), Ids{2});
    other.module = "disk";
    EXPECT_EQ(send(other), 0);
    other.type = Type::confirm;
    other.buttons = {{"Yes", "Y", ""}};
    EXPECT_EQ(send(other), 3) << "questions are asked in any case";
}

TEST_F(SettingsTest, settings_are_ones_own_and_there_is_one_row) {
    set(R"({"quietFrom":0,"quietTo":100})");
    EXPECT_EQ(refused(R"({"quietFrom":0,"quietTo":100})").code, Errc::already_exists);
    become(3);
    EXPECT_EQ(json::to_json(call("im.notify.settings.list", "{}", api::Wire::v3)), R"({"items":[]})");
    EXPECT_EQ(error_of("im.notify.settings.update", R"({"id":1,"fields":{"quietTo":5}})", api::Wire::v3).code,
              Errc::not_found);
    EXPECT_EQ(refused(R"({"userId":1})").code, Errc::forbidden);
}

TEST_F(SettingsTest, what_could_not_be_read_later_is_refused_by_name) {
    for (const char* bad : {R"({"channels":[1]})", R"({"channels":{"tasks":5}})", R"({"channels":{"":{}}})",
                            R"({"channels":{"tasks":{"fax":true}}})", R"({"channels":{"tasks":{"mail":"maybe"}}})"}) {
        EXPECT_EQ(refused(bad).field, "CHANNELS") << bad;
    }
    EXPECT_EQ(refused(R"({"quietFrom":86400,"quietTo":5})").field, "QUIET_FROM");
    EXPECT_EQ(refused(R"({"quietFrom":5})").field, "QUIET_TO");
    const auto with = [](std::size_t kinds) {
        std::string out = R"({"channels":{)";
        for (std::size_t i = 0; i < kinds; ++i)
            out += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + R"(":{"mail":true})";
        return out + "}}";
    };
    EXPECT_EQ(refused(with(limits::notify_settings_kinds_max + 1)).code, Errc::too_large);
    set(with(limits::notify_settings_kinds_max));
}

TEST_F(SettingsTest, the_schema_names_kinds_in_the_accounts_language) {
    const json::Value schema = call("im.notify.schema.get", "{}");
    const json::Value* tasks = schema.find("tasks");
    ASSERT_NE(tasks, nullptr);
    EXPECT_EQ(tasks->find("NAME")->string(), "Tasks");
    EXPECT_EQ(tasks->find("MODULE_ID")->string(), "tasks");
    EXPECT_EQ(tasks->find("LIST")->array().at(0).find("ID")->string(), "tasks|manage");
}

}  // namespace
}  // namespace stoa::notify
