// im.notify and its two forms, as applications and webhooks call them.

#include "api/call.hpp"
#include "modules/notify/limits.hpp"
#include "modules/notify/testing/notify_fixture.hpp"

namespace stoa::notify {
namespace {

class SendTest : public testing::NotifyFixture {
  protected:
    /// A call by whatever `identity` says; the fixture's own calls are those of sessions.
    Result<json::Value> call_through(std::string_view method, std::string_view parameters_json) {
        const auto parameters = json::parse(parameters_json);
        EXPECT_TRUE(parameters.ok()) << parameters_json;
        std::string out;
        Status done;
        write([&](model::Records& records) -> Status {
            const api::Services services{records.services(), methods, "test"};
            identity.actor = actor;
            identity.all_scopes = true;
            api::Call call{services, identity, records, api::Params(*parameters), json::Writer(out)};
            done = methods.find(api::Wire::v2, method)->handler(call);
            return {};
        });
        if (!done) return done.error();
        return json::parse(out);
    }
    std::string answer(std::string_view method, std::string_view parameters) {
        const auto result = call_through(method, parameters);
        EXPECT_TRUE(result.ok()) << result.error().message;
        return result.ok() ? json::to_json(*result) : "";
    }
    std::string code(std::string_view method, std::string_view parameters) {
        const auto result = call_through(method, parameters);
        EXPECT_FALSE(result.ok()) << method << parameters;
        return result.ok() ? "" : result.error().api_code;
    }
    json::Value first() {
        const json::Value page = call("im.notify.get", "{}");
        return page.find("notifications")->array().at(0);
    }

    api::Identity identity{.through = api::Through::webhook, .credential_id = 5};
};

TEST_F(SendTest, a_webhook_notifies_in_its_users_name_or_the_systems) {
    EXPECT_EQ(answer("im.notify.personal.add", R"({"USER_ID":3,"MESSAGE":"  Reminder \n"})"), "1");
    EXPECT_EQ(answer("im.notify.system.add", R"({"USER_ID":"3","MESSAGE":"Down"})"), "2");
    EXPECT_EQ(answer("im.notify", R"({"TO":3,"TYPE":"SYSTEM","MESSAGE":"Up"})"), "3");
    EXPECT_EQ(answer("im.notify", R"({"USER_ID":3,"MESSAGE":"Hi"})"), "4");
    become(3);
    const json::Value page = call("im.notify.get", "{}");
    const auto& rows = page.find("notifications")->array();
    ASSERT_EQ(rows.size(), 4u);
    EXPECT_EQ(rows[3].find("text")->string(), "Reminder");
    EXPECT_EQ(rows[3].find("author_id")->integer(), 2);
    EXPECT_EQ(rows[3].find("notify_type")->integer(), 2);
    EXPECT_EQ(rows[3].find("setting_name")->string(), "rest|rest_notify");
    EXPECT_EQ(rows[2].find("author_id")->integer(), 0);
    EXPECT_EQ(rows[2].find("notify_type")->integer(), 4);
    EXPECT_EQ(rows[1].find("notify_type")->integer(), 4);
    EXPECT_EQ(rows[0].find("notify_type")->integer(), 2);
}

TEST_F(SendTest, sessions_may_not_send) {
    identity.through = api::Through::session;
    for (const char* method : {"im.notify", "im.notify.personal.add", "im.notify.system.add"})
        EXPECT_EQ(code(method, R"({"USER_ID":3,"MESSAGE":"Hi"})"), "WRONG_AUTH_TYPE");
}

TEST_F(SendTest, what_is_missing_has_the_documented_codes) {
    EXPECT_EQ(code("im.notify", R"({"MESSAGE":"Hi"})"), "USER_ID_EMPTY");
    EXPECT_EQ(code("im.notify", R"({"USER_ID":-1,"MESSAGE":"Hi"})"), "USER_ID_EMPTY");
    EXPECT_EQ(code("im.notify", R"({"USER_ID":77,"MESSAGE":"Hi"})"), "USER_ID_EMPTY");
    EXPECT_EQ(code("im.notify", R"({"USER_ID":3})"), "MESSAGE_EMPTY");
    EXPECT_EQ(code("im.notify", R"({"USER_ID":3,"MESSAGE":" "})"), "MESSAGE_EMPTY");
}

TEST_F(SendTest, attachments_are_blocks_up_to_a_size) {
    EXPECT_EQ(answer("im.notify", R"({"USER_ID":2,"MESSAGE":"m","ATTACH":[{"MESSAGE":"x"}]})"), "1");
    EXPECT_EQ(json::to_json(*first().find("params")), R"({"ATTACH":[{"MESSAGE":"x"}]})");
    EXPECT_EQ(answer("im.notify", R"({"USER_ID":2,"MESSAGE":"m","ATTACH":"{\"BLOCKS\":[{\"MESSAGE\":\"x\"}]}"})"), "2");
    EXPECT_EQ(json::to_json(*first().find("params")), R"({"ATTACH":{"BLOCKS":[{"MESSAGE":"x"}]}})");
    for (const char* bad : {R"("x")", R"([1])", R"({"BLOCKS":[]})", R"({"ID":1})", "5"}) {
        EXPECT_EQ(code("im.notify", R"({"USER_ID":2,"MESSAGE":"m","ATTACH":)" + std::string(bad) + "}"),
                  "ATTACH_ERROR");
    }
    const auto with = [](std::size_t bytes) {
        const std::string around = R"([{"MESSAGE":""}])";
        return R"({"USER_ID":2,"MESSAGE":"m","ATTACH":[{"MESSAGE":")" + std::string(bytes - around.size(), 'x') +
               "\"}]}";
    };
    EXPECT_EQ(answer("im.notify", with(limits::notify_attach_bytes_max)), "3");
    EXPECT_EQ(code("im.notify", with(limits::notify_attach_bytes_max + 1)), "ATTACH_OVERSIZE");
}

TEST_F(SendTest, tags_belong_to_the_application) {
    EXPECT_EQ(code("im.notify", R"({"USER_ID":2,"MESSAGE":"m","TAG":"T"})"), "ACCESS_DENIED");
    EXPECT_EQ(answer("im.notify", R"({"USER_ID":2,"MESSAGE":"m","TAG":"T","SUB_TAG":"S","CLIENT_ID":"bot"})"), "1");
    EXPECT_EQ(first().find("notify_tag")->string(), "MP|custom-bot|T");
    EXPECT_EQ(first().find("notify_sub_tag")->string(), "MP|custom-bot|S");
    identity.through = api::Through::application;
    EXPECT_EQ(answer("im.notify", R"({"USER_ID":2,"MESSAGE":"m","TAG":"T"})"), "2");
    EXPECT_EQ(first().find("notify_tag")->string(), "MP|5|T");
    EXPECT_EQ(answer("im.notify", R"({"USER_ID":2,"MESSAGE":"n","TAG":"T"})"), "3");
    EXPECT_EQ(listed(), (Ids{3, 1})) << "another application's is another tag";
}

TEST_F(SendTest, an_application_takes_back_its_own_by_tag) {
    identity.through = api::Through::application;
    for (const UserId user : {1, 2, 3})
        answer("im.notify", R"({"USER_ID":)" + std::to_string(user) + R"(,"MESSAGE":"m","TAG":"T","SUB_TAG":"S"})");
    identity.credential_id = 6;
    EXPECT_EQ(answer("im.notify.delete", R"({"TAG":"T"})"), "false");
    identity.credential_id = 5;
    pushes();
    EXPECT_EQ(answer("im.notify.delete", R"({"SUB_TAG":"S"})"), "true");
    EXPECT_EQ(commands(), (Texts{"notifyDelete", "notifyDelete", "notifyDelete"}));
    EXPECT_EQ(answer("im.notify.delete", R"({"TAG":"T"})"), "false");
    EXPECT_EQ(code("im.notify.delete", "{}"), "PARAMS_ERROR");
    identity.through = api::Through::webhook;
    EXPECT_EQ(code("im.notify.delete", R"({"TAG":"T"})"), "ACCESS_DENIED");
    identity.through = api::Through::session;
    EXPECT_EQ(code("im.notify.delete", R"({"TAG":"T"})"), "PARAMS_ERROR");
}

TEST_F(SendTest, what_the_receiver_switched_off_is_not_made) {
    become(3);
    call("im.notify.settings.add", R"({"fields":{"channels":{"rest":{"site":false}}}})", api::Wire::v3);
    become(2);
    EXPECT_EQ(answer("im.notify", R"({"USER_ID":3,"MESSAGE":"m"})"), "false");
    EXPECT_TRUE(pushes().empty());
}

}  // namespace
}  // namespace stoa::notify
