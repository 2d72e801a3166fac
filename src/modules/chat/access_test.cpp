// Who may look into a chat: nobody but those it is for.

#include "modules/chat/testing/chat_fixture.hpp"

namespace stoa::chat::testing {
namespace {

class AccessTest : public ChatFixture {
  protected:
    /// Every way into a chat that names it.
    void expect_closed(RecordId id, RecordId message) {
        const std::string dialog = in(chat(id));
        const std::string by_id = with_id("CHAT_ID", id);
        for (const char* method : {"im.dialog.get", "im.dialog.messages.get", "im.dialog.users.list",
                                   "im.dialog.writing", "im.recent.pin", "im.recent.hide"}) {
            EXPECT_EQ(error_of(method, dialog).api_code, "ACCESS_ERROR") << method;
        }
        for (const char* method : {"im.chat.user.list", "im.chat.leave", "im.chat.mute", "im.dialog.messages.search"})
            EXPECT_EQ(error_of(method, by_id).code, Errc::forbidden) << method;
        EXPECT_EQ(error_of("im.message.add", in(chat(id), R"("MESSAGE":"x")")).api_code, "ACCESS_ERROR");
        EXPECT_EQ(
            error_of("im.chat.user.add", with_id("CHAT_ID", id, R"("USERS":[)" + std::to_string(actor.user) + "]"))
                .code,
            Errc::forbidden);
        EXPECT_EQ(error_of("im.chat.updateTitle", with_id("CHAT_ID", id, R"("TITLE":"x")")).code, Errc::forbidden);
        EXPECT_EQ(error_of("im.message.update", with_id("MESSAGE_ID", message, R"("MESSAGE":"x")")).api_code,
                  "CANT_EDIT_MESSAGE");
        EXPECT_EQ(error_of("im.message.delete", with_id("MESSAGE_ID", message)).api_code, "CANT_EDIT_MESSAGE");
        EXPECT_EQ(error_of("im.message.like", with_id("MESSAGE_ID", message)).api_code, "MESSAGE_ID_ERROR");
        EXPECT_EQ(ask("im.dialog.read", dialog), "false");
        EXPECT_EQ(ask("im.recent.unread", dialog), "false");
        EXPECT_EQ(ask("im.search.chat.list", R"({"FIND":"Team"})"), "[]");
        EXPECT_EQ(ask("im.chat.get", R"({"ENTITY_TYPE":"CRM","ENTITY_ID":"DEAL|5"})"), "null");
        EXPECT_EQ(at(call("im.recent.list", "{}"), "items"), "[]");
    }
};

TEST_F(AccessTest, a_group_is_closed_to_strangers_administrators_included) {
    const RecordId id = group("3", R"("TITLE":"Team","ENTITY_TYPE":"CRM","ENTITY_ID":"DEAL|5")");
    const RecordId message = say(chat(id), "secret");
    for (const UserId stranger : {kCleo, kAdmin, kGuest}) {
        SCOPED_TRACE(stranger);
        become(stranger);
        expect_closed(id, message);
    }
    become(kBert);
    EXPECT_EQ(ask("im.chat.get", R"({"ENTITY_TYPE":"CRM","ENTITY_ID":"DEAL|5"})"),
              "{\"ID\":" + std::to_string(id) + "}");
    EXPECT_EQ(texts(chat(id)).front(), "secret");
}

TEST_F(AccessTest, a_private_chat_is_closed_to_a_third_one) {
    const RecordId message = say("3", "between us");
    const RecordId id = json::Value(at(call("im.dialog.get", in("3")), "id")).as_integer().value_or(0);
    become(kCleo);
    expect_closed(id, message);
    EXPECT_EQ(texts("3"), std::vector<std::string>{}) << "her own dialog with Bert";
}

TEST_F(AccessTest, another_account_has_chats_of_its_own) {
    const RecordId id = group("3");
    say(chat(id), "ours");
    create_account(2);
    actor.account = 2;
    add_users();
    EXPECT_EQ(error_of("im.dialog.get", in(chat(id))).api_code, "ACCESS_ERROR");
    EXPECT_EQ(group("3"), id) << "numbers are counted per account";
    EXPECT_EQ(texts(chat(id)).size(), 1u);
    actor.account = 1;
    EXPECT_EQ(texts(chat(id)).front(), "ours");
}

TEST_F(AccessTest, an_open_chat_is_read_by_all_employees_and_written_by_its_members) {
    const RecordId id = group("3", R"("TITLE":"News","TYPE":"OPEN")");
    say(chat(id), "hello");
    become(kCleo);
    EXPECT_EQ(texts(chat(id)).front(), "hello");
    EXPECT_EQ(at(call("im.dialog.get", in(chat(id))), "role"), "guest");
    EXPECT_EQ(error_of("im.message.add", in(chat(id), R"("MESSAGE":"x")")).api_code, "ACCESS_ERROR");
    EXPECT_EQ(call("im.search.chat.list", R"({"FIND":"new"})").array().size(), 1u);
    EXPECT_EQ(error_of("im.chat.user.add", with_id("CHAT_ID", id, R"("USERS":[1])")).api_code, "ACCESS_DENIED_EXTEND");
    EXPECT_EQ(ask("im.chat.user.add", with_id("CHAT_ID", id, R"("USERS":[4])")), "true");
    say(chat(id), "me too");
    EXPECT_EQ(texts(chat(id)).size(), 4u) << "created, hello, joined, me too";
    become(kGuest);
    EXPECT_EQ(error_of("im.dialog.get", in(chat(id))).api_code, "ACCESS_ERROR");
}

TEST_F(AccessTest, the_generic_engine_offers_no_way_around) {
    for (const char* entity : {"im.chat", "im.member", "im.message", "im.reaction"}) {
        SCOPED_TRACE(entity);
        EXPECT_EQ(methods.find(api::Wire::v2, std::string(entity) + ".list"), nullptr);
        group("3");
        for (const UserId user : {kAnna, kAdmin}) {
            become(user);
            read([&](model::Records& records) -> Status {
                STOA_TRY(const auto rows, records.list(registry.entity(entity), {}));
                EXPECT_TRUE(rows.empty());
                return {};
            });
        }
        become(kAnna);
    }
}

TEST_F(AccessTest, a_guest_writes_only_with_those_he_may_see) {
    become(kGuest);
    EXPECT_EQ(error_of("im.message.add", in("3", R"("MESSAGE":"x")")).api_code, "USER_NOT_FOUND");
    EXPECT_EQ(error_of("im.chat.add", R"({"USERS":[3]})").field, "USERS");
    EXPECT_EQ(error_of("im.user.get", R"({"ID":3})").api_code, "ACCESS_DENIED");
    EXPECT_EQ(ask("im.search.user.list", R"({"FIND":"Bert"})"), "[]");
    say_as(kAnna, "5", "welcome");
    EXPECT_GT(say("2", "thanks"), 0) << "who was written to may answer";
}

}  // namespace
}  // namespace stoa::chat::testing
