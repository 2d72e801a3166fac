// What clients are told, and who of them.

#include <algorithm>

#include "modules/chat/limits.hpp"
#include "modules/chat/testing/chat_fixture.hpp"

namespace stoa::chat::testing {
namespace {

using Users = std::vector<UserId>;

class PushTest : public ChatFixture {
  protected:
    /// The pushes of one command since the last time; the others are forgotten.
    std::vector<model::Push> of(std::string_view command) {
        std::vector<model::Push> all = pushes();
        std::erase_if(all, [&](const model::Push& push) { return push.command != command; });
        for (const model::Push& push : all)
            EXPECT_EQ(push.module_id, "im");
        return all;
    }
    model::Push one(std::string_view command) {
        std::vector<model::Push> all = of(command);
        EXPECT_EQ(all.size(), 1u) << command;
        return all.empty() ? model::Push{} : all.front();
    }
    static json::Value params(const model::Push& push) {
        auto parsed = json::parse(push.params_json);
        return parsed ? *parsed : json::Value();
    }
};

TEST_F(PushTest, a_private_message_is_told_to_both_under_their_own_names_for_the_dialog) {
    say("3", "hi", R"("TEMPLATE_ID":"t-1")");
    const std::vector<model::Push> told = of("message");
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].users, (Users{kAnna}));
    EXPECT_EQ(at(params(told[0]), "dialogId"), "3");
    EXPECT_EQ(told[1].users, (Users{kBert}));
    EXPECT_EQ(at(params(told[1]), "dialogId"), "2");
    const json::Value message = *params(told[1]).find("message");
    EXPECT_EQ(at(message, "text"), "hi");
    EXPECT_EQ(at(message, "senderId"), "2");
    EXPECT_EQ(at(message, "templateId"), "t-1");
    EXPECT_EQ(at(*params(told[1]).find("users")->find("2"), "name"), "Anna Weber");
}

TEST_F(PushTest, a_message_in_a_group_is_told_to_its_members_only_and_flagged_for_muted_ones) {
    const RecordId id = group("3,4");
    as(kCleo, [&] { return ask("im.chat.mute", with_id("CHAT_ID", id)); });
    pushes();
    say(chat(id), "[USER=4]Cleo[/USER] look");
    const std::vector<model::Push> told = of("messageChat");
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].users, (Users{kAnna, kBert}));
    EXPECT_EQ(at(params(told[0]), "muted"), "false");
    EXPECT_EQ(at(params(told[0]), "dialogId"), chat(id));
    EXPECT_EQ(told[1].users, (Users{kCleo}));
    EXPECT_EQ(at(params(told[1]), "muted"), "true");
    EXPECT_EQ(at(params(told[1]), "mentions"), "[4]");
}

TEST_F(PushTest, a_refused_message_is_told_to_nobody) {
    const RecordId id = group("3");
    pushes();
    error_of("im.message.add", in(chat(id), R"("MESSAGE":"x","REPLY_ID":999)"));
    as(kCleo, [&] { return error_of("im.message.add", in(chat(id), R"("MESSAGE":"x")")).code; });
    EXPECT_TRUE(pushes().empty());
}

TEST_F(PushTest, what_cannot_be_committed_is_told_to_nobody) {
    const RecordId id = group("3");
    pushes();
    auto written = database->write_and_wait({.account = 1}, [&](db::WriteTx& tx) -> Result<std::string> {
        model::PushOutbox outbox(*database);
        STOA_CHECK(outbox.append(tx, {{kAnna}, "im", "messageChat", "{}"}));
        return internal_error("the rest of the transaction failed");
    });
    EXPECT_FALSE(written.ok());
    EXPECT_TRUE(pushes().empty());
    EXPECT_GT(say(chat(id), "x"), 0);
}

TEST_F(PushTest, a_long_text_is_cut_between_characters) {
    std::string text;
    for (std::size_t i = 0; i < limits::message_characters_max; ++i)
        text += "ы";
    say("2", "x" + text.substr(2));
    const json::Value cut = *params(one("message")).find("message");
    EXPECT_EQ(at(cut, "textCut"), "true");
    EXPECT_EQ(at(cut, "text").size(), limits::push_text_bytes_max - 1);
    std::string controls;
    for (std::size_t i = 0; i < limits::message_characters_max; ++i)
        controls += "\\u0001";
    EXPECT_GT(say("2", controls), 0) << "escaped it would be six times as long";
    say("2", "short");
    EXPECT_EQ(at(*params(of("message").back()).find("message"), "textCut"), "false");
}

TEST_F(PushTest, changes_and_deletions_of_messages_are_told) {
    const RecordId id = group("3");
    const RecordId message = say(chat(id), "x");
    pushes();
    call("im.message.update", with_id("MESSAGE_ID", message, R"("MESSAGE":"y")"));
    const model::Push updated = one("messageUpdate");
    EXPECT_EQ(updated.users, (Users{kAnna, kBert}));
    EXPECT_EQ(at(params(updated), "text"), "y");
    call("im.message.like", with_id("MESSAGE_ID", message));
    const model::Push liked = one("messageLike");
    EXPECT_EQ(at(params(liked), "users"), "[2]");
    EXPECT_EQ(at(params(liked), "set"), "true");
    call("im.message.delete", with_id("MESSAGE_ID", message));
    EXPECT_EQ(at(params(one("messageDelete")), "id"), std::to_string(message));
}

TEST_F(PushTest, reading_is_told_to_the_readers_other_clients_and_to_the_others) {
    const RecordId id = group("3,4");
    const RecordId message = say(chat(id), "x");
    become(kBert);
    pushes();
    call("im.dialog.read", in(chat(id)));
    const std::vector<model::Push> told = pushes();
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].command, "readMessageChat");
    EXPECT_EQ(told[0].users, (Users{kBert}));
    EXPECT_EQ(at(params(told[0]), "counter"), "0");
    EXPECT_EQ(told[1].command, "readMessageChatOpponent");
    EXPECT_EQ(told[1].users, (Users{kAnna, kCleo}));
    EXPECT_EQ(at(params(told[1]), "userId"), "3");
    EXPECT_EQ(at(params(told[1]), "lastId"), std::to_string(message));
    call("im.dialog.read", in(chat(id)));
    EXPECT_TRUE(pushes().empty()) << "nothing new was read";
    say("2", "hi");
    pushes();
    as(kAnna, [&] { return ask("im.dialog.read", in("3")); });
    const model::Push opponent = one("readMessageOpponent");
    EXPECT_EQ(opponent.users, (Users{kBert}));
    EXPECT_EQ(at(params(opponent), "dialogId"), "2") << "the reader, as the other one knows him";
}

TEST_F(PushTest, typing_is_told_to_the_others_and_writes_nothing_else) {
    const RecordId id = group("3,4");
    const std::int64_t before = count("im_messages");
    pushes();
    EXPECT_EQ(ask("im.dialog.writing", in(chat(id))), "true");
    const model::Push typing = one("startWriting");
    EXPECT_EQ(typing.users, (Users{kBert, kCleo}));
    EXPECT_EQ(at(params(typing), "userName"), "Anna Weber");
    EXPECT_EQ(count("im_messages"), before);
    EXPECT_EQ(error_of("im.dialog.writing", "{}").api_code, "DIALOG_ID_EMPTY");
}

TEST_F(PushTest, in_a_large_chat_nobody_hears_of_typing) {
    std::string users;
    for (std::size_t i = 0; i < limits::chatty_chat_members_max; ++i)
        users += (i == 0 ? "" : ",") + std::to_string(add_user("U", "U", "employee"));
    const RecordId large = group(users);
    const RecordId fits = group(users.substr(0, users.rfind(',')));
    pushes();
    EXPECT_EQ(ask("im.dialog.writing", in(chat(large))), "true");
    EXPECT_TRUE(pushes().empty());
    EXPECT_EQ(ask("im.dialog.writing", in(chat(fits))), "true");
    EXPECT_EQ(one("startWriting").users.size(), limits::chatty_chat_members_max - 1);
}

TEST_F(PushTest, comings_and_goings_are_told_also_to_those_they_concern) {
    const RecordId id = group("3");
    pushes();
    call("im.chat.user.add", with_id("CHAT_ID", id, R"("USERS":[4])"));
    const model::Push joined = one("chatUserAdd");
    EXPECT_EQ(joined.users, (Users{kAnna, kBert, kCleo}));
    EXPECT_EQ(at(params(joined), "newUsers"), "[4]");
    call("im.chat.updateTitle", with_id("CHAT_ID", id, R"("TITLE":"New")"));
    EXPECT_EQ(at(params(one("chatRename")), "title"), "New");
    call("im.chat.setOwner", with_id("CHAT_ID", id, R"("USER_ID":3)"));
    EXPECT_EQ(at(params(one("chatOwner")), "userId"), "3");
    as(kCleo, [&] { return ask("im.chat.leave", with_id("CHAT_ID", id)); });
    const model::Push left = one("chatUserLeave");
    EXPECT_EQ(left.users, (Users{kAnna, kBert, kCleo}));
    EXPECT_EQ(at(params(left), "userId"), "4");
}

TEST_F(PushTest, what_concerns_one_list_is_told_to_its_owner_only) {
    const RecordId id = group("3");
    pushes();
    call("im.recent.pin", in(chat(id)));
    EXPECT_EQ(one("chatPin").users, (Users{kAnna}));
    call("im.chat.mute", with_id("CHAT_ID", id));
    EXPECT_EQ(one("chatMuteNotify").users, (Users{kAnna}));
    call("im.recent.unread", in(chat(id)));
    EXPECT_EQ(one("chatUnread").users, (Users{kAnna}));
    call("im.recent.hide", in(chat(id)));
    EXPECT_EQ(one("chatHide").users, (Users{kAnna}));
}

}  // namespace
}  // namespace stoa::chat::testing
