// Files of the drive on posts and comments.

#include "modules/stream/limits.hpp"
#include "modules/stream/testing/stream_fixture.hpp"

namespace stoa::stream {
namespace {

class FilesTest : public testing::StreamFixture {
  protected:
    std::string files_of(RecordId id) { return json::to_json(*shown(id).find("FILES")); }
};

constexpr const char* kUpload = R"(["a.txt","aGVsbG8="])";

TEST_F(FilesTest, files_that_are_in_the_drive_hang_on_a_post) {
    add_drive_file(2);
    add_drive_file(2);
    post(R"(,"UF_BLOG_POST_FILE":["n1","n2"])");
    EXPECT_EQ(files_of(1), "[1,2]");
    EXPECT_EQ(json::to_json(*shown(1).find("UF_BLOG_POST_FILE")->find("VALUE")), "[1,2]");
    call("log.blogpost.update", R"({"POST_ID":1,"POST_MESSAGE":"m"})");
    EXPECT_EQ(files_of(1), "[1,2]") << "not named, not changed";
    call("log.blogpost.update", R"({"POST_ID":1,"POST_MESSAGE":"m","UF_BLOG_POST_FILE":[2]})");
    EXPECT_EQ(files_of(1), "[2]");
    call("log.blogpost.update", R"({"POST_ID":1,"POST_MESSAGE":"m","UF_BLOG_POST_FILE":["empty"]})");
    EXPECT_EQ(files_of(1), "[]");
    EXPECT_EQ(rows_in("disk_objects"), 2) << "they stay in the drive";
}

TEST_F(FilesTest, only_files_that_the_caller_may_see_are_hung_on) {
    add_drive_file(3);
    add_drive_file(2, "folder");
    for (const char* bad : {R"(["n1"])", R"(["n2"])", R"(["n77"])", R"(["x"])"}) {
        const Error error =
            error_of("log.blogpost.add", R"({"POST_MESSAGE":"m","UF_BLOG_POST_FILE":)" + std::string(bad) + "}");
        EXPECT_EQ(error.field, "UF_BLOG_POST_FILE") << bad;
        EXPECT_EQ(error.code, Errc::invalid_argument) << bad;
    }
}

TEST_F(FilesTest, uploads_go_to_the_drive_and_come_off_by_number) {
    post(R"(,"FILES":[)" + std::string(kUpload) + R"(],"UF_BLOG_POST_FILE":["n77"])");
    EXPECT_EQ(files_of(1), "[1]") << "FILES counts before the field";
    EXPECT_EQ(rows_in("disk_objects"), 1);
    call("log.blogpost.update", R"({"POST_ID":1,"POST_MESSAGE":"m","FILES":[)" + std::string(kUpload) + "]}");
    EXPECT_EQ(files_of(1), "[1,2]");
    call("log.blogpost.update", R"({"POST_ID":1,"POST_MESSAGE":"m","FILES":{"1":"del"}})");
    EXPECT_EQ(files_of(1), "[2]");
    EXPECT_EQ(error_of("log.blogpost.update", R"({"POST_ID":1,"POST_MESSAGE":"m","FILES":{"1":"del"}})").field,
              "FILES");
    EXPECT_EQ(error_of("log.blogpost.add", R"({"POST_MESSAGE":"m","FILES":["x"]})").field, "FILES");
}

TEST_F(FilesTest, fifty_files_hang_on_a_post_and_no_more) {
    std::string names;
    for (int i = 0; i < limits::stream_files_max; ++i)
        names += (i > 0 ? ",\"n" : "\"n") + std::to_string(add_drive_file(2)) + "\"";
    const RecordId one_more = add_drive_file(2);
    post(R"(,"UF_BLOG_POST_FILE":[)" + names + "]");
    EXPECT_EQ(error_of("log.blogpost.add", R"({"POST_MESSAGE":"m","UF_BLOG_POST_FILE":[)" + names + ",\"n" +
                                               std::to_string(one_more) + "\"]}")
                  .code,
              Errc::too_large);
}

TEST_F(FilesTest, comments_show_cards_of_their_files) {
    post();
    call("log.blogcomment.add", R"({"POST_ID":1,"TEXT":"t","FILES":[)" + std::string(kUpload) + "]}");
    const json::Value answer = call("log.blogcomment.user.get", "{}");
    EXPECT_EQ(json::to_json(*answer.find("comments")->array().at(0).find("attach")), "[1]");
    const json::Value* card = answer.find("files")->find("1");
    ASSERT_NE(card, nullptr);
    EXPECT_EQ(card->find("name")->string(), "a.txt");
    EXPECT_EQ(card->find("size")->integer(), 5);
    EXPECT_EQ(card->find("authorName")->string(), "Bob");
    EXPECT_FALSE(card->find("urlDownload")->string().empty());
    call("log.blogcomment.delete", R"({"COMMENT_ID":1})");
    EXPECT_EQ(rows_in("disk_attached_objects"), 0);
}

TEST_F(FilesTest, posts_show_cards_of_their_files) {
    post(R"(,"FILES":[)" + std::string(kUpload) + "]");
    post();
    become(3);
    const json::Value shown_post = shown(1);
    const auto cards = shown_post.find("FILE_CARDS")->items();
    ASSERT_EQ(cards.size(), 1u);
    EXPECT_EQ(cards[0]->find("name")->string(), "a.txt");
    EXPECT_EQ(cards[0]->find("type")->string(), "file");
    EXPECT_EQ(cards[0]->find("size")->integer(), 5);
    EXPECT_FALSE(cards[0]->find("urlDownload")->string().empty());
    EXPECT_EQ(json::to_json(*shown(2).find("FILE_CARDS")), "[]");
}

TEST_F(FilesTest, a_changed_comment_keeps_its_files_unless_they_are_named) {
    post();
    call("log.blogcomment.add", R"({"POST_ID":1,"TEXT":"t","FILES":[)" + std::string(kUpload) + "]}");
    call("log.blogcomment.update", R"({"COMMENT_ID":1,"TEXT":"u"})");
    EXPECT_EQ(rows_in("disk_attached_objects"), 1);
    call("log.blogcomment.update", R"({"COMMENT_ID":1,"TEXT":"u","UF_BLOG_COMMENT_FILE":["empty"]})");
    EXPECT_EQ(rows_in("disk_attached_objects"), 0);
}

TEST_F(FilesTest, a_removed_post_leaves_no_attachments) {
    add_drive_file(2);
    post(R"(,"UF_BLOG_POST_FILE":["n1"])");
    post(R"(,"UF_BLOG_POST_FILE":["n1"])");
    call("log.blogcomment.add", R"({"POST_ID":1,"TEXT":"t","UF_BLOG_COMMENT_FILE":["n1"]})");
    EXPECT_EQ(rows_in("disk_attached_objects"), 3);
    call("log.blogpost.delete", R"({"POST_ID":1})");
    EXPECT_EQ(rows_in("disk_attached_objects"), 1);
    EXPECT_EQ(files_of(2), "[2]");
}

}  // namespace
}  // namespace stoa::stream
