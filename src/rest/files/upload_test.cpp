// Files on their way in: from the request into the store, before the transaction that names them.

#include <thread>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "model/stored_files.hpp"
#include "rest/files/testing/files_fixture.hpp"

namespace stoa::rest::testing {
namespace {

using UploadTest = FilesFixture;

std::string multipart(const std::string& field, const std::string& name, const std::string& content) {
    return "--xx\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"" + name +
           "\"\r\nContent-Type: text/html\r\n\r\n" + content + "\r\n--xx--\r\n";
}

constexpr const char* kMultipart = "multipart/form-data; boundary=xx";

TEST_F(UploadTest, bytes_are_in_the_store_when_the_call_runs_and_come_back_the_same) {
    open_files();
    const std::string content("\0\xff binary \r\n", 12);
    const Reply made = upload("dir/ä.bin", content);
    ASSERT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(made.at("result", "name"), "\"ä.bin\"");
    EXPECT_EQ(made.at("result", "bytes"), "12");
    ASSERT_EQ(blobs().size(), 1u);
    EXPECT_NE(blobs().front().find(sha256_hex(content)), std::string::npos);
    EXPECT_EQ(get(target_of(made)).body, content);
    EXPECT_EQ(rows("file_blobs"), 0);
}

TEST_F(UploadTest, a_form_takes_files_as_parts) {
    open_files();
    const Reply made = send("POST", "/rest/1/secret/test.upload?title=T",
                            multipart("fileContent", "a.txt", "from a form"), {{"Content-Type", kMultipart}});
    ASSERT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(get(target_of(made)).body, "from a form");
}

TEST_F(UploadTest, a_repeated_request_has_one_effect) {
    open_files();
    const Headers key{{"Idempotency-Key", "k1"}};
    const Reply first = upload("a", "x", key);
    const Reply again = upload("a", "x", key);
    EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
    EXPECT_EQ(again.at("result"), first.at("result"));
    EXPECT_EQ(upload("a", "other", key).status, 422);
    EXPECT_EQ(rows("files"), 1);
    EXPECT_EQ(books(), 1);
}

TEST_F(UploadTest, a_call_that_fails_names_nothing_and_its_bytes_are_known_as_garbage) {
    open_files();
    json::Object body;
    body.set("title", "T");
    body.set("broken", true);
    body.set("fileContent", json::Array{"a", base64_encode("lost")});
    EXPECT_EQ(hook("test.upload", json::to_json(json::Value(std::move(body)))).status, 400);
    EXPECT_EQ(rows("files"), 0);
    EXPECT_EQ(books(), 0);
    EXPECT_EQ(rows("file_blobs"), 1);
    EXPECT_EQ(blobs().size(), 1u);
    ASSERT_EQ(upload("a", "lost").status, 200);
    EXPECT_EQ(rows("file_blobs"), 0);
}

TEST_F(UploadTest, bad_contents_are_refused_before_anything_is_stored) {
    open_files();
    for (const char* content : {R"(["a","no base64!"])", R"(["a",""])"}) {
        const Reply refused = hook("test.upload", std::string(R"({"title":"T","fileContent":)") + content + "}");
        EXPECT_EQ(refused.status, 400);
        EXPECT_EQ(refused.at("error"), "\"ERROR_COULD_NOT_SAVE_FILE\"");
    }
    // A marker of the client's own making names no file.
    EXPECT_EQ(hook("test.upload", R"({"title":"T","fileContent":{"@upload":0}})").at("error_description"),
              "\"There is no file.\"");
    EXPECT_EQ(blobs().size(), 0u);
}

TEST_F(UploadTest, the_commands_of_a_batch_take_files_each_for_itself) {
    open_files();
    const std::string good = upload_body("a", "one");
    const Reply batch =
        hook("batch", R"({"cmd":{"a":{"method":"test.upload","params":)" + good +
                          R"(},"b":{"method":"test.upload","params":{"title":"T","fileContent":["a","!"]}},)" +
                          R"("c":{"method":"test.upload","params":{"title":"$result[a][name]",)" +
                          R"("fileContent":["c","Mg=="]}}}})");
    ASSERT_EQ(batch.status, 200) << batch.body;
    EXPECT_EQ(batch.at("result", "result", "a", "bytes"), "3");
    EXPECT_EQ(batch.at("result", "result_error", "b", "error"), "\"ERROR_COULD_NOT_SAVE_FILE\"");
    EXPECT_EQ(batch.at("result", "result", "c", "bytes"), "1");
    EXPECT_EQ(rows("files"), 2);
    EXPECT_EQ(hook("lib.book.list").at("result", "1", "TITLE"), "\"a\"");
}

TEST_F(UploadTest, without_a_store_files_are_refused_and_all_else_works) {
    open_files();
    store->close();
    const Reply refused = upload("a", "x");
    EXPECT_EQ(refused.status, 503) << refused.body;
    EXPECT_NE(refused.header("Retry-After"), "");
    EXPECT_NE(refused.body.find("Nothing was saved"), std::string::npos) << refused.body;
    EXPECT_EQ(books(), 0);
    EXPECT_EQ(hook("test.write", R"({"title":"without a file"})").status, 200);
    const Reply batch = hook("batch", R"({"cmd":[{"method":"test.write","params":{"title":"b"}},)"
                                      R"({"method":"test.upload","params":)" +
                                          upload_body("a", "x") + "}]}");
    EXPECT_EQ(batch.status, 503) << "nothing of it is done";
    EXPECT_EQ(books(), 1);
}

TEST_F(UploadTest, a_request_takes_files_up_to_a_limit) {
    open_files();
    const auto batch_of = [&](std::size_t files) {
        std::string pairs;
        for (std::size_t i = 0; i < files; ++i)
            pairs += std::string(i > 0 ? "," : "") + "[\"f\",\"eA==\"]";
        return hook("test.upload", R"({"title":"T","fileContent":[)" + pairs + "]}");
    };
    EXPECT_EQ(batch_of(limits::files_per_request_max).at("error_description"), "\"There is no file.\"");
    EXPECT_EQ(batch_of(limits::files_per_request_max + 1).at("error_description"),
              "\"A request takes at most " + std::to_string(limits::files_per_request_max) + " files.\"");
}

TEST_F(UploadTest, memory_for_files_is_bounded) {
    RestOptions options;
    options.files.memory_bytes_max = 1'000;
    open_files(std::move(options));
    EXPECT_EQ(upload("a", std::string(1'000, 'x')).status, 200);
    const Reply refused = upload("a", std::string(1'001, 'x'));
    EXPECT_EQ(refused.status, 503);
    EXPECT_NE(refused.header("Retry-After"), "");
    const Reply again = upload("a", std::string(1'000, 'y'));
    ASSERT_EQ(again.status, 200) << "what was taken was given back";
    EXPECT_EQ(get(target_of(again)).status, 200);
}

TEST_F(UploadTest, a_file_as_large_as_a_request_may_be_is_taken) {
    open_files();
    const Reply first = upload("a", "makes the key");
    const std::string target = [&] {
        const std::string url = links(system_clock().now()).upload(1, "test.upload", json::Object());
        return url + "&title=T";
    }();
    ASSERT_EQ(first.status, 200);
    const std::string frame = multipart("file", "big", "");
    json::Object parameters;
    parameters.set("title", "T");
    const std::string url = links(system_clock().now()).upload(1, "test.upload", std::move(parameters));
    const auto post_of = [&](std::size_t body_bytes) {
        return send("POST", url, multipart("file", "big", std::string(body_bytes - frame.size(), 'x')),
                    {{"Content-Type", kMultipart}});
    };
    const Reply largest = post_of(limits::body_bytes_max);
    ASSERT_EQ(largest.status, 200) << largest.body;
    EXPECT_EQ(get(target_of(largest)).body.size(), limits::body_bytes_max - frame.size());
    EXPECT_EQ(post_of(limits::body_bytes_max + 1).status, 413);
}

TEST_F(UploadTest, an_address_for_uploads_takes_forms_and_plain_bodies) {
    open_files();
    ASSERT_EQ(upload("a", "makes the key").status, 200);
    json::Object parameters;
    parameters.set("title", "by address");
    const auto address = [&] { return links(system_clock().now()).upload(1, "test.upload", parameters); };
    const std::string form = address();
    const Reply made = send("POST", form, multipart("file", "C:\\a.html", "<html>"), {{"Content-Type", kMultipart}});
    ASSERT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(made.at("result", "name"), "\"a.html\"");
    EXPECT_EQ(get(target_of(made)).body, "<html>");
    const Reply again = send("POST", form, multipart("file", "C:\\a.html", "<html>"), {{"Content-Type", kMultipart}});
    EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
    EXPECT_EQ(again.at("result", "id"), made.at("result", "id"));

    const Reply plain = send("PUT", address() + "&name=b.bin", "plain bytes");
    ASSERT_EQ(plain.status, 200) << plain.body;
    EXPECT_EQ(plain.at("result", "name"), "\"b.bin\"");
    const Reply other_field = send("POST", address(), multipart("upload", "c", "x"), {{"Content-Type", kMultipart}});
    EXPECT_EQ(other_field.at("result", "name"), "\"c\"");
    EXPECT_EQ(rows("files"), 4);
}

TEST_F(UploadTest, an_address_works_for_what_it_was_made_for_only) {
    open_files();
    ASSERT_EQ(upload("a", "makes the key").status, 200);
    const UnixSeconds now = system_clock().now();
    json::Object parameters;
    parameters.set("title", "T");
    const std::string good = links(now).upload(1, "test.upload", parameters);
    const auto refused = [&](const std::string& target, const std::string& body = "x") {
        return send("POST", target, body);
    };
    EXPECT_EQ(refused(good, "").status, 400);
    EXPECT_EQ(get(good).status, 405);
    EXPECT_EQ(refused(good + "A").status, 403);
    EXPECT_EQ(refused("/rest/upload.json").status, 403);
    EXPECT_EQ(refused("/rest/upload.json?token=" + std::string(9'000, 'a')).status, 403);
    EXPECT_EQ(refused(links(now - limits::upload_link_lifetime_s).upload(1, "test.upload", parameters)).status, 403);
    EXPECT_EQ(refused(links(now).upload(2, "test.upload", parameters)).status, 401) << "not a user any more";
    EXPECT_EQ(refused(links(now).upload(1, "test.write", parameters)).status, 404) << "takes no files";
    const std::string download = links(now).download(1);
    EXPECT_EQ(refused("/rest/upload.json" + download.substr(download.find('?'))).status, 403);
    EXPECT_EQ(get(good.substr(0, 6) + "download" + good.substr(good.find('.'))).status, 403);
    EXPECT_EQ(send("OPTIONS", good).status, 204);
    EXPECT_EQ(books(), 1);
    EXPECT_EQ(refused(links(now - limits::upload_link_lifetime_s + 30).upload(1, "test.upload", parameters)).status,
              200);
}

TEST_F(UploadTest, a_read_that_finds_it_must_write_runs_again_as_a_write) {
    open_files();
    EXPECT_EQ(hook("test.needsWrite").at("result"), "1");
    EXPECT_EQ(books(), 1);
    EXPECT_EQ(hook("test.needsWrite").at("result"), "1");
    EXPECT_EQ(books(), 1);
}

TEST_F(UploadTest, a_batch_of_reads_runs_again_as_a_write_too) {
    open_files();
    const Reply batch = hook("batch", R"({"cmd":["test.needsWrite","test.needsWrite"]})");
    EXPECT_EQ(batch.at("result", "result"), "[1,1]");
    EXPECT_EQ(books(), 1);
}

TEST_F(UploadTest, the_same_bytes_from_many_at_once_are_one_blob) {
    open_files();
    std::vector<std::thread> clients;
    std::atomic<int> done{0};
    for (int i = 0; i < 8; ++i)
        clients.emplace_back([&] { done += upload("a", "the same").status == 200; });
    for (std::thread& client : clients)
        client.join();
    EXPECT_EQ(done, 8);
    EXPECT_EQ(rows("files"), 8);
    EXPECT_EQ(blobs().size(), 1u);
    EXPECT_EQ(rows("file_blobs"), 0);
}

}  // namespace
}  // namespace stoa::rest::testing
