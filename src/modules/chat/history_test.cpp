// Pages of messages, and searching in them.

#include "modules/chat/limits.hpp"
#include "modules/chat/testing/chat_fixture.hpp"

namespace stoa::chat::testing {
namespace {

using Texts = std::vector<std::string>;

class HistoryTest : public ChatFixture {
  protected:
    void SetUp() override {
        ChatFixture::SetUp();
        id_ = group("3");
        for (int i = 1; i <= 9; ++i)
            ids_.push_back(say(chat(id_), "m" + std::to_string(i)));
    }
    Texts page(const std::string& more) { return texts(chat(id_), more); }
    static std::string number(RecordId id) { return std::to_string(id); }
    json::Value search(const std::string& more) {
        return call("im.dialog.messages.search", with_id("CHAT_ID", id_, more));
    }
    static Texts found(const json::Value& answer) {
        Texts out;
        for (const json::Value* message : answer.find("messages")->items())
            out.push_back(at(*message, "text"));
        return out;
    }

    RecordId id_ = 0;
    std::vector<RecordId> ids_;
};

TEST_F(HistoryTest, pages_go_back_and_forth_newest_first) {
    EXPECT_EQ(page(R"("LIMIT":3)"), (Texts{"m9", "m8", "m7"}));
    EXPECT_EQ(page(R"("LIMIT":3,"LAST_ID":)" + number(ids_[6])), (Texts{"m6", "m5", "m4"}));
    EXPECT_EQ(page(R"("LIMIT":3,"FIRST_ID":)" + number(ids_[3])), (Texts{"m7", "m6", "m5"}));
    EXPECT_EQ(page(R"("FIRST_ID":)" + number(ids_[8])), Texts{});
    EXPECT_EQ(page(R"("LIMIT":2,"FIRST_ID":0)").front(), "m1");
    EXPECT_EQ(page(R"("LIMIT":500)").size(), 10u);
}

TEST_F(HistoryTest, a_page_has_at_most_fifty_messages) {
    for (int i = 10; i <= limits::message_page_max; ++i)
        say(chat(id_), "m");
    EXPECT_EQ(page(R"("LIMIT":51)").size(), static_cast<std::size_t>(limits::message_page_max));
    EXPECT_EQ(page("").size(), static_cast<std::size_t>(limits::message_page_default));
}

TEST_F(HistoryTest, wrong_positions_have_codes_of_their_own) {
    EXPECT_EQ(error_of("im.dialog.messages.get", in(chat(id_), R"("LAST_ID":"x")")).api_code, "LAST_ID_STRING");
    EXPECT_EQ(error_of("im.dialog.messages.get", in(chat(id_), R"("FIRST_ID":"x")")).api_code, "FIRST_ID_STRING");
    EXPECT_EQ(error_of("im.dialog.messages.get", "{}").api_code, "DIALOG_ID_EMPTY");
    EXPECT_EQ(error_of("im.dialog.messages.get", in("chatX")).api_code, "DIALOG_ID_EMPTY");
    EXPECT_EQ(error_of("im.dialog.messages.search", "{}").api_code, "CHAT_ID_EMPTY");
}

TEST_F(HistoryTest, a_message_shows_whether_it_was_read) {
    become(kBert);
    call("im.dialog.read", in(chat(id_), R"("MESSAGE_ID":)" + number(ids_[4])));
    const json::Value list = messages(chat(id_));
    EXPECT_EQ(at(list.array()[4], "text"), "m5");
    EXPECT_EQ(at(list.array()[4], "unread"), "false");
    EXPECT_EQ(at(list.array()[3], "unread"), "true");
    EXPECT_EQ(at(list.array()[0], "author_id"), "2");
    become(kAnna);
    EXPECT_EQ(at(*messages(chat(id_)).items().front(), "unread"), "false") << "own messages never are";
}

TEST_F(HistoryTest, people_of_the_page_come_with_it) {
    say_as(kBert, chat(id_), "me too");
    const json::Value answer = call("im.dialog.messages.get", in(chat(id_)));
    EXPECT_EQ(at(answer, "chat_id"), number(id_));
    ASSERT_EQ(answer.find("users")->array().size(), 2u);
    EXPECT_EQ(at(answer.find("users")->array()[1], "name"), "Bert Lang");
}

TEST_F(HistoryTest, a_workgroups_chat_has_a_name_of_its_own) {
    const RecordId id = group("3", R"("TITLE":"G","ENTITY_TYPE":"SONET_GROUP","ENTITY_ID":"7")");
    EXPECT_EQ(at(call("im.dialog.get", in("sg7")), "id"), number(id));
    EXPECT_EQ(at(call("im.dialog.get", in("sg7")), "type"), "sonetGroup");
    EXPECT_EQ(error_of("im.dialog.get", in("sg8")).api_code, "ACCESS_ERROR");
}

TEST_F(HistoryTest, messages_are_found_by_text_in_any_case) {
    say(chat(id_), "Überraschung 100%");
    say(chat(id_), "nothing");
    EXPECT_EQ(found(search(R"("SEARCH_MESSAGE":"überra")")), (Texts{"Überraschung 100%"}));
    EXPECT_EQ(found(search(R"("SEARCH_MESSAGE":"00%")")), (Texts{"Überraschung 100%"}));
    EXPECT_EQ(found(search(R"("SEARCH_MESSAGE":"m_9")")), Texts{}) << "no wildcards";
    EXPECT_EQ(found(search(R"("LIMIT":2,"ORDER":{"ID":"ASC"})")).back(), "m1");
    const json::Value first = search(R"("LIMIT":3)");
    EXPECT_EQ(found(search(R"("LIMIT":1,"LAST_ID":)" + at(first, "nextId"))), (Texts{"m8"}));
    EXPECT_EQ(at(search(R"("SEARCH_MESSAGE":"überra")"), "nextId"), "null");
    EXPECT_EQ(at(first.find("users")->array().at(0), "firstName"), "Anna");
}

TEST_F(HistoryTest, messages_are_found_by_date) {
    clock.advance_s(86'400);
    say(chat(id_), "next day");
    std::string today;
    append_iso(today, clock.now(), *utc_time_zone());
    EXPECT_EQ(found(search(R"("DATE_FROM":")" + today + "\"")), (Texts{"next day"}));
    EXPECT_EQ(found(search(R"("DATE":")" + today + "\"")), (Texts{"next day"}));
    EXPECT_EQ(found(search(R"("LIMIT":1,"DATE_TO":")" + today + "\"")), (Texts{"next day"}));
    EXPECT_EQ(error_of("im.dialog.messages.search", with_id("CHAT_ID", id_, R"("DATE":"soon")")).field, "DATE");
}

TEST_F(HistoryTest, one_search_looks_through_so_many_messages_and_says_where_it_stopped) {
    write([&](model::Records& records) -> Status {
        const std::int64_t more = limits::search_span_messages;
        STOA_TRY(const RecordId first, records.write_tx().next_id("im_messages", more));
        for (std::int64_t i = 0; i < more; ++i) {
            const db::Assignment row[] = {
                {"id", first + i},    {"position", first + i},         {"chat_id", id_},
                {"author_id", kAnna}, {"text", std::string("filler")}, {"deleted", std::int64_t{0}}};
            STOA_CHECK(records.write_tx().insert("im_messages", row));
        }
        return {};
    });
    EXPECT_EQ(found(search(R"("LIMIT":1,"SEARCH_MESSAGE":"m9")")), (Texts{"filler"})) << "two letters are no search";
    const json::Value answer = search(R"("SEARCH_MESSAGE":"created")");
    EXPECT_EQ(found(answer), Texts{});
    const std::string next = at(answer, "nextId");
    ASSERT_NE(next, "null");
    EXPECT_EQ(found(search(R"("SEARCH_MESSAGE":"created","LAST_ID":)" + next)).size(), 1u);
}

}  // namespace
}  // namespace stoa::chat::testing
