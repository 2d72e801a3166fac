// Writing, changing and deleting messages; reactions; files.

#include <algorithm>

#include "modules/chat/limits.hpp"
#include "modules/chat/testing/chat_fixture.hpp"

namespace stoa::chat::testing {
namespace {

using Texts = std::vector<std::string>;

class MessageTest : public ChatFixture {
  protected:
    std::string params_of(const std::string& dialog, RecordId id) {
        const json::Value page = messages(dialog);
        for (const json::Value* message : page.items()) {
            if (at(*message, "id") == std::to_string(id)) return at(*message, "params");
        }
        return "?";
    }
};

TEST_F(MessageTest, two_people_have_one_chat_whoever_begins) {
    say("3", "hi");
    become(kBert);
    say("2", "hello");
    EXPECT_EQ(texts("2"), (Texts{"hello", "hi"}));
    EXPECT_EQ(count("im_chats"), 1);
    const json::Value dialog = call("im.dialog.get", in("2"));
    EXPECT_EQ(at(dialog, "name"), "Anna Weber");
    EXPECT_EQ(at(dialog, "type"), "private");
    EXPECT_EQ(at(dialog, "dialog_id"), "2");
    EXPECT_EQ(at(dialog, "message_type"), "P");
    EXPECT_EQ(at(call("im.dialog.get", in(chat(1))), "dialog_id"), "2") << "the same chat by its number";
}

TEST_F(MessageTest, two_people_get_one_chat_also_from_eight_threads_at_once) {
    for (const std::string& answer : run_at_once("im.message.add", in("3", R"("MESSAGE":"hi")")))
        EXPECT_NE(answer, "");
    EXPECT_EQ(count("im_chats"), 1);
    EXPECT_EQ(count("im_members"), 2);
    EXPECT_EQ(count("im_messages"), 8);
    EXPECT_EQ(at(call("im.dialog.get", in("3")), "message_count"), "8");
}

TEST_F(MessageTest, notes_to_oneself_are_a_chat_of_one) {
    say("2", "remember");
    EXPECT_EQ(texts("2"), (Texts{"remember"}));
    EXPECT_EQ(count("im_members"), 1);
    EXPECT_EQ(counter("2"), "0");
}

TEST_F(MessageTest, the_same_client_id_is_one_message) {
    const RecordId id = group("3");
    const RecordId first = say(chat(id), "once", R"("TEMPLATE_ID":"a-1")");
    pushes();
    EXPECT_EQ(say(chat(id), "twice", R"("templateId":"a-1")"), first);
    EXPECT_TRUE(pushes().empty()) << "the second time nothing is written";
    EXPECT_EQ(texts(chat(id)).front(), "once");
    EXPECT_EQ(at(*messages(chat(id)).items().front(), "uuid"), "a-1");
    const RecordId elsewhere = group("3");
    EXPECT_NE(say(chat(elsewhere), "other chat", R"("TEMPLATE_ID":"a-1")"), first);
    become(kBert);
    EXPECT_NE(say(chat(id), "other author", R"("TEMPLATE_ID":"a-1")"), first);
    const std::string longest(limits::client_id_bytes_max, 'x');
    EXPECT_GT(say(chat(id), "x", R"("TEMPLATE_ID":")" + longest + "\""), 0);
    EXPECT_EQ(error_of("im.message.add", in(chat(id), R"("MESSAGE":"x","TEMPLATE_ID":"x)" + longest + "\"")).field,
              "TEMPLATE_ID");
}

TEST_F(MessageTest, the_same_client_id_from_eight_threads_at_once_is_one_message) {
    const RecordId id = group("3");
    const auto answers = run_at_once("im.message.add", in(chat(id), R"("MESSAGE":"x","TEMPLATE_ID":"t")"));
    for (const std::string& answer : answers)
        EXPECT_EQ(answer, answers.front());
    EXPECT_EQ(texts(chat(id)).size(), 2u);
    become(kBert);
    EXPECT_EQ(counter(chat(id)), "1");
}

TEST_F(MessageTest, messages_of_eight_threads_are_all_counted) {
    const RecordId id = group("3");
    run_at_once("im.message.add", in(chat(id), R"("MESSAGE":"x")"));
    become(kBert);
    EXPECT_EQ(counter(chat(id)), "8");
    EXPECT_EQ(at(call("im.dialog.get", in(chat(id))), "message_count"), "9");
}

TEST_F(MessageTest, a_message_must_say_something) {
    const RecordId id = group("3");
    EXPECT_EQ(error_of("im.message.add", in(chat(id), R"("MESSAGE":" \n")")).api_code, "MESSAGE_EMPTY");
    EXPECT_EQ(error_of("im.message.add", in(chat(id))).api_code, "MESSAGE_EMPTY");
    EXPECT_EQ(error_of("im.message.add", R"({"MESSAGE":"x"})").api_code, "USER_ID_EMPTY");
    EXPECT_EQ(error_of("im.message.add", in("people", R"("MESSAGE":"x")")).api_code, "USER_ID_EMPTY");
    EXPECT_EQ(error_of("im.message.add", in("99", R"("MESSAGE":"x")")).api_code, "USER_NOT_FOUND");
    EXPECT_EQ(error_of("im.message.add", in("chat99", R"("MESSAGE":"x")")).api_code, "ACCESS_ERROR");
    EXPECT_EQ(error_of("im.message.add", in(chat(id), R"("ATTACH":"x")")).api_code, "ATTACH_ERROR");
    EXPECT_EQ(error_of("im.message.add", in(chat(id), R"("MESSAGE":"x","KEYBOARD":5)")).api_code, "KEYBOARD_ERROR");
    const std::string blocks(limits::attach_bytes_max - 2, 'a');
    EXPECT_EQ(error_of("im.message.add", in(chat(id), R"("ATTACH":["a)" + blocks + "\"]")).api_code, "ATTACH_OVERSIZE");
    const RecordId attached = call("im.message.add", in(chat(id), R"("ATTACH":[{"MESSAGE":"x"}])")).integer();
    EXPECT_EQ(params_of(chat(id), attached), R"({"ATTACH":[{"MESSAGE":"x"}]})");
}

TEST_F(MessageTest, a_text_has_characters_up_to_the_limit) {
    const RecordId id = group("3");
    std::string longest;
    for (std::size_t i = 0; i < limits::message_characters_max; ++i)
        longest += "ы";
    EXPECT_GT(say(chat(id), longest), 0);
    EXPECT_EQ(texts(chat(id)).front().size(), 2 * limits::message_characters_max);
    const Error error = error_of("im.message.add", in(chat(id), R"("MESSAGE":"x)" + longest + "\""));
    EXPECT_EQ(error.code, Errc::too_large);
    EXPECT_EQ(error.field, "MESSAGE");
}

TEST_F(MessageTest, a_reply_stays_in_its_chat) {
    const RecordId id = group("3");
    const RecordId question = say(chat(id), "why?");
    const RecordId other = group("3,4");
    const RecordId elsewhere = say(chat(other), "x");
    become(kBert);
    const RecordId reply = say(chat(id), "because", R"("REPLY_ID":)" + std::to_string(question));
    EXPECT_EQ(params_of(chat(id), reply), R"({"REPLY_ID":)" + std::to_string(question) + "}");
    const json::Value page = call("im.dialog.messages.get", in(chat(id), R"("LIMIT":1)"));
    EXPECT_EQ(at(page.find("additionalMessages")->array().at(0), "text"), "why?");
    EXPECT_EQ(
        error_of("im.message.add", in(chat(id), R"("MESSAGE":"x","REPLY_ID":)" + std::to_string(elsewhere))).api_code,
        "REPLY_FROM_OTHER_CHAT_ERROR");
    become(kCleo);
    EXPECT_EQ(
        error_of("im.message.add", in(chat(other), R"("MESSAGE":"x","REPLY_ID":)" + std::to_string(question))).api_code,
        "REPLY_ACCESS_ERROR");
}

TEST_F(MessageTest, an_author_changes_a_message_for_three_days) {
    const RecordId id = group("3");
    const RecordId message = say(chat(id), "teh");
    EXPECT_EQ(ask("im.message.update", with_id("MESSAGE_ID", message, R"("MESSAGE":"the")")), "true");
    EXPECT_EQ(texts(chat(id)).front(), "the");
    EXPECT_EQ(params_of(chat(id), message), R"({"IS_EDITED":"Y"})");
    become(kBert);
    EXPECT_EQ(error_of("im.message.update", with_id("MESSAGE_ID", message, R"("MESSAGE":"x")")).api_code,
              "CANT_EDIT_MESSAGE");
    become(kAnna);
    clock.advance_s(limits::message_edit_window_s);
    EXPECT_EQ(ask("im.message.update", with_id("MESSAGE_ID", message, R"("MESSAGE":"last","IS_EDITED":"N")")), "true");
    clock.advance_s(1);
    EXPECT_EQ(error_of("im.message.update", with_id("MESSAGE_ID", message, R"("MESSAGE":"late")")).api_code,
              "CANT_EDIT_MESSAGE");
    EXPECT_EQ(error_of("im.message.update", "{}").api_code, "MESSAGE_ID_ERROR");
    EXPECT_EQ(texts(chat(id)).front(), "last");
}

TEST_F(MessageTest, what_the_program_said_is_changed_by_nobody) {
    const RecordId id = group("3");
    const RecordId notice = messages(chat(id)).items().front()->find("id")->integer();
    EXPECT_EQ(error_of("im.message.update", with_id("MESSAGE_ID", notice, R"("MESSAGE":"x")")).api_code,
              "CANT_EDIT_MESSAGE");
    EXPECT_EQ(error_of("im.message.add", in("3", R"("MESSAGE":"x","SYSTEM":"Y")")).api_code, "ACCESS_ERROR");
    const RecordId system = say(chat(id), "closed at six", R"("SYSTEM":"Y")");
    EXPECT_EQ(at(*messages(chat(id)).items().front(), "author_id"), "0");
    EXPECT_GT(system, notice);
    become(kBert);
    EXPECT_EQ(error_of("im.message.add", in(chat(id), R"("MESSAGE":"x","SYSTEM":"Y")")).api_code, "ACCESS_ERROR");
}

TEST_F(MessageTest, a_deleted_message_leaves_its_place_empty) {
    const RecordId id = group("3");
    const RecordId own = say(chat(id), "secret");
    const RecordId other = say_as(kBert, chat(id), "mine");
    EXPECT_EQ(ask("im.message.delete", with_id("MESSAGE_ID", other)), "true") << "the owner may";
    EXPECT_EQ(ask("im.message.update", with_id("MESSAGE_ID", own, R"("MESSAGE":"")")), "true");
    EXPECT_EQ(texts(chat(id)), (Texts{"", "", "[USER=2 REPLACE]Anna Weber[/USER] created the chat"}));
    EXPECT_EQ(params_of(chat(id), own), R"({"IS_DELETED":"Y"})");
    EXPECT_EQ(error_of("im.message.update", with_id("MESSAGE_ID", own, R"("MESSAGE":"x")")).api_code,
              "CANT_EDIT_MESSAGE");
    EXPECT_EQ(error_of("im.message.like", with_id("MESSAGE_ID", own)).api_code, "MESSAGE_ID_ERROR");
    const RecordId kept = say(chat(id), "kept");
    const RecordId in_private = say("3", "x");
    become(kBert);
    EXPECT_EQ(error_of("im.message.delete", with_id("MESSAGE_ID", kept)).api_code, "CANT_EDIT_MESSAGE");
    EXPECT_EQ(error_of("im.message.delete", with_id("MESSAGE_ID", in_private)).api_code, "CANT_EDIT_MESSAGE");
}

TEST_F(MessageTest, reactions_are_set_changed_and_taken_away) {
    const RecordId id = group("3");
    const RecordId message = say(chat(id), "x");
    const std::string like = with_id("MESSAGE_ID", message);
    EXPECT_EQ(ask("im.message.like", like), "true");
    EXPECT_EQ(error_of("im.message.like", with_id("MESSAGE_ID", message, R"("ACTION":"plus")")).api_code,
              "WITHOUT_CHANGES");
    become(kBert);
    EXPECT_EQ(error_of("im.message.like", with_id("MESSAGE_ID", message, R"("ACTION":"minus")")).api_code,
              "WITHOUT_CHANGES");
    EXPECT_EQ(ask("im.message.like", with_id("MESSAGE_ID", message, R"("ACTION":"plus","REACTION":"laugh")")), "true");
    EXPECT_EQ(params_of(chat(id), message), R"({"LIKE":[2,3],"REACTIONS":{"like":[2],"laugh":[3]}})");
    EXPECT_EQ(ask("im.message.like", like), "true") << "another one replaces it";
    EXPECT_EQ(ask("im.message.like", like), "true") << "the same one again takes it away";
    EXPECT_EQ(params_of(chat(id), message), R"({"LIKE":[2],"REACTIONS":{"like":[2]}})");
    EXPECT_EQ(error_of("im.message.like", with_id("MESSAGE_ID", message, R"("REACTION":"bored")")).field, "REACTION");
    EXPECT_EQ(error_of("im.message.like", with_id("MESSAGE_ID", message, R"("ACTION":"x")")).field, "ACTION");
}

TEST_F(MessageTest, files_of_the_drive_are_sent_by_those_who_may_read_them) {
    const RecordId id = group("3");
    const RecordId file = add_file("plan.PNG");
    const RecordId message = say(chat(id), "look", R"("FILES":[)" + std::to_string(file) + "]");
    become(kBert);
    EXPECT_EQ(params_of(chat(id), message), R"({"FILE_ID":[)" + std::to_string(file) + "]}");
    const json::Value page = call("im.dialog.messages.get", in(chat(id)));
    const json::Value& shown = page.find("files")->array().at(0);
    EXPECT_EQ(at(shown, "name"), "plan.PNG");
    EXPECT_EQ(at(shown, "type"), "image");
    EXPECT_EQ(at(shown, "authorName"), "Anna Weber");
    EXPECT_NE(at(shown, "urlDownload").find("token="), std::string::npos);
    EXPECT_EQ(error_of("im.message.add", in(chat(id), R"("FILES":[)" + std::to_string(file) + "]")).field, "FILES");
    become(kAnna);
    const json::Value sent =
        call("im.disk.file.commit", with_id("CHAT_ID", id, R"("UPLOAD_ID":)" + std::to_string(file)));
    EXPECT_EQ(at(sent, "DISK_ID"), "[\"" + std::to_string(file) + "\"]");
    EXPECT_EQ(at(*sent.find("FILES")->find("upload" + std::to_string(file)), "size"), "5");
    EXPECT_EQ(error_of("im.disk.file.commit", with_id("CHAT_ID", id)).api_code, "FILES_ERROR");
    EXPECT_EQ(error_of("im.disk.file.commit", with_id("CHAT_ID", id, R"("FILE_ID":99)")).api_code, "SAVE_ERROR");
    EXPECT_EQ(error_of("im.disk.file.commit", R"({"FILE_ID":1})").api_code, "CHAT_ID_EMPTY");
}

TEST_F(MessageTest, a_message_has_files_up_to_the_limit) {
    const RecordId id = group("3");
    std::string files;
    for (std::size_t i = 0; i < limits::files_per_message_max; ++i)
        files += (i == 0 ? "" : ",") + std::to_string(add_file("f"));
    EXPECT_GT(say(chat(id), "", R"("FILES":[)" + files + "]"), 0);
    files += "," + std::to_string(add_file("f"));
    EXPECT_EQ(error_of("im.message.add", in(chat(id), R"("FILES":[)" + files + "]")).code, Errc::too_large);
}

}  // namespace
}  // namespace stoa::chat::testing
