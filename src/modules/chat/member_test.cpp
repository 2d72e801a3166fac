// Making groups, who comes and goes, and what a chat is called.

#include "base/crypto.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/testing/chat_fixture.hpp"

namespace stoa::chat::testing {
namespace {

using Texts = std::vector<std::string>;

class MemberTest : public ChatFixture {
  protected:
    /// Ids of so many new users, separated by commas.
    std::string many_users(std::size_t count) {
        std::string out;
        write([&](model::Records& records) -> Status {
            for (std::size_t i = 0; i < count; ++i) {
                model::Changes user(registry.entity("user"));
                user.set("NAME", "U" + std::to_string(i));
                STOA_TRY(const RecordId id, records.as_system().add(std::move(user)));
                out += (i == 0 ? "" : ",") + std::to_string(id);
            }
            return {};
        });
        return out;
    }
};

TEST_F(MemberTest, a_new_group_has_its_owner_its_members_and_its_first_message) {
    const RecordId id = group("3,4,3,2", R"("TITLE":"  Team ","COLOR":"PINK","DESCRIPTION":"d","MESSAGE":"Welcome")");
    EXPECT_EQ(ask("im.chat.user.list", with_id("CHAT_ID", id)), "[2,3,4]");
    const json::Value dialog = call("im.dialog.get", in(chat(id)));
    EXPECT_EQ(at(dialog, "name"), "Team");
    EXPECT_EQ(at(dialog, "color"), "#f76187");
    EXPECT_EQ(at(dialog, "owner"), "2");
    EXPECT_EQ(at(dialog, "role"), "owner");
    EXPECT_EQ(at(dialog, "type"), "chat");
    EXPECT_EQ(at(dialog, "message_type"), "C");
    EXPECT_EQ(at(dialog, "user_counter"), "3");
    EXPECT_EQ(at(dialog, "manager_list"), "[2]");
    EXPECT_EQ(at(dialog, "dialog_id"), chat(id));
    EXPECT_EQ(texts(chat(id)), (Texts{"Welcome", "[USER=2 REPLACE]Anna Weber[/USER] created the chat"}));
    EXPECT_EQ(at(*messages(chat(id)).items()[1], "params"), R"({"CODE":["CHAT_CREATE"],"NOTIFY":"N"})");
    EXPECT_EQ(at(*messages(chat(id)).items()[1], "author_id"), "0");
}

TEST_F(MemberTest, a_group_without_a_title_is_called_after_its_members) {
    EXPECT_EQ(at(call("im.dialog.get", in(chat(group("3", "")))), "name"), "Anna Weber, Bert Lang");
    EXPECT_EQ(at(call("im.dialog.get", in(chat(group("", "")))), "name"), "New chat");
}

TEST_F(MemberTest, wrong_parameters_of_a_new_group_are_named) {
    EXPECT_EQ(error_of("im.chat.add", R"({"USERS":[99]})").api_code, "USER_NOT_FOUND");
    EXPECT_EQ(error_of("im.chat.add", R"({"USERS":["x"]})").field, "USERS");
    EXPECT_EQ(error_of("im.chat.add", R"({"TYPE":"SECRET"})").field, "TYPE");
    EXPECT_EQ(error_of("im.chat.add", R"({"COLOR":"INFRARED"})").api_code, "WRONG_COLOR");
    EXPECT_EQ(error_of("im.chat.add", R"({"AVATAR":"AAAA"})").field, "AVATAR");
    const std::string longest(limits::title_characters_max, 'a');
    EXPECT_GT(group("3", R"("TITLE":")" + longest + "\""), 0);
    EXPECT_EQ(error_of("im.chat.add", R"({"TITLE":")" + longest + "a\"}").field, "TITLE");
    EXPECT_EQ(count("im_chats"), 1);
}

TEST_F(MemberTest, an_avatar_is_an_image_with_a_link) {
    const RecordId id =
        group("3", R"("TITLE":"T","AVATAR":["a.png",")" + base64_encode("\x89PNG\r\n\x1a\nrest") + "\"]");
    EXPECT_NE(at(call("im.dialog.get", in(chat(id))), "avatar").find("/rest/download.json?token="), std::string::npos);
    EXPECT_EQ(error_of("im.chat.add", R"({"AVATAR":["a.html",")" + base64_encode("<script>") + "\"]}").field, "AVATAR");
}

TEST_F(MemberTest, a_group_takes_members_up_to_the_limit) {
    const std::string most = many_users(limits::members_per_chat_max - 1);
    const RecordId id = group(most);
    EXPECT_EQ(at(call("im.dialog.get", in(chat(id))), "user_counter"), std::to_string(limits::members_per_chat_max));
    EXPECT_EQ(error_of("im.chat.user.add", with_id("CHAT_ID", id, R"("USERS":[3])")).code, Errc::too_large);
    EXPECT_EQ(error_of("im.chat.add", R"({"USERS":[3,)" + most + "]}").code, Errc::too_large);
    EXPECT_GT(say(chat(id), "to all of you"), 0);
    ask("im.chat.user.delete", with_id("CHAT_ID", id, R"("USER_ID":7)"));
    EXPECT_EQ(ask("im.chat.user.add", with_id("CHAT_ID", id, R"("USERS":[3])")), "true");
}

TEST_F(MemberTest, whoever_is_let_in_sees_the_history_only_when_it_is_shown) {
    const RecordId id = group("3");
    say(chat(id), "old");
    ask("im.chat.user.add", with_id("CHAT_ID", id, R"("USERS":[4,3])"));
    ask("im.chat.user.add", with_id("CHAT_ID", id, R"("USERS":"[1]","HIDE_HISTORY":"N")"));
    say(chat(id), "new");
    become(kAdmin);
    EXPECT_EQ(texts(chat(id)).size(), 5u);
    EXPECT_EQ(counter(chat(id)), "1");
    become(kCleo);
    const Texts seen = texts(chat(id));
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_EQ(seen.back(), "[USER=2 REPLACE]Anna Weber[/USER] invited [USER=4 REPLACE]Cleo Adler[/USER] to the chat");
    EXPECT_EQ(at(call("im.dialog.messages.search", with_id("CHAT_ID", id, R"("SEARCH_MESSAGE":"old")")), "messages"),
              "[]");
}

TEST_F(MemberTest, managers_put_members_out_and_members_leave) {
    const RecordId id = group("3,4");
    become(kBert);
    EXPECT_EQ(error_of("im.chat.user.delete", with_id("CHAT_ID", id, R"("USER_ID":4)")).api_code, "ACCESS_DENIED_KICK");
    EXPECT_EQ(ask("im.chat.leave", with_id("CHAT_ID", id)), "true");
    EXPECT_EQ(error_of("im.dialog.get", in(chat(id))).api_code, "ACCESS_ERROR");
    become(kAnna);
    EXPECT_EQ(error_of("im.chat.user.delete", with_id("CHAT_ID", id, R"("USER_ID":3)")).api_code, "USER_NOT_FOUND");
    EXPECT_EQ(error_of("im.chat.user.delete", with_id("CHAT_ID", id)).api_code, "USER_ID_EMPTY");
    EXPECT_EQ(ask("im.chat.user.delete", with_id("CHAT_ID", id, R"("USER_ID":4)")), "true");
    EXPECT_EQ(ask("im.chat.user.list", with_id("CHAT_ID", id)), "[2]");
    EXPECT_EQ(at(*messages(chat(id)).items()[1], "text"), "[USER=3 REPLACE]Bert Lang[/USER] left the chat");
}

TEST_F(MemberTest, an_owner_who_leaves_hands_the_chat_over) {
    const RecordId id = group("3,4");
    EXPECT_EQ(error_of("im.chat.setOwner", with_id("CHAT_ID", id, R"("USER_ID":1)")).api_code, "WRONG_REQUEST");
    EXPECT_EQ(ask("im.chat.setOwner", with_id("CHAT_ID", id, R"("USER_ID":4)")), "true");
    EXPECT_EQ(error_of("im.chat.setOwner", with_id("CHAT_ID", id, R"("USER_ID":3)")).api_code, "WRONG_REQUEST");
    become(kCleo);
    ask("im.chat.leave", with_id("CHAT_ID", id));
    become(kBert);
    EXPECT_EQ(at(call("im.dialog.get", in(chat(id))), "owner"), "2") << "the manager before the older member";
}

TEST_F(MemberTest, members_rename_a_chat) {
    const RecordId id = group("3");
    become(kBert);
    EXPECT_EQ(ask("im.chat.updateTitle", in(chat(id), R"("TITLE":" Crew ")")), "true");
    EXPECT_EQ(at(call("im.dialog.get", in(chat(id))), "name"), "Crew");
    EXPECT_EQ(texts(chat(id)).front(), "[USER=3 REPLACE]Bert Lang[/USER] changed the chat title to \"Crew\"");
    EXPECT_EQ(error_of("im.chat.updateTitle", with_id("CHAT_ID", id, R"("TITLE":"  ")")).api_code, "TITLE_EMPTY");
    EXPECT_EQ(error_of("im.chat.updateTitle", in("2", R"("TITLE":"x")")).api_code, "DIALOG_ID_EMPTY");
    EXPECT_EQ(error_of("im.chat.updateTitle", R"({"CHAT_ID":"chat1","TITLE":"x"})").api_code, "CHAT_ID_EMPTY");
}

TEST_F(MemberTest, a_page_of_members_shows_their_cards) {
    const RecordId id = group("3,4");
    const json::Value page = call("im.dialog.users.list", in(chat(id), R"("LIMIT":2)"));
    ASSERT_EQ(page.array().size(), 2u);
    EXPECT_EQ(at(page.array()[0], "name"), "Anna Weber");
    EXPECT_EQ(at(page.array()[0], "phones"), "false");
    EXPECT_EQ(last_total, 3);
    EXPECT_EQ(last_next, 2);
    EXPECT_EQ(at(call("im.dialog.users.list", in(chat(id), R"("LAST_ID":3)")).array().at(0), "id"), "4");
    EXPECT_EQ(error_of("im.dialog.users.list", in(chat(id), R"("LIMIT":0)")).field, "LIMIT");
}

TEST_F(MemberTest, users_are_found_by_the_beginnings_of_their_names) {
    EXPECT_EQ(at(call("im.search.user.list", R"({"FIND":"we an"})"), "2").substr(0, 8), R"({"id":2,)");
    EXPECT_EQ(last_total, 1);
    EXPECT_EQ(error_of("im.search.user.list", R"({"FIND":"a "})").api_code, "FIND_SHORT");
    EXPECT_EQ(at(call("im.user.get", "{}"), "id"), "2");
    EXPECT_EQ(error_of("im.user.get", R"({"ID":0})").api_code, "ID_EMPTY");
    EXPECT_EQ(error_of("im.user.get", R"({"ID":99})").api_code, "USER_NOT_EXISTS");
    EXPECT_EQ(call("im.user.list.get", R"({"ID":"[3,4,99]","RESULT_TYPE":"array"})").array().size(), 2u);
    EXPECT_EQ(at(*call("im.user.list.get", R"({"ID":[3]})").find("3"), "last_name"), "Lang");
    EXPECT_EQ(error_of("im.user.list.get", R"({"ID":"3"})").api_code, "INVALID_FORMAT");
}

}  // namespace
}  // namespace stoa::chat::testing
