// Posts: to whom they are addressed, who sees them, how they are changed, read and counted.

#include "modules/stream/destinations.hpp"
#include "modules/stream/limits.hpp"
#include "modules/stream/testing/stream_fixture.hpp"

namespace stoa::stream {
namespace {

class PostTest : public testing::StreamFixture {
  protected:
    /// Posts of one answer, counted in its text: a long page has more values than a request may have.
    std::size_t page_size(std::string_view parameters_json) {
        const auto parameters = json::parse(parameters_json);
        std::string out;
        read([&](model::Records& records) -> Status {
            const api::Services services{records.services(), methods, "test"};
            api::Identity identity;
            identity.actor = actor;
            api::Call call{services, identity, records, api::Params(*parameters), json::Writer(out)};
            return methods.find(api::Wire::v2, "log.blogpost.get")->handler(call);
        });
        std::size_t posts = 0;
        for (std::size_t at = out.find("PUBLISH_STATUS"); at != out.npos; at = out.find("PUBLISH_STATUS", at + 1))
            ++posts;
        return posts;
    }
    /// Many at once, to everybody.
    void add_posts(std::int64_t number) {
        write([&](model::Records& records) -> Status {
            for (std::int64_t i = 0; i < number; ++i) {
                model::Changes changes(records.services().registry.entity("log.post"));
                changes.set("DETAIL_TEXT", std::string("Hello"));
                changes.set("DEST", std::string(R"(["UA"])"));
                STOA_TRY([[maybe_unused]] const RecordId id, records.add(std::move(changes)));
            }
            return {};
        });
    }
};

constexpr const char* kAddError = "SONET_CONTROLLER_LIVEFEED_BLOGPOST_ADD_ERROR";
constexpr const char* kUpdateError = "SONET_CONTROLLER_LIVEFEED_BLOGPOST_UPDATE_ERROR";

TEST_F(PostTest, a_post_answers_with_the_documented_keys) {
    EXPECT_EQ(post(R"(,"POST_TITLE":"News","TAGS":"a,b","IMPORTANT":"Y","IMPORTANT_DATE_END":"2030-01-01T10:00:00Z")"),
              1);
    const json::Value got = shown(1);
    EXPECT_EQ(got.find("ID")->string(), "1");
    EXPECT_EQ(got.find("TITLE")->string(), "News");
    EXPECT_EQ(got.find("MICRO")->string(), "N");
    EXPECT_EQ(got.find("DETAIL_TEXT")->string(), "Hello");
    EXPECT_EQ(got.find("AUTHOR_ID")->string(), "2");
    EXPECT_EQ(got.find("NUM_COMMENTS")->string(), "0");
    EXPECT_EQ(got.find("HAS_SOCNET_ALL")->string(), "Y");
    EXPECT_EQ(got.find("HAS_TAGS")->string(), "Y");
    EXPECT_EQ(json::to_json(*got.find("DEST")), R"(["UA"])");
    EXPECT_EQ(json::to_json(*got.find("FILES")), "[]");
    EXPECT_EQ(got.find("UF_BLOG_POST_IMPRTNT")->find("VALUE")->string(), "1");
    EXPECT_EQ(got.find("UF_IMPRTANT_DATE_END")->find("VALUE")->string(), "2030-01-01T11:00:00+01:00");
    EXPECT_FALSE(got.find("UF_BLOG_POST_FILE")->find("VALUE")->boolean());
    EXPECT_EQ(events(), Texts{"ONLIVEFEEDPOSTADD"});
    EXPECT_EQ(heard.lines, Texts{"post 1 UA"});
}

TEST_F(PostTest, a_post_without_a_title_is_called_by_its_beginning) {
    const std::string text(limits::stream_title_from_text_chars_max, 'x');
    call("log.blogpost.add", R"({"POST_MESSAGE":")" + text + R"(yz"})");
    EXPECT_EQ(shown(1).find("TITLE")->string(), text);
    EXPECT_EQ(shown(1).find("MICRO")->string(), "Y");
}

TEST_F(PostTest, posts_are_seen_by_those_they_are_addressed_to) {
    post(R"(,"DEST":["UA"])");
    post(R"(,"DEST":["U4"])");
    post(R"(,"DEST":["D1"])");
    post(R"(,"DEST":["dr2"])");
    post(R"(,"SPERM":{"U":["U3"],"DR":["DR1"]})");
    const auto seen_by = [&](UserId user) {
        become(user);
        return seen();
    };
    EXPECT_EQ(seen_by(2), (Texts{"5", "4", "3", "2", "1"})) << "the author sees his own";
    EXPECT_EQ(seen_by(3), (Texts{"5", "4", "1"}));
    EXPECT_EQ(seen_by(4), (Texts{"2", "1"}));
    EXPECT_EQ(seen_by(5), Texts{}) << "all employees are no outsiders";
    EXPECT_EQ(seen_by(1).size(), 5u);
    EXPECT_EQ(last_total, 5);
    create_account(2);
    actor.account = 2;
    EXPECT_EQ(seen(), Texts{});
}

TEST_F(PostTest, recipients_must_be_known_and_of_a_known_form) {
    const auto refused = [&](const std::string& dest) {
        return error_of("log.blogpost.add", R"({"POST_MESSAGE":"m","DEST":)" + dest + "}");
    };
    for (const char* bad : {R"(["U99"])", R"(["D99"])", R"(["DR99"])", R"(["X1"])", R"(["U"])", R"(["U0"])",
                            R"(["U1x"])", R"(["SG3"])", "[]", R"([[["UA"]]])"}) {
        const Error error = refused(bad);
        EXPECT_EQ(error.field, "DEST") << bad;
        EXPECT_EQ(error.api_code, kAddError) << bad;
    }
    EXPECT_EQ(refused("[]").message, "No destination specified");
    EXPECT_NE(refused(R"(["SG3"])").message.find("workgroups"), std::string::npos);
    EXPECT_EQ(error_of("log.blogpost.add", R"({"DEST":["UA"]})").api_code, kAddError);
    EXPECT_EQ(error_of("log.blogpost.add", R"({"DEST":["UA"]})").message, "Blog post hasn't been added");
    EXPECT_EQ(rows_in("log_posts"), 0);
}

TEST_F(PostTest, a_post_has_a_hundred_recipients_at_most) {
    json::Array codes;
    for (std::size_t i = 0; i < limits::stream_destinations_max; ++i)
        codes.emplace_back("U" + std::to_string(i + 1));
    EXPECT_TRUE(parse_destinations(json::Value(codes)).ok());
    codes.emplace_back("U1");
    EXPECT_TRUE(parse_destinations(json::Value(codes)).ok()) << "one of them twice";
    codes.emplace_back("UA");
    EXPECT_EQ(parse_destinations(json::Value(codes)).error().code, Errc::too_large);
}

TEST_F(PostTest, administrators_may_write_in_somebodys_name) {
    post(R"(,"USER_ID":4)");
    EXPECT_EQ(shown(1).find("AUTHOR_ID")->string(), "2") << "not an administrator";
    become(1);
    post(R"(,"USER_ID":4)");
    EXPECT_EQ(shown(2).find("AUTHOR_ID")->string(), "4");
    EXPECT_EQ(error_of("log.blogpost.add", R"({"POST_MESSAGE":"m","USER_ID":99})").field, "USER_ID");
}

TEST_F(PostTest, people_from_outside_do_not_write_posts) {
    become(5);
    EXPECT_EQ(error_of("log.blogpost.add", R"({"POST_MESSAGE":"m"})").code, Errc::forbidden);
}

TEST_F(PostTest, the_author_and_administrators_change_a_post) {
    post(R"(,"POST_TITLE":"Old","IMPORTANT":"Y")");
    EXPECT_EQ(
        call("log.blogpost.update", R"({"POST_ID":1,"POST_TITLE":"New","DEST":["U4"],"IMPORTANT":"N"})").integer(), 1);
    EXPECT_EQ(shown(1).find("TITLE")->string(), "New");
    EXPECT_EQ(shown(1).find("DETAIL_TEXT")->string(), "Hello");
    EXPECT_TRUE(shown(1).find("UF_BLOG_POST_IMPRTNT")->find("VALUE")->is_null());
    EXPECT_EQ(json::to_json(*shown(1).find("DEST")), R"(["U4"])");
    call("log.blogpost.update", R"({"POST_ID":1,"POST_MESSAGE":"Text"})");
    EXPECT_EQ(shown(1).find("TITLE")->string(), "Text") << "the title is not kept";
    EXPECT_EQ(error_of("log.blogpost.update", R"({"POST_ID":1})").api_code, "EMPTY_TITLE");
    EXPECT_EQ(error_of("log.blogpost.update", R"({"POST_ID":0,"POST_TITLE":"t"})").message, "Wrong post ID");
    EXPECT_EQ(error_of("log.blogpost.update", R"({"POST_ID":9,"POST_TITLE":"t"})").message, "No post found");
    become(3);
    EXPECT_EQ(error_of("log.blogpost.update", R"({"POST_ID":1,"POST_TITLE":"t"})").message, "No post found")
        << "it is not addressed to him any more";
    become(4);
    const Error refused = error_of("log.blogpost.update", R"({"POST_ID":1,"POST_TITLE":"t"})");
    EXPECT_EQ(refused.message, "No write perms");
    EXPECT_EQ(refused.api_code, kUpdateError);
    become(1);
    call("log.blogpost.update", R"({"POST_ID":1,"POST_TITLE":"Admin"})");
}

TEST_F(PostTest, sharing_adds_recipients_and_says_so_once) {
    post(R"(,"DEST":["U4"])");
    EXPECT_TRUE(call("log.blogpost.share", R"({"POST_ID":1,"DEST":["U3","U4"]})").boolean());
    EXPECT_EQ(json::to_json(*shown(1).find("DEST")), R"(["U4","U3"])");
    EXPECT_TRUE(call("log.blogpost.share", R"({"POST_ID":1,"DEST":["U3"]})").boolean());
    EXPECT_EQ(heard.lines, (Texts{"post 1 U4", "post 1 U3"}));
    EXPECT_EQ(error_of("log.blogpost.share", R"({"POST_ID":1})").message, "Wrong destinations");
    EXPECT_EQ(error_of("log.blogpost.share", R"({"POST_ID":1,"DEST":["U99"]})").field, "DEST");
    EXPECT_EQ(error_of("log.blogpost.share", R"({"POST_ID":9,"DEST":["U3"]})").message, "Wrong post ID");
    become(3);
    EXPECT_EQ(seen(), Texts{"1"});
    EXPECT_EQ(error_of("log.blogpost.share", R"({"POST_ID":1,"DEST":["UA"]})").code, Errc::forbidden);
}

TEST_F(PostTest, removal_takes_everything_with_it) {
    post(R"(,"IMPORTANT":"Y")");
    const RecordId said = comment(1, "first");
    call("log.like.add", R"({"POST_ID":1})");
    call("log.like.add", R"({"COMMENT_ID":)" + std::to_string(said) + "}");
    call("log.follow.set", R"({"POST_ID":1})");
    call("log.blogpost.important.read", R"({"POST_ID":1})");
    become(3);
    EXPECT_EQ(error_of("log.blogpost.delete", R"({"POST_ID":1})").api_code, "403");
    EXPECT_EQ(error_of("log.blogpost.delete", R"({"POST_ID":"x"})").api_code, "100");
    become(2);
    pushes();
    EXPECT_TRUE(call("log.blogpost.delete", R"({"POST_ID":1})").boolean());
    for (const char* table : {"log_posts", "log_destinations", "log_post_grant_paths", "log_comments", "log_likes",
                              "log_readers", "log_follows"}) {
        EXPECT_EQ(rows_in(table), 0) << table;
    }
    const auto sent = pushes();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].command, "post_delete");
    EXPECT_EQ(heard.lines.back(), "removed 1");
    EXPECT_EQ(error_of("log.blogpost.delete", R"({"POST_ID":1})").api_code, "100");
    EXPECT_EQ(events().back(), "ONLIVEFEEDPOSTDELETE");
}

TEST_F(PostTest, clients_are_told_with_few_messages_and_nothing_of_the_content) {
    post();
    post(R"(,"DEST":["DR1","U4"],"IMPORTANT":"Y")");
    const auto sent = pushes();
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0].module_id, "socialnetwork");
    EXPECT_EQ(sent[0].command, "post_add");
    EXPECT_EQ(sent[0].users, Users{}) << "the whole account";
    EXPECT_EQ(sent[0].params_json, R"({"POST_ID":1,"AUTHOR_ID":2,"IMPORTANT":"N"})");
    EXPECT_EQ(sent[1].users, (Users{2, 3, 4})) << "also those of the department below";
    EXPECT_EQ(rows_in("log_destinations"), 3);
}

TEST_F(PostTest, a_post_to_a_thousand_people_is_a_few_rows) {
    write([&](model::Records& records) -> Status {
        model::Records system = records.as_system();
        for (int i = 0; i < 1'000; ++i) {
            model::Changes changes(records.services().registry.entity("user"));
            changes.links.emplace_back(&changes.entity().field("UF_DEPARTMENT"), std::vector<RecordId>{2});
            STOA_TRY([[maybe_unused]] const RecordId id, system.add(std::move(changes)));
        }
        return {};
    });
    post(R"(,"DEST":["DR1"])");
    EXPECT_EQ(rows_in("log_destinations"), 1);
    const auto sent = pushes();
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0].users.size() + sent[1].users.size(), 1'002u);
}

TEST_F(PostTest, nothing_is_told_of_a_post_that_was_refused) {
    error_of("log.blogpost.add", R"({"POST_MESSAGE":"m","UF_BLOG_POST_FILE":["n77"]})");
    EXPECT_TRUE(pushes().empty());
    EXPECT_TRUE(events().empty());
    EXPECT_EQ(rows_in("log_posts"), 0);
}

TEST_F(PostTest, pages_go_by_start_or_by_a_cursor) {
    add_posts(limits::stream_cursor_page_max + 2);
    EXPECT_EQ(seen().size(), 50u);
    EXPECT_EQ(last_total, 202);
    EXPECT_EQ(last_next, 50);
    EXPECT_EQ(seen(R"({"start":200})"), (Texts{"2", "1"}));
    EXPECT_EQ(last_next, -1);
    EXPECT_EQ(seen(R"({"LAST_ID":4,"LIMIT":2})"), (Texts{"3", "2"}));
    EXPECT_EQ(seen(R"({"FIRST_ID":4,"LAST_ID":2,"LIMIT":"2"})"), (Texts{"5", "6"}));
    EXPECT_EQ(seen(R"({"FIRST_ID":1,"LIMIT":0})").size(), 50u);
    EXPECT_EQ(page_size(R"({"FIRST_ID":1,"LIMIT":199})"), 199u);
    EXPECT_EQ(page_size(R"({"FIRST_ID":1,"LIMIT":200})"), 200u);
    EXPECT_EQ(page_size(R"({"FIRST_ID":1,"LIMIT":201})"), 200u);
}

TEST_F(PostTest, posts_are_found_by_recipient_and_by_date) {
    post();
    clock.advance_s(86'400);
    post(R"(,"DEST":["U4","D1"])");
    EXPECT_EQ(seen(R"({"LOG_RIGHTS":["U4"]})"), Texts{"2"});
    EXPECT_EQ(seen(R"({"LOG_RIGHTS":"UA"})"), Texts{"1"});
    EXPECT_EQ(seen(R"({"POST_ID":1,"LOG_RIGHTS":["U4"]})"), Texts{"1"}) << "the number counts";
    EXPECT_EQ(error_of("log.blogpost.get", R"({"LOG_RIGHTS":["SG1"]})").field, "LOG_RIGHTS");
    std::string between;
    append_iso(between, clock.now() - 10, *utc_time_zone());
    EXPECT_EQ(seen(R"({"LOG_DATE_FROM":")" + between + "\"}"), Texts{"2"});
    EXPECT_EQ(seen(R"({"LOG_DATE_TO":")" + between + "\"}"), Texts{"1"});
    EXPECT_EQ(error_of("log.blogpost.get", R"({"LOG_DATE_FROM":"2030-01-02","LOG_DATE_TO":"2030-01-01"})").field,
              "LOG_DATE_FROM");
}

TEST_F(PostTest, it_is_known_who_has_read_an_important_post) {
    post(R"(,"IMPORTANT":"Y","DEST":["U3"])");
    post();
    become(3);
    EXPECT_EQ(shown(1).find("IMPORTANT_READ")->string(), "N");
    EXPECT_TRUE(call("log.blogpost.important.read", R"({"POST_ID":1})").boolean());
    EXPECT_TRUE(call("log.blogpost.important.read", R"({"POST_ID":1})").boolean());
    EXPECT_EQ(shown(1).find("IMPORTANT_READ")->string(), "Y");
    EXPECT_EQ(error_of("log.blogpost.important.read", R"({"POST_ID":2})").field, "POST_ID");
    EXPECT_EQ(json::to_json(call("log.blogpost.getusers.important", R"({"POST_ID":1})")), R"(["3"])");
    EXPECT_EQ(error_of("log.blogpost.getusers.important", R"({"POST_ID":"x"})").message, "Wrong post ID");
    become(4);
    EXPECT_EQ(json::to_json(call("log.blogpost.getusers.important", R"({"POST_ID":1})")), "[]");
    EXPECT_EQ(error_of("log.blogpost.important.read", R"({"POST_ID":1})").code, Errc::not_found);
}

TEST_F(PostTest, what_is_new_is_counted_since_the_last_look) {
    const auto counter = [&] { return call("log.counter.get", "{}").find("counter")->integer(); };
    post();
    post(R"(,"DEST":["U4"])");
    EXPECT_EQ(counter(), 0) << "ones own posts are not new";
    become(4);
    EXPECT_EQ(counter(), 2);
    pushes();
    call("log.counter.clear", "{}");
    EXPECT_EQ(counter(), 0);
    const auto sent = pushes();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].command, "user_counter");
    EXPECT_EQ(sent[0].users, Users{4});
    EXPECT_EQ(sent[0].params_json, R"({"s1":{"**":0}})");
    call("log.counter.clear", "{}");
    EXPECT_TRUE(pushes().empty()) << "nothing was new";
    become(2);
    post();
    become(4);
    EXPECT_EQ(counter(), 1);
    become(3);
    EXPECT_EQ(counter(), 2);
}

TEST_F(PostTest, the_counter_stops_at_its_limit) {
    add_posts(limits::stream_unread_counted_max + 1);
    become(4);
    EXPECT_EQ(call("log.counter.get", "{}").find("counter")->integer(), limits::stream_unread_counted_max);
}

}  // namespace
}  // namespace stoa::stream
