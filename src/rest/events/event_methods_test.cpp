// event.*, events, placement.* and the meta methods over HTTP.

#include "rest/testing/wire_fixture.hpp"

namespace stoa::rest {
namespace {

class EventMethodsTest : public testing::WireFixture {
    void SetUp() override { open(); }

  protected:
    testing::Reply user(const std::string& method, std::string_view body) {
        return post("/rest/" + method, body, {{"Authorization", "Bearer tok-user"}});
    }
};

TEST_F(EventMethodsTest, bind_get_and_unbind) {
    EXPECT_EQ(app("event.bind", R"({"event":"onBookAdd","handler":"https://h.test/x"})").at("result"), "true");
    EXPECT_EQ(app("event.bind", R"({"event":"ONBOOKADD","handler":"https://h.test/x","auth_type":15})").at("result"),
              "true");
    EXPECT_EQ(app("event.bind", R"({"event":"ONBOOKLENT","handler":"https://h.test/y"})").at("result"), "true");
    const auto twin = app("event.bind", R"({"event":"ONBOOKADD","handler":"https://h.test/x"})");
    EXPECT_EQ(twin.status, 400);
    EXPECT_EQ(twin.at("error"), R"("ERROR_HANDLER_ALREADY_EXIST")");
    EXPECT_EQ(app("event.get").at("result"),
              R"([{"event":"ONBOOKADD","handler":"https://h.test/x","auth_type":"0","offline":0},)"
              R"({"event":"ONBOOKADD","handler":"https://h.test/x","auth_type":"15","offline":0},)"
              R"({"event":"ONBOOKLENT","handler":"https://h.test/y","auth_type":"0","offline":0}])");
    EXPECT_EQ(app("event.unbind", R"({"event":"ONBOOKADD","handler":"https://h.test/x","auth_type":0})").at("result"),
              R"({"count":1})");
    EXPECT_EQ(app("event.unbind").at("result"), R"({"count":2})");
    EXPECT_EQ(app("event.get").at("result"), "[]");
}

TEST_F(EventMethodsTest, bind_needs_an_application_a_known_event_and_an_address) {
    EXPECT_EQ(hook("event.bind", R"({"event":"ONBOOKADD","handler":"https://h/"})").at("error"),
              R"("WRONG_AUTH_TYPE")");
    EXPECT_EQ(app("event.bind", R"({"event":"ONNOTHING","handler":"https://h/"})").at("error"),
              R"("ERROR_EVENT_NOT_FOUND")");
    EXPECT_EQ(app("event.bind", R"({"event":"ONNOTHING","handler":"https://h/"})").status, 400);
    for (const char* handler :
         {"", "ftp://h/", "h.test", "https://", "https://a@h/", "javascript:alert(1)", "https://h/ x"}) {
        EXPECT_EQ(app("event.bind", R"({"event":"ONBOOKADD","handler":")" + std::string(handler) + R"("})").status, 400)
            << handler;
    }
}

TEST_F(EventMethodsTest, a_user_who_is_no_administrator_binds_for_himself_only) {
    EXPECT_EQ(user("event.bind", R"({"event":"ONBOOKADD","event_type":"offline"})").status, 403);
    EXPECT_EQ(user("event.bind", R"({"event":"ONBOOKADD","handler":"https://h/","auth_type":1})").status, 403);
    EXPECT_EQ(user("event.bind", R"({"event":"ONBOOKADD","handler":"https://h/"})").at("result"), "true");
    app("event.bind", R"({"event":"ONBOOKADD","handler":"https://h/"})");
    EXPECT_EQ(user("event.get", "{}").at("result"),
              R"([{"event":"ONBOOKADD","handler":"https://h/","auth_type":"2","offline":0}])");
    EXPECT_EQ(user("event.unbind", "{}").at("result"), R"({"count":1})");
    EXPECT_EQ(count("rest.event_handler"), 1);
    EXPECT_EQ(user("event.offline.get", "{}").at("error"), R"("ACCESS_DENIED")");
    EXPECT_EQ(user("placement.get", "{}").at("error"), R"("ACCESS_DENIED")");
}

TEST_F(EventMethodsTest, events_lists_names_by_scope) {
    EXPECT_EQ(app("events").at("result"),
              R"(["ONAPPUNINSTALL","ONAPPINSTALL","ONAPPUPDATE","ONAPPTEST","ONOFFLINEEVENT",)"
              R"("ONBOOKADD","ONBOOKUPDATE","ONBOOKDELETE","ONBOOKLENT"])");
    EXPECT_EQ(app("events", R"({"SCOPE":"lib"})").at("result"),
              R"(["ONBOOKADD","ONBOOKUPDATE","ONBOOKDELETE","ONBOOKLENT"])");
    EXPECT_EQ(app("events", R"({"SCOPE":"crm"})").at("result"), "[]");
}

TEST_F(EventMethodsTest, placements_are_bound_listed_and_unbound) {
    EXPECT_EQ(hook("placement.bind", R"({"PLACEMENT":"LEFT_MENU","HANDLER":"https://h/"})").at("error"),
              R"("WRONG_AUTH_TYPE")");
    EXPECT_EQ(app("placement.bind", R"({"PLACEMENT":"LEFT_MENU","HANDLER":"https://h/","TITLE":"T",)"
                                    R"("LANG_ALL":{"de":{"TITLE":"X"}},"OPTIONS":[]})")
                  .at("result"),
              "true");
    EXPECT_EQ(
        app("placement.get").at("result"),
        R"([{"placement":"LEFT_MENU","userId":0,"handler":"https://h/","options":[],"title":"T","description":"",)"
        R"("langAll":{"de":{"TITLE":"X"}}}])");
    EXPECT_EQ(app("placement.unbind", R"({"PLACEMENT":"LEFT_MENU"})").at("result"), R"({"count":2})");
    EXPECT_EQ(app("placement.get").at("result"), "[]");
    const std::string list = app("placement.list", R"({"FULL":true})").at("result");
    EXPECT_NE(list.find("CRM_DEAL_DETAIL_TAB"), std::string::npos);
    EXPECT_EQ(app("placement.list").at("result").find("CRM_"), std::string::npos) << "the application lacks the scope";
}

TEST_F(EventMethodsTest, placement_errors_have_the_documented_codes) {
    const std::tuple<const char*, const char*, int> cases[] = {
        {R"({"HANDLER":"https://h/"})", "ERROR_ARGUMENT", 400},
        {R"({"PLACEMENT":"LEFT_MENU"})", "ERROR_ARGUMENT", 400},
        {R"({"PLACEMENT":["x"],"HANDLER":"https://h/"})", "ERROR_ARGUMENT", 400},
        {R"({"PLACEMENT":"NOWHERE","HANDLER":"https://h/"})", "ERROR_PLACEMENT_NOT_FOUND", 400},
        {R"({"PLACEMENT":"CRM_DEAL_DETAIL_TAB","HANDLER":"https://h/"})", "ERROR_PLACEMENT_NOT_FOUND", 400},
        {R"({"PLACEMENT":"LEFT_MENU","HANDLER":"https://h/","USER_ID":1})", "ERROR_PLACEMENT_USER_MODE", 200},
        {R"({"PLACEMENT":"PAGE_BACKGROUND_WORKER","HANDLER":"https://h/"})", "EMPTY_ERROR_HANDLER_URL", 200},
    };
    for (const auto& [body, code, status] : cases) {
        const auto reply = app("placement.bind", body);
        EXPECT_EQ(reply.status, status) << body;
        EXPECT_EQ(reply.at("error"), "\"" + std::string(code) + "\"") << body;
    }
    app("placement.bind", R"({"PLACEMENT":"REST_APP_URI","HANDLER":"https://h/"})");
    EXPECT_EQ(app("placement.bind", R"({"PLACEMENT":"REST_APP_URI","HANDLER":"https://h/2"})").at("error"),
              R"("ERROR_PLACEMENT_MAX_COUNT")");
}

TEST_F(EventMethodsTest, meta_methods) {
    EXPECT_EQ(hook("server.time").at("result").size(), 27u);
    EXPECT_EQ(hook("scope").at("result"), R"(["lib","placement"])");
    EXPECT_EQ(hook("scope", R"({"full":true})").at("result"), R"(["lib","other","placement","secret"])");
    EXPECT_EQ(hook("method.get", R"({"name":"lib.BOOK.get"})").at("result"),
              R"({"isExisting":true,"isAvailable":true})");
    EXPECT_EQ(hook("method.get", R"({"name":"test.scoped"})").at("result"),
              R"({"isExisting":true,"isAvailable":false})");
    EXPECT_EQ(hook("method.get").at("result"), R"({"isExisting":false,"isAvailable":false})");
    EXPECT_EQ(hook("methods", R"({"scope":"placement"})").at("result"),
              R"(["placement.bind","placement.get","placement.list","placement.unbind"])");
    EXPECT_EQ(hook("methods").at("result").find("test.scoped"), std::string::npos);
    EXPECT_NE(hook("methods", R"({"full":1})").at("result").find("test.scoped"), std::string::npos);
    EXPECT_EQ(hook("feature.get", R"({"CODE":"rest_offline_extended"})").at("result"), R"({"value":"Y"})");
    EXPECT_EQ(hook("feature.get").at("error"), R"("CODE_EMPTY")");
}

}  // namespace
}  // namespace stoa::rest
