// How far somebody has read, and what is counted as unread.

#include "modules/chat/limits.hpp"
#include "modules/chat/testing/chat_fixture.hpp"

namespace stoa::chat::testing {
namespace {

class CounterTest : public ChatFixture {
  protected:
    std::string counters() { return ask("im.counters.get"); }
    std::string type(const char* name) { return at(*call("im.counters.get", "{}").find("TYPE"), name); }
    std::string read(const std::string& dialog, RecordId message = 0) {
        return at(call("im.dialog.read", in(dialog, R"("MESSAGE_ID":)" + std::to_string(message))), "counter");
    }
};

TEST_F(CounterTest, messages_of_others_are_counted_and_read_up_to_one) {
    const RecordId id = group("3");
    const RecordId first = say(chat(id), "1");
    say(chat(id), "2");
    say(chat(id), "3");
    EXPECT_EQ(counter(chat(id)), "0") << "nobody counts his own";
    become(kBert);
    EXPECT_EQ(counter(chat(id)), "3") << "what the program says is not counted";
    EXPECT_EQ(ask("im.dialog.read", in(chat(id), R"("MESSAGE_ID":)" + std::to_string(first))),
              R"({"dialogId":")" + chat(id) + R"(","chatId":)" + std::to_string(id) + R"(,"lastId":)" +
                  std::to_string(first) + R"(,"counter":2})");
    EXPECT_EQ(read(chat(id), first - 1), "2") << "never backwards";
    EXPECT_EQ(read(chat(id), 1'000'000), "0");
    say_as(kAnna, chat(id), "4");
    EXPECT_EQ(counter(chat(id)), "1");
    EXPECT_EQ(read(chat(id)), "0");
}

TEST_F(CounterTest, whoever_writes_has_read) {
    const RecordId id = group("3");
    say(chat(id), "question");
    become(kBert);
    say(chat(id), "answer");
    EXPECT_EQ(counter(chat(id)), "0");
    become(kAnna);
    EXPECT_EQ(counter(chat(id)), "1");
}

TEST_F(CounterTest, a_message_is_made_unread_again) {
    const RecordId id = group("3");
    say(chat(id), "1");
    const RecordId second = say(chat(id), "2");
    say_as(kBert, chat(id), "mine");
    say(chat(id), "3");
    become(kBert);
    read(chat(id));
    EXPECT_EQ(ask("im.dialog.unread", in(chat(id), R"("MESSAGE_ID":)" + std::to_string(second))), "true");
    EXPECT_EQ(counter(chat(id)), "2") << "his own is not counted";
    EXPECT_EQ(at(call("im.dialog.get", in(chat(id))), "unread_id"), std::to_string(second));
    EXPECT_EQ(error_of("im.dialog.unread", in(chat(id))).api_code, "MESSAGE_ID_ERROR");
    EXPECT_EQ(read(chat(id)), "0");
    EXPECT_EQ(at(call("im.dialog.get", in(chat(id))), "unread_id"), "0");
}

TEST_F(CounterTest, a_counter_ends_at_the_limit) {
    const RecordId id = group("3");
    for (std::int64_t i = 0; i <= limits::counter_max; ++i)
        say(chat(id), "x");
    const RecordId last = say(chat(id), "x");
    become(kBert);
    EXPECT_EQ(counter(chat(id)), std::to_string(limits::counter_max));
    EXPECT_EQ(read(chat(id), last - limits::counter_max), std::to_string(limits::counter_max));
    EXPECT_EQ(read(chat(id), last - limits::counter_max + 1), std::to_string(limits::counter_max - 1));
}

TEST_F(CounterTest, counters_have_the_documented_form) {
    EXPECT_EQ(counters(), R"({"TYPE":{"ALL":0,"NOTIFY":0,"CHAT":0,"LINES":0,"DIALOG":0,"MESSENGER":0},"CHAT":[],)"
                          R"("CHAT_MUTED":[],"CHAT_UNREAD":[],"LINES":[],"DIALOG":[],"DIALOG_UNREAD":[]})");
    const RecordId loud = group("3");
    const RecordId quiet = group("3");
    say(chat(loud), "1");
    say(chat(quiet), "1");
    say("3", "1");
    say("3", "2");
    add_row("notify.notification", [](model::Changes& row) { row.set("USER_ID", kBert); });
    add_row("notify.notification", [](model::Changes& row) {
        row.set("USER_ID", kBert);
        row.set("READ", std::int64_t{1});
    });
    become(kBert);
    call("im.chat.mute", with_id("CHAT_ID", quiet));
    EXPECT_EQ(counters(), R"({"TYPE":{"ALL":4,"NOTIFY":1,"CHAT":1,"LINES":0,"DIALOG":2,"MESSENGER":3},"CHAT":{")" +
                              std::to_string(loud) + R"(":1},"CHAT_MUTED":{")" + std::to_string(quiet) +
                              R"(":1},"CHAT_UNREAD":[],"LINES":[],"DIALOG":{"2":2},"DIALOG_UNREAD":[]})");
    call("im.chat.mute", in(chat(quiet), R"("MUTE":"N")"));
    EXPECT_EQ(type("CHAT"), "2");
    read("2");
    EXPECT_EQ(type("DIALOG"), "0");
}

TEST_F(CounterTest, a_marked_chat_counts_as_one_until_it_is_read) {
    const RecordId id = group("3");
    EXPECT_EQ(ask("im.recent.unread", in(chat(id))), "true");
    EXPECT_EQ(type("CHAT"), "1");
    EXPECT_EQ(at(call("im.counters.get", "{}"), "CHAT_UNREAD"), "[" + std::to_string(id) + "]");
    EXPECT_EQ(at(call("im.counters.get", "{}"), "CHAT"), "[]");
    EXPECT_EQ(ask("im.recent.unread", in(chat(id), R"("ACTION":"N")")), "true");
    EXPECT_EQ(type("CHAT"), "0");
    ask("im.recent.unread", in(chat(id)));
    read(chat(id));
    EXPECT_EQ(at(call("im.counters.get", "{}"), "CHAT_UNREAD"), "[]");
}

TEST_F(CounterTest, readers_of_the_last_message_are_shown) {
    const RecordId id = group("3,4");
    const RecordId message = say(chat(id), "x");
    as(kBert, [&] { return read(chat(id)); });
    const json::Value dialog = call("im.dialog.get", in(chat(id)));
    const json::Value& views = *dialog.find("last_message_views");
    EXPECT_EQ(at(views, "count_of_viewers"), "1");
    EXPECT_EQ(at(views, "message_id"), std::to_string(message));
    EXPECT_EQ(at(views.find("first_viewers")->array().at(0), "user_name"), "Bert Lang");
    EXPECT_EQ(dialog.find("readed_list")->array().size(), 2u);
}

TEST_F(CounterTest, the_revision_has_its_documented_members) {
    EXPECT_EQ(ask("im.revision.get"), R"({"rest":32,"web":130,"mobile":22,"desktop":6,"im_revision_mobile":22})");
}

}  // namespace
}  // namespace stoa::chat::testing
