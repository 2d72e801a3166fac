// Notifications of a receiver: made by the program, listed, read, answered, removed.

#include "modules/notify/cleanup.hpp"
#include "modules/notify/limits.hpp"
#include "modules/notify/testing/notify_fixture.hpp"
#include "modules/notify/text_format.hpp"

namespace stoa::notify {
namespace {

class NotifyTest : public testing::NotifyFixture {
  protected:
    Notification question(UserId receiver) const {
        Notification given = to(receiver, "INVITE|7");
        given.type = Type::confirm;
        given.buttons = {{"Accept", "Y", "accept"}, {"Decline", "N", "cancel"}};
        return given;
    }
};

TEST_F(NotifyTest, a_receiver_reads_what_he_is_told_and_by_whom) {
    Notification given = to(2, "TASK|42");
    given.title = "Task";
    given.link = "/tasks/42";
    given.text = "a < b";
    EXPECT_EQ(send(given), 1);
    const json::Value page = call("im.notify.get", R"({"CONVERT_TEXT":"Y"})");
    EXPECT_EQ(page.find("total_count")->integer(), 1);
    EXPECT_EQ(page.find("total_unread_count")->integer(), 1);
    const json::Value& row = page.find("notifications")->array().at(0);
    EXPECT_EQ(row.find("author_id")->integer(), 1);
    EXPECT_EQ(row.find("notify_type")->integer(), 2);
    EXPECT_EQ(row.find("setting_name")->string(), "tasks|comment");
    EXPECT_EQ(row.find("notify_tag")->string(), "TASK|42");
    EXPECT_EQ(row.find("notify_read")->string(), "N");
    EXPECT_EQ(row.find("text")->string(), "a &lt; b");
    EXPECT_EQ(json::to_json(*row.find("params")), R"({"LINK":"/tasks/42"})");
    EXPECT_EQ(row.find("notify_buttons"), nullptr);
    const json::Value& author = page.find("users")->array().at(0);
    EXPECT_EQ(author.find("name")->string(), "Ada");
    EXPECT_FALSE(author.find("phones")->boolean());
}

TEST_F(NotifyTest, nobody_sees_those_of_others_not_even_an_administrator) {
    send(to(2));
    for (const UserId user : {1, 3}) {
        become(user);
        EXPECT_EQ(json::to_json(call("im.notify.get", "{}")), R"({"notifications":[],"users":[]})");
        call("im.notify.read", R"({"ID":1})");
        EXPECT_FALSE(call("im.notify.delete", R"({"ID":1})").boolean());
    }
    create_account(2);
    actor.account = 2;
    become(2);
    EXPECT_EQ(listed(), Ids{});
    EXPECT_FALSE(call("im.notify.delete", R"({"ID":1})").boolean());
    actor.account = 1;
    EXPECT_EQ(unread(), 1);
}

TEST_F(NotifyTest, a_second_one_of_the_same_tag_takes_the_place_of_the_first_and_counts_on) {
    send(to(2, "POST|1"));
    send(to(2, "POST|2"));
    send(to(3, "POST|1"));
    pushes();
    EXPECT_EQ(send(to(2, "POST|1")), 4);
    EXPECT_EQ(commands(), (Texts{"notifyDelete", "notifyAdd"}));
    EXPECT_EQ(listed(), (Ids{4, 2}));
    EXPECT_EQ(unread(), 2);
    const json::Value page = call("im.notify.get", "{}");
    EXPECT_EQ(json::to_json(*page.find("notifications")->array().at(0).find("params")), R"({"GROUPED":2})");
    EXPECT_TRUE(page.find("notifications")->array().at(1).find("params")->is_null());
    call("im.notify.read", R"({"ID":4,"ONLY_CURRENT":"Y"})");
    send(to(2, "POST|1"));
    const json::Value again = call("im.notify.get", "{}");
    EXPECT_TRUE(again.find("notifications")->array().at(0).find("params")->is_null()) << "the other one was read";
    become(3);
    EXPECT_EQ(listed(), Ids{3}) << "tags are the receiver's";
}

TEST_F(NotifyTest, reading_takes_one_or_all_from_there_on_and_can_be_taken_back) {
    for (int i = 0; i < 4; ++i)
        send(to(2));
    pushes();
    EXPECT_TRUE(call("im.notify.read", "{}").boolean());
    EXPECT_EQ(unread(), 4);
    call("im.notify.read", R"({"ID":2,"ONLY_CURRENT":"Y"})");
    EXPECT_EQ(unread(), 3);
    call("im.notify.read", R"({"ID":"3"})");
    EXPECT_EQ(unread(), 1);
    const auto sent = pushes();
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[1].push.module_id, "im");
    EXPECT_EQ(sent[1].push.command, "notifyRead");
    EXPECT_EQ(sent[1].push.users, std::vector<UserId>{2});
    EXPECT_EQ(sent[1].push.params_json, R"({"list":[4,3],"counter":1})");
    call("im.notify.read", R"({"ID":4,"ACTION":"N","ONLY_CURRENT":"Y"})");
    EXPECT_EQ(unread(), 2);
    EXPECT_EQ(commands(), Texts{"notifyUnread"});
    call("im.notify.read.list", R"({"IDS":[1,4,99]})");
    EXPECT_EQ(unread(), 0);
    EXPECT_EQ(commands(), Texts{"notifyRead"});
    call("im.notify.read.list", R"({"IDS":[1,4]})");
    EXPECT_EQ(commands(), Texts{}) << "nothing changed";
    EXPECT_EQ(error_of("im.notify.read.list", R"({"IDS":5})").api_code, "PARAMS_ERROR");
    EXPECT_EQ(error_of("im.notify.read.list", "{}").api_code, "PARAMS_ERROR");
}

TEST_F(NotifyTest, reading_all_empties_the_counter_and_the_mail) {
    Notification mailed = to(2);
    mailed.event = "reminder";
    send(mailed);
    send(to(2));
    read([](model::Records& records) -> Status {
        STOA_TRY(const auto row, records.as_system().get(records.services().registry.entity("notify.notification"), 1));
        EXPECT_EQ(row.integer("MAIL_DUE"), records.services().clock.now() + limits::notify_mail_delay_s);
        return {};
    });
    pushes();
    EXPECT_EQ(json::to_json(call("im.notify.read.all", "{}")), R"({"result":true,"newCounter":0})");
    EXPECT_EQ(commands(), Texts{"notifyReadAll"});
    read([](model::Records& records) -> Status {
        STOA_TRY(const auto row, records.as_system().get(records.services().registry.entity("notify.notification"), 1));
        EXPECT_TRUE(row.is_null("MAIL_DUE"));
        return {};
    });
}

TEST_F(NotifyTest, pages_begin_with_questions_and_go_on_by_the_last_id) {
    send(question(2));
    for (int i = 0; i < 3; ++i)
        send(to(2));
    EXPECT_EQ(listed(R"({"LIMIT":2})"), (Ids{1, 4}));
    EXPECT_EQ(listed(R"({"LIMIT":2,"LAST_ID":4,"LAST_TYPE":3})"), (Ids{3, 2}));
    EXPECT_EQ(listed(R"({"LAST_ID":1,"LAST_TYPE":1})"), (Ids{4, 3, 2}));
    EXPECT_EQ(listed(R"({"LAST_ID":2,"LAST_TYPE":3})"), Ids{});
    EXPECT_EQ(error_of("im.notify.get", R"({"LAST_ID":2})").api_code, "LAST_ID_AND_LAST_TYPE");
    EXPECT_EQ(error_of("im.notify.get", R"({"LAST_TYPE":1})").api_code, "LAST_ID_AND_LAST_TYPE");
    EXPECT_EQ(error_of("im.notify.get", R"({"LAST_ID":"x","LAST_TYPE":1})").api_code, "LAST_ID_STRING");
}

TEST_F(NotifyTest, a_page_has_fifty_at_most) {
    for (int i = 0; i < limits::notify_page_size + 1; ++i)
        send(to(2));
    EXPECT_EQ(listed().size(), 50u);
    EXPECT_EQ(listed(R"({"LIMIT":51})").size(), 50u);
    EXPECT_EQ(listed(R"({"LIMIT":0})").size(), 50u);
}

TEST_F(NotifyTest, the_oldest_unread_ones_make_room) {
    write([&](model::Records& records) -> Status {
        for (int i = 0; i < limits::notify_unread_max; ++i) {
            STOA_TRY([[maybe_unused]] const RecordId id, notify(records, to(2)));
        }
        return {};
    });
    EXPECT_EQ(unread(), limits::notify_unread_max);
    send(to(2));
    EXPECT_EQ(unread(), limits::notify_unread_max);
    EXPECT_FALSE(call("im.notify.delete", R"({"ID":1})").boolean()) << "it is gone already";
    EXPECT_TRUE(call("im.notify.delete", R"({"ID":2})").boolean());
}

TEST_F(NotifyTest, a_question_is_answered_once_and_whoever_asked_hears_it) {
    send(question(2));
    pushes();
    const json::Value page = call("im.notify.get", "{}");
    EXPECT_EQ(page.find("notifications")->array().at(0).find("notify_buttons")->string(),
              R"([{"TITLE":"Accept","VALUE":"Y","TYPE":"accept"},{"TITLE":"Decline","VALUE":"N","TYPE":"cancel"}])");
    EXPECT_EQ(error_of("im.notify.confirm", R"({"NOTIFY_VALUE":"Y"})").api_code, "ID_ERROR");
    EXPECT_EQ(error_of("im.notify.confirm", R"({"NOTIFY_ID":1})").api_code, "NOTIFY_VALUE_ERROR");
    EXPECT_EQ(error_of("im.notify.confirm", R"({"NOTIFY_ID":1,"NOTIFY_VALUE":"Z"})").api_code, "NOTIFY_VALUE_ERROR");
    replies.refuses = true;
    EXPECT_EQ(error_of("im.notify.confirm", R"({"NOTIFY_ID":1,"NOTIFY_VALUE":"Y"})").message, "Too late.");
    EXPECT_EQ(listed(), Ids{1});
    replies.refuses = false;
    become(3);
    EXPECT_FALSE(call("im.notify.confirm", R"({"NOTIFY_ID":1,"NOTIFY_VALUE":"Y"})").find("result_message")->boolean());
    become(2);
    EXPECT_EQ(json::to_json(call("im.notify.confirm", R"({"NOTIFY_ID":1,"NOTIFY_VALUE":"Y"})")),
              R"({"result_message":["Thank you."]})");
    EXPECT_EQ(replies.heard, Texts{"INVITE|7=Y"});
    EXPECT_EQ(listed(), Ids{});
    const auto sent = pushes();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].push.command, "notifyConfirm");
    EXPECT_EQ(sent[0].push.params_json, R"({"id":1,"confirmType":"Y","counter":0})");
    EXPECT_FALSE(call("im.notify.confirm", R"({"NOTIFY_ID":1,"NOTIFY_VALUE":"Y"})").find("result_message")->boolean());
}

TEST_F(NotifyTest, quick_replies_go_to_those_that_take_them) {
    Notification given = to(2, "TASK|42");
    given.answerable = true;
    send(given);
    send(to(2));
    EXPECT_EQ(error_of("im.notify.answer", R"({"ANSWER_TEXT":"a"})").api_code, "ID_ERROR");
    EXPECT_EQ(error_of("im.notify.answer", R"({"NOTIFY_ID":1})").api_code, "ANSWER_TEXT_ERROR");
    EXPECT_FALSE(call("im.notify.answer", R"({"NOTIFY_ID":2,"ANSWER_TEXT":"a"})").find("result_message")->is_array());
    EXPECT_TRUE(call("im.notify.answer", R"({"NOTIFY_ID":1,"ANSWER_TEXT":"a"})").find("result_message")->is_array());
    EXPECT_EQ(replies.heard, Texts{"TASK|42:a"});
    EXPECT_EQ(unread(), 1);
    const std::string at_limit(limits::notify_answer_chars_max, 'a');
    call("im.notify.answer", R"({"NOTIFY_ID":1,"ANSWER_TEXT":")" + at_limit + "\"}");
    EXPECT_EQ(error_of("im.notify.answer", R"({"NOTIFY_ID":1,"ANSWER_TEXT":")" + at_limit + "a\"}").code,
              Errc::too_large);
}

TEST_F(NotifyTest, the_history_is_searched_by_text_kind_author_and_date) {
    send(to(2));
    Notification other = to(2, "DEAL|1");
    other.module = "crm";
    other.event = "mention";
    other.author = 3;
    other.text = "An invoice of 100% came";
    send(other);
    const auto found = [&](std::string_view parameters) {
        const json::Value page = call("im.notify.history.search", parameters);
        Ids ids;
        for (const json::Value* row : page.find("notifications")->items())
            ids.push_back(row->find("id")->integer());
        return ids;
    };
    EXPECT_EQ(found(R"({"SEARCH_TEXT":"INVOICE"})"), Ids{2});
    EXPECT_EQ(found(R"({"SEARCH_TEXT":"00%"})"), Ids{2});
    EXPECT_EQ(found(R"({"SEARCH_TYPE":"tasks"})"), Ids{1});
    EXPECT_EQ(found(R"({"SEARCH_TYPE":"crm|mention"})"), Ids{2});
    EXPECT_EQ(found(R"({"SEARCH_TYPES":["tasks","crm|mention"]})"), (Ids{2, 1}));
    EXPECT_EQ(found(R"({"SEARCH_AUTHORS":[3]})"), Ids{2});
    EXPECT_EQ(found(R"({"SEARCH_TYPES":["tasks","crm"],"GROUP_TAG":"DEAL|1"})"), Ids{2});
    EXPECT_EQ(found(R"({"SEARCH_DATE":"2020-01-01"})"), Ids{});
    EXPECT_EQ(found(R"({"SEARCH_DATE_FROM":"2020-01-01","SEARCH_DATE_TO":"2030-01-01"})"), (Ids{2, 1}));
    EXPECT_EQ(found(R"({"SEARCH_TYPES":["tasks","crm"],"LAST_ID":2})"), Ids{1});
    const json::Value first = call("im.notify.history.search", R"({"SEARCH_TEXT":"invoice"})");
    EXPECT_EQ(first.find("total_results")->integer(), 1);
    EXPECT_EQ(error_of("im.notify.history.search", R"({"SEARCH_TEXT":"in"})").api_code, "SEARCH_TEXT_ERROR");
    EXPECT_EQ(error_of("im.notify.history.search", R"({"SEARCH_DATE":"soon"})").field, "SEARCH_DATE");
    become(3);
    EXPECT_EQ(found(R"({"SEARCH_TEXT":"invoice"})"), Ids{});
}

TEST_F(NotifyTest, messages_to_clients_are_part_of_the_transaction) {
    write([&](model::Records& records) -> Status {
        const Status undone = records.write_tx().nested([&]() -> Status {
            STOA_TRY([[maybe_unused]] const RecordId id, notify(records, to(2)));
            return internal_error("undone");
        });
        EXPECT_FALSE(undone.ok());
        return {};
    });
    EXPECT_TRUE(pushes().empty());
    EXPECT_EQ(unread(), 0);
    Notification given = to(2);
    given.text = std::string(limits::notify_text_chars_max, 'x');
    send(given);
    const auto sent = pushes();
    ASSERT_EQ(sent.size(), 1u);
    const auto params = json::parse(sent[0].push.params_json);
    ASSERT_TRUE(params.ok());
    EXPECT_EQ(params->find("text")->string().size(), limits::notify_pushed_text_chars_max);
    EXPECT_EQ(params->find("counter")->integer(), 1);
    EXPECT_EQ(params->find("silent")->string(), "N");
    EXPECT_EQ(params->find("userName")->string(), "Ada");
}

TEST_F(NotifyTest, what_cannot_be_kept_is_refused_by_name) {
    Notification given = to(2);
    given.text += std::string(limits::notify_text_chars_max, 'x');
    EXPECT_EQ(try_notify(given).error().field, "MESSAGE");
    given = to(2);
    given.text.clear();
    EXPECT_EQ(try_notify(given).error().api_code, "MESSAGE_EMPTY");
    EXPECT_EQ(try_notify(to(0)).error().api_code, "USER_ID_EMPTY");
    EXPECT_EQ(try_notify(to(99)).error().field, "USER_ID");
    given = question(2);
    given.buttons.clear();
    EXPECT_EQ(try_notify(given).error().field, "BUTTONS");
    given.buttons.assign(limits::notify_buttons_max, {"Go", "Y", ""});
    EXPECT_TRUE(try_notify(given).ok());
    given.buttons.push_back({"Go", "Y", ""});
    EXPECT_EQ(try_notify(given).error().code, Errc::too_large);
    given = to(2, std::string(256, 't'));
    EXPECT_EQ(try_notify(given).error().field, "TAG");
}

TEST_F(NotifyTest, whoever_has_left_is_told_nothing) {
    add_user("Dee", false);
    EXPECT_EQ(send(to(4)), 0);
    EXPECT_TRUE(pushes().empty());
}

TEST_F(NotifyTest, what_a_thing_was_about_is_taken_back_from_everybody) {
    for (const UserId user : {2, 3}) {
        Notification given = to(user, "TASK|42|" + std::to_string(user));
        given.sub_tag = "TASK|42";
        send(given);
    }
    send(to(2));
    pushes();
    std::int64_t gone = 0;
    write([&](model::Records& records) -> Status {
        STOA_TRY(gone, withdraw(records, "", "TASK|42"));
        return {};
    });
    EXPECT_EQ(gone, 2);
    EXPECT_EQ(listed(), Ids{3});
    const auto sent = pushes();
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0].push.params_json, R"({"id":{"1":2},"counter":1})");
    EXPECT_EQ(sent[1].push.users, std::vector<UserId>{3});
}

TEST_F(NotifyTest, old_ones_go_a_bounded_number_at_a_time) {
    for (int i = 0; i < 3; ++i)
        send(to(2));
    clock.advance_s(limits::notify_lifetime_s - 1);
    send(to(2));
    EXPECT_EQ(*remove_old(*database, registry, clock.now(), 100), 0);
    clock.advance_s(1);
    EXPECT_EQ(*remove_old(*database, registry, clock.now(), 2), 2);
    EXPECT_EQ(*remove_old(*database, registry, clock.now(), 100), 1);
    EXPECT_EQ(listed(), Ids{4});
}

TEST(NotifyText, codes_become_elements_only_where_they_are_closed_and_harmless) {
    EXPECT_EQ(to_html("[b]a[/b]\n<i>"), "<b>a</b><br />&lt;i&gt;");
    EXPECT_EQ(to_html("[URL=https://a.b/?x=1&y]go[/URL]"),
              "<a href=\"https://a.b/?x=1&amp;y\" target=\"_blank\" rel=\"noopener\">go</a>");
    EXPECT_EQ(to_html("[url=javascript:x]go[/url]"), "[url=javascript:x]go[/url]");
    EXPECT_EQ(to_html("[url=https://a\" onclick=x]go[/url]"),
              "<a href=\"https://a&quot; onclick=x\" target=\"_blank\" rel=\"noopener\">go</a>");
    EXPECT_EQ(to_html("[b]a"), "[b]a");
    EXPECT_EQ(to_html("[b][i]a[/b][/i]"), "<b><i>a[/b]</i></b>");
    EXPECT_EQ(to_html("[/b]["), "[/b][");
}

}  // namespace
}  // namespace stoa::notify
