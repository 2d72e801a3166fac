// The list of recent dialogs.

#include "modules/chat/limits.hpp"
#include "modules/chat/testing/chat_fixture.hpp"

namespace stoa::chat::testing {
namespace {

using Ids = std::vector<std::string>;

class RecentTest : public ChatFixture {
  protected:
    json::Value items(const std::string& parameters = "{}") {
        const json::Value answer = call("im.recent.list", parameters);
        more_ = at(answer, "hasMore");
        return *answer.find("items");
    }
    Ids ids(const std::string& parameters = "{}") {
        Ids out;
        const json::Value list = items(parameters);
        for (const json::Value* item : list.items())
            out.push_back(at(*item, "id"));
        return out;
    }
    std::string more_;
};

TEST_F(RecentTest, dialogs_come_by_their_last_message_pinned_ones_first) {
    const std::string first = chat(group("3"));
    const std::string second = chat(group("3"));
    say("3", "hi");
    say(first, "newest");
    EXPECT_EQ(ids(), (Ids{first, "3", second}));
    EXPECT_EQ(ask("im.recent.pin", in(second)), "true");
    EXPECT_EQ(ids(), (Ids{second, first, "3"}));
    EXPECT_EQ(ids(R"({"SKIP_CHAT":"Y"})"), (Ids{"3"}));
    EXPECT_EQ(ids(R"({"SKIP_DIALOG":"Y"})"), (Ids{second, first}));
    EXPECT_EQ(ids(R"({"ONLY_OPENLINES":"Y"})"), Ids{});
    EXPECT_EQ(ids(R"({"UNREAD_ONLY":"Y"})"), Ids{});
    EXPECT_EQ(ask("im.recent.pin", in(second, R"("PIN":"N")")), "true");
    EXPECT_EQ(ids(), (Ids{first, "3", second}));
    become(kBert);
    EXPECT_EQ(ids(R"({"UNREAD_ONLY":"Y"})"), (Ids{first, "2"}));
}

TEST_F(RecentTest, an_item_of_a_private_chat_shows_the_other_one) {
    say("3", "[b]Hello[/b]\\nBert", R"("TEMPLATE_ID":"u-1")");
    const json::Value mine = items().array().at(0);
    EXPECT_EQ(at(mine, "type"), "user");
    EXPECT_EQ(at(mine, "title"), "Bert Lang");
    EXPECT_EQ(at(mine, "counter"), "0");
    EXPECT_EQ(at(*mine.find("user"), "id"), "3");
    EXPECT_EQ(at(*mine.find("message"), "text"), "Hello Bert");
    EXPECT_EQ(at(*mine.find("message"), "uuid"), "u-1");
    EXPECT_EQ(at(*mine.find("message"), "status"), "received");
    EXPECT_EQ(at(*mine.find("chat"), "mute_list"), "[]");
    become(kBert);
    EXPECT_EQ(at(items().array().at(0), "title"), "Anna Weber");
    EXPECT_EQ(at(items().array().at(0), "counter"), "1");
    call("im.dialog.read", in("2"));
    become(kAnna);
    EXPECT_EQ(at(*items().array().at(0).find("message"), "status"), "delivered");
}

TEST_F(RecentTest, an_item_of_a_group_shows_the_chat_and_who_wrote_last) {
    const RecordId id = group("3", R"("TITLE":"Team","ENTITY_TYPE":"TASKS_TASK","ENTITY_ID":"9")");
    say_as(kBert, chat(id), "hi");
    call("im.chat.mute", with_id("CHAT_ID", id));
    const json::Value item = items().array().at(0);
    EXPECT_EQ(at(item, "id"), chat(id));
    EXPECT_EQ(at(item, "type"), "chat");
    EXPECT_EQ(at(*item.find("user"), "name"), "Bert Lang");
    const json::Value& shown = *item.find("chat");
    EXPECT_EQ(at(shown, "type"), "tasksTask");
    EXPECT_EQ(at(shown, "role"), "OWNER");
    EXPECT_EQ(at(shown, "mute_list"), R"({"2":true})");
    EXPECT_EQ(at(shown, "manager_list"), "[2]");
}

TEST_F(RecentTest, pages_go_on_by_offset_or_behind_a_date) {
    Ids all;
    for (int i = 0; i < 5; ++i) {
        clock.advance_s(60);
        all.insert(all.begin(), chat(group("3")));
    }
    call("im.recent.pin", in(all[4]));
    EXPECT_EQ(ids(R"({"LIMIT":2})"), (Ids{all[4], all[0]}));
    EXPECT_EQ(more_, "true");
    EXPECT_EQ(ids(R"({"LIMIT":2,"OFFSET":4})"), (Ids{all[3]}));
    EXPECT_EQ(more_, "false");
    std::string date;
    append_iso(date, clock.now() - 60, *utc_time_zone());
    EXPECT_EQ(ids(R"({"LAST_MESSAGE_DATE":")" + date + "\"}"), (Ids{all[1], all[2], all[3]}));
    EXPECT_EQ(error_of("im.recent.list", R"({"LAST_MESSAGE_DATE":"x"})").field, "LAST_MESSAGE_DATE");
    EXPECT_EQ(call("im.recent.get", "{}").array().size(), 5u);
    EXPECT_EQ(call("im.recent.get", R"({"LAST_SYNC_DATE":")" + date + "\"}").array().size(), 2u);
}

TEST_F(RecentTest, a_hidden_dialog_comes_back_with_the_next_message) {
    const std::string dialog = chat(group("3"));
    call("im.recent.pin", in(dialog));
    EXPECT_EQ(ask("im.recent.hide", in(dialog)), "true");
    EXPECT_EQ(ids(), Ids{});
    say_as(kBert, dialog, "hello?");
    EXPECT_EQ(ids(), (Ids{dialog}));
    EXPECT_EQ(at(items().array().at(0), "pinned"), "false");
    EXPECT_EQ(error_of("im.recent.hide", "{}").api_code, "DIALOG_ID_EMPTY");
}

TEST_F(RecentTest, a_dialog_without_messages_is_not_in_the_list) {
    call("im.dialog.get", in("3"));
    EXPECT_EQ(count("im_chats"), 1) << "looking at a dialog makes its chat";
    EXPECT_EQ(ids(), Ids{});
    become(kBert);
    EXPECT_EQ(ids(), Ids{});
}

TEST_F(RecentTest, chats_are_pinned_up_to_the_limit) {
    std::vector<std::string> chats;
    for (std::int64_t i = 0; i <= limits::pinned_chats_per_user_max; ++i)
        chats.push_back(chat(group("")));
    for (std::int64_t i = 0; i < limits::pinned_chats_per_user_max; ++i)
        EXPECT_EQ(ask("im.recent.pin", in(chats[static_cast<std::size_t>(i)])), "true");
    EXPECT_EQ(error_of("im.recent.pin", in(chats.back())).code, Errc::too_large);
    EXPECT_EQ(ask("im.recent.pin", in(chats.front(), R"("PIN":"N")")), "true");
    EXPECT_EQ(ask("im.recent.pin", in(chats.back())), "true");
}

TEST_F(RecentTest, groups_are_found_by_their_title) {
    const RecordId id = group("3", R"("TITLE":"Big Project")");
    group("3", R"("TITLE":"Small talk")");
    const json::Value found = call("im.search.chat.list", R"({"FIND":"proj"})");
    ASSERT_EQ(found.array().size(), 1u);
    EXPECT_EQ(at(found.array()[0], "id"), std::to_string(id));
    EXPECT_EQ(last_total, 1);
    EXPECT_EQ(error_of("im.search.chat.list", R"({"FIND":"p"})").api_code, "FIND_SHORT");
}

}  // namespace
}  // namespace stoa::chat::testing
