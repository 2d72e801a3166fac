// Comments, likes, and who wants to hear of them.

#include "modules/stream/limits.hpp"
#include "modules/stream/testing/stream_fixture.hpp"

namespace stoa::stream {
namespace {

class CommentTest : public testing::StreamFixture {};

TEST_F(CommentTest, comments_are_counted_and_told_to_whoever_may_see_the_post) {
    post(R"(,"DEST":["U4"])");
    pushes();
    become(4);
    EXPECT_EQ(comment(1, "first"), 1);
    EXPECT_EQ(shown(1).find("NUM_COMMENTS")->string(), "1");
    const auto sent = pushes();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].command, "comment_add");
    EXPECT_EQ(sent[0].users, (Users{2, 4})) << "its author too";
    EXPECT_EQ(sent[0].params_json, R"({"POST_ID":1,"COMMENT_ID":1,"AUTHOR_ID":4,"NUM_COMMENTS":1})");
    const json::Value list = call("log.blogcomment.list", R"({"POST_ID":1})");
    EXPECT_EQ(last_total, 1);
    const json::Value& row = list.find("comments")->array().at(0);
    EXPECT_EQ(row.find("text")->string(), "first");
    EXPECT_EQ(row.find("authorId")->integer(), 4);
    EXPECT_EQ(json::to_json(*list.find("files")), "{}");
}

TEST_F(CommentTest, strangers_neither_read_nor_write_comments) {
    post(R"(,"DEST":["U4"])");
    comment(1, "secret");
    for (const UserId user : {3, 5}) {
        become(user);
        EXPECT_EQ(error_of("log.blogcomment.add", R"({"POST_ID":1,"TEXT":"t"})").message, "No post found");
        EXPECT_EQ(error_of("log.blogcomment.list", R"({"POST_ID":1})").message, "No post found");
        EXPECT_EQ(error_of("log.blogcomment.delete", R"({"COMMENT_ID":1})").message, "No comment found");
        EXPECT_EQ(error_of("log.like.add", R"({"COMMENT_ID":1})").message, "No comment found");
        EXPECT_EQ(json::to_json(*call("log.blogcomment.user.get", R"({"USER_ID":2})").find("comments")), "[]");
    }
}

TEST_F(CommentTest, what_is_missing_or_said_twice_is_refused) {
    post();
    EXPECT_EQ(error_of("log.blogcomment.add", R"({"TEXT":"t"})").message, "No post found");
    EXPECT_EQ(error_of("log.blogcomment.add", R"({"POST_ID":1})").field, "TEXT");
    comment(1, "t");
    EXPECT_EQ(error_of("log.blogcomment.add", R"({"POST_ID":1,"TEXT":"t"})").message, "Duplicate comment");
    comment(1, "u");
    comment(1, "t");
    const std::string at_limit(limits::stream_comment_chars_max, 'x');
    comment(1, at_limit);
    EXPECT_EQ(error_of("log.blogcomment.add", R"({"POST_ID":1,"TEXT":")" + at_limit + "x\"}").code, Errc::too_large);
}

TEST_F(CommentTest, a_comment_is_removed_by_its_author_or_an_administrator) {
    post();
    become(3);
    comment(1, "a");
    comment(1, "b");
    call("log.like.add", R"({"COMMENT_ID":1})");
    become(4);
    EXPECT_EQ(error_of("log.blogcomment.delete", R"({"COMMENT_ID":1})").message, "No delete perms");
    EXPECT_EQ(error_of("log.blogcomment.delete", "{}").message, "Wrong comment ID");
    EXPECT_EQ(error_of("log.blogcomment.delete", R"({"COMMENT_ID":9})").message, "No comment found");
    become(3);
    pushes();
    EXPECT_TRUE(call("log.blogcomment.delete", R"({"COMMENT_ID":1})").boolean());
    EXPECT_EQ(pushes().front().command, "comment_delete");
    EXPECT_EQ(rows_in("log_likes"), 0);
    become(1);
    call("log.blogcomment.delete", R"({"COMMENT_ID":2})");
    EXPECT_EQ(shown(1).find("NUM_COMMENTS")->string(), "0");
}

TEST_F(CommentTest, a_comment_is_changed_by_its_author_and_told_live) {
    post(R"(,"DEST":["U3","U4"])");
    become(3);
    comment(1, "a");
    pushes();
    heard.lines.clear();
    EXPECT_TRUE(call("log.blogcomment.update", R"({"COMMENT_ID":1,"TEXT":"b"})").boolean());
    const auto sent = pushes();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].command, "comment_update");
    EXPECT_EQ(sent[0].users, (Users{2, 3, 4}));
    EXPECT_EQ(sent[0].params_json, R"({"POST_ID":1,"COMMENT_ID":1,"AUTHOR_ID":3,"NUM_COMMENTS":1})");
    EXPECT_EQ(heard.lines, Texts{}) << "nobody is notified again";
    const json::Value list = call("log.blogcomment.list", R"({"POST_ID":1})");
    EXPECT_EQ(list.find("comments")->array().at(0).find("text")->string(), "b");

    EXPECT_EQ(error_of("log.blogcomment.update", R"({"COMMENT_ID":1})").field, "TEXT");
    EXPECT_EQ(error_of("log.blogcomment.update", R"({"TEXT":"t"})").message, "Wrong comment ID");
    EXPECT_EQ(error_of("log.blogcomment.update", R"({"COMMENT_ID":9,"TEXT":"t"})").message, "No comment found");
    const std::string at_limit(limits::stream_comment_chars_max, 'x');
    call("log.blogcomment.update", R"({"COMMENT_ID":1,"TEXT":")" + at_limit + "\"}");
    EXPECT_EQ(error_of("log.blogcomment.update", R"({"COMMENT_ID":1,"TEXT":")" + at_limit + "x\"}").code,
              Errc::too_large);
    become(4);
    EXPECT_EQ(error_of("log.blogcomment.update", R"({"COMMENT_ID":1,"TEXT":"t"})").message, "No edit perms");
    become(5);
    EXPECT_EQ(error_of("log.blogcomment.update", R"({"COMMENT_ID":1,"TEXT":"t"})").message, "No comment found");
}

TEST_F(CommentTest, comments_of_a_person_go_by_a_cursor) {
    post();
    for (const char* text : {"a", "b", "c"})
        comment(1, text);
    become(1);
    call("log.blogcomment.add", R"({"POST_ID":1,"TEXT":"in his name","USER_ID":2})");
    become(3);
    comment(1, "mine");
    const auto ids = [&](std::string_view parameters) {
        std::string out;
        const json::Value answer = call("log.blogcomment.user.get", parameters);
        for (const json::Value* row : answer.find("comments")->items())
            out += std::to_string(row->find("comment_id")->integer());
        return out;
    };
    EXPECT_EQ(ids("{}"), "5");
    EXPECT_EQ(ids(R"({"USER_ID":2})"), "4321");
    EXPECT_EQ(ids(R"({"USER_ID":2,"FIRST_ID":1,"LIMIT":2})"), "23");
    EXPECT_EQ(ids(R"({"USER_ID":2,"LAST_ID":3})"), "21");
    EXPECT_EQ(error_of("log.blogcomment.user.get", R"({"LIMIT":101})").field, "LIMIT");
    EXPECT_EQ(ids(R"({"LIMIT":100})"), "5");
    EXPECT_EQ(error_of("log.blogcomment.user.get", R"({"LIMIT":0})").field, "LIMIT");
}

TEST_F(CommentTest, likes_are_one_per_person_and_told_live) {
    post();
    comment(1, "c");
    become(3);
    pushes();
    heard.lines.clear();
    call("log.like.add", R"({"POST_ID":1})");
    call("log.like.add", R"({"POST_ID":1})");
    call("log.like.add", R"({"COMMENT_ID":1})");
    EXPECT_EQ(heard.lines, (Texts{"like 1 of 2 by 3", "like 1 of 2 by 3"}));
    auto sent = pushes();
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0].module_id, "main");
    EXPECT_EQ(sent[0].command, "rating_vote");
    EXPECT_EQ(sent[0].params_json,
              R"({"TYPE":"ADD","ENTITY_TYPE_ID":"BLOG_POST","ENTITY_ID":1,"USER_ID":3,"TOTAL_POSITIVE_VOTES":1})");
    EXPECT_EQ(shown(1).find("NUM_LIKES")->string(), "1");
    EXPECT_EQ(shown(1).find("LIKED")->string(), "Y");
    EXPECT_EQ(json::to_json(call("log.like.list", R"({"POST_ID":1})")), "[3]");
    const json::Value list = call("log.blogcomment.list", R"({"POST_ID":1})");
    EXPECT_TRUE(list.find("comments")->array().at(0).find("liked")->boolean());
    become(2);
    EXPECT_EQ(shown(1).find("LIKED")->string(), "N");
    call("log.like.delete", R"({"POST_ID":1})");
    EXPECT_EQ(shown(1).find("NUM_LIKES")->string(), "1") << "not his like";
    become(3);
    call("log.like.delete", R"({"POST_ID":1})");
    EXPECT_EQ(shown(1).find("NUM_LIKES")->string(), "0");
    EXPECT_EQ(error_of("log.like.add", R"({"POST_ID":9})").message, "No post found");
}

TEST_F(CommentTest, authors_and_those_who_commented_follow_unless_they_say_otherwise) {
    post();
    const auto follows = [&](UserId user) {
        become(user);
        return call("log.follow.get", R"({"POST_ID":1})").boolean();
    };
    EXPECT_TRUE(follows(2));
    EXPECT_FALSE(follows(3));
    heard.lines.clear();
    comment(1, "a");
    EXPECT_EQ(heard.lines.back(), "comment 1 2");
    EXPECT_TRUE(follows(3));
    call("log.follow.set", R"({"POST_ID":1,"FOLLOW":"N"})");
    EXPECT_FALSE(follows(3));
    become(4);
    call("log.follow.set", R"({"POST_ID":1})");
    become(1);
    comment(1, "b");
    EXPECT_EQ(heard.lines.back(), "comment 2 2 4");
    become(3);
    call("log.follow.set", R"({"POST_ID":1,"FOLLOW":"Y"})");
    become(2);
    comment(1, "c");
    EXPECT_EQ(heard.lines.back(), "comment 3 1 3 4") << "not the one who wrote it";
}

}  // namespace
}  // namespace stoa::stream
