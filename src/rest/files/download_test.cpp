// Files on their way out.

#include "base/limits.hpp"
#include "files/testing/waiting_store.hpp"
#include "rest/files/testing/files_fixture.hpp"

namespace stoa::rest::testing {
namespace {

using DownloadTest = FilesFixture;

constexpr std::string_view kPng = "\x89PNG\r\n\x1a\n....";

TEST_F(DownloadTest, a_file_is_offered_for_saving_under_its_name) {
    open_files();
    const Reply sent = get(target_of(upload("Bericht \"№ 1\".txt", "Hello")));
    EXPECT_EQ(sent.status, 200);
    EXPECT_EQ(sent.body, "Hello");
    EXPECT_EQ(sent.header("Content-Type"), "application/octet-stream");
    EXPECT_EQ(sent.header("Content-Disposition"),
              "attachment; filename=\"Bericht ____ 1_.txt\"; filename*=UTF-8''Bericht%20%22%E2%84%96%201%22.txt");
    EXPECT_EQ(sent.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(sent.header("Content-Security-Policy"), "default-src 'none'; sandbox");
    EXPECT_EQ(sent.header("Cache-Control"), "private, max-age=3600");
}

TEST_F(DownloadTest, only_what_cannot_run_opens_in_the_browser) {
    open_files();
    const auto shown = [&](const std::string& name, std::string_view content) {
        const Reply made = upload(name, std::string(content));
        const std::string url = made.value.find("result")->find("show")->string();
        return get(url.substr(std::string("https://portal.test").size()));
    };
    const Reply picture = shown("a.html", kPng);
    EXPECT_EQ(picture.header("Content-Type"), "image/png");
    EXPECT_TRUE(picture.header("Content-Disposition").starts_with("inline;"));
    for (const std::string_view evil :
         {"<html><script>alert(1)</script>", "<svg xmlns='http://www.w3.org/2000/svg'/>", "<?xml version='1.0'?>"}) {
        const Reply page = shown("a.png", evil);
        EXPECT_EQ(page.header("Content-Type"), "application/octet-stream") << evil;
        EXPECT_TRUE(page.header("Content-Disposition").starts_with("attachment;")) << evil;
    }
}

TEST_F(DownloadTest, parts_are_sent_as_asked_for) {
    open_files();
    const std::string target = target_of(upload("a", "0123456789"));
    const auto part = [&](const std::string& range) { return send("GET", target, {}, {{"Range", range}}); };
    const Reply middle = part("bytes=2-4");
    EXPECT_EQ(middle.status, 206);
    EXPECT_EQ(middle.body, "234");
    EXPECT_EQ(middle.header("Content-Range"), "bytes 2-4/10");
    EXPECT_EQ(part("bytes=-2").body, "89");
    EXPECT_EQ(part("bytes=0-1,4-5").status, 200);
    const Reply behind = part("bytes=10-");
    EXPECT_EQ(behind.status, 416);
    EXPECT_EQ(behind.header("Content-Range"), "bytes */10");
    const std::string etag = middle.header("ETag");
    EXPECT_EQ(send("GET", target, {}, {{"Range", "bytes=1-1"}, {"If-Range", etag}}).body, "1");
    EXPECT_EQ(send("GET", target, {}, {{"Range", "bytes=1-1"}, {"If-Range", "\"old\""}}).body, "0123456789");
    EXPECT_EQ(send("GET", target, {}, {{"If-None-Match", etag}}).status, 304);
    EXPECT_EQ(send("GET", target, {}, {{"If-None-Match", "\"old\""}}).status, 200);
}

TEST_F(DownloadTest, head_tells_the_size_without_the_bytes) {
    open_files();
    const std::string target = target_of(upload("a", "0123456789"));
    lose_blobs();
    const Reply head = send("HEAD", target);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("Content-Length"), "10");
    EXPECT_EQ(head.body, "");
    EXPECT_EQ(send("POST", target).status, 405);
}

TEST_F(DownloadTest, files_larger_than_one_read_of_the_store_come_whole) {
    open_files();
    const std::string content = files::testing::noise(2 * limits::file_read_bytes_max + 1);
    const std::string target = target_of(upload("a", content));
    EXPECT_TRUE(get(target).body == content);
    const std::size_t begin = limits::file_read_bytes_max - 1;
    const Reply part = send("GET", target, {}, {{"Range", "bytes=" + std::to_string(begin) + "-"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_TRUE(part.body == content.substr(begin));
}

TEST_F(DownloadTest, links_that_are_forged_or_old_open_nothing) {
    open_files();
    const std::string target = target_of(upload("a", "x"));
    for (const std::string& bad :
         {target + "x", target.substr(0, target.size() - 1), std::string("/rest/download.json"),
          std::string("/rest/download.json?token="), std::string("/rest/download.json?token=x.y"),
          std::string("/rest/download.json?token=WyJkIiwxLDk5OTk5OTk5OTksMV0.AAAA")}) {
        EXPECT_EQ(get(bad).status, 403) << bad;
    }
    const UnixSeconds now = system_clock().now();
    EXPECT_EQ(get(links(now - 2 * limits::download_link_lifetime_s).download(1)).status, 403);
    EXPECT_EQ(get(links(now - limits::download_link_lifetime_s + 60).download(1)).status, 200);
    EXPECT_EQ(get(links(now).download(2)).status, 404);
    // The key of another account signs nothing here.
    ASSERT_EQ(send("POST", "/rest/9/foreign/test.upload", upload_body("b", "y"), {{"Content-Type", "application/json"}})
                  .status,
              200);
    const Reply foreign =
        send("POST", "/rest/9/foreign/test.upload", upload_body("b", "y"), {{"Content-Type", "application/json"}});
    std::string token = target_of(foreign);
    EXPECT_EQ(get(token).body, "y");
    EXPECT_EQ(get(target).body, "x");
    const std::string mixed = target.substr(0, target.find('.', 20)) + token.substr(token.find('.', 20));
    EXPECT_EQ(get(mixed).status, 403);
}

TEST_F(DownloadTest, a_file_that_is_gone_is_not_found) {
    open_files();
    const std::string target = target_of(upload("a", "x"));
    lose_blobs();
    EXPECT_EQ(get(target).status, 404);
    write([](model::Records& records) -> Status {
        const RecordId id[] = {1};
        return model::remove_files(records, id);
    });
    EXPECT_EQ(get(target).status, 404);
}

TEST_F(DownloadTest, public_links_open_what_the_module_says) {
    RestOptions options;
    options.files.find_public = [](model::Records&, std::string_view hash) -> Result<api::PublicPage> {
        if (hash == "file") return api::PublicPage{"a", false, {{1, "a", 1}}};
        if (hash == "folder") return api::PublicPage{"<b>", true, {{1, "<i>a\"", 1'500}}};
        if (hash == "empty") return api::PublicPage{"e", true, {}};
        return not_found("no");
    };
    open_files(std::move(options));
    ASSERT_EQ(upload("a", "x").status, 200);
    ASSERT_EQ(upload("b", "secret").status, 200);
    const Reply file = get("/~1-file");
    EXPECT_EQ(file.body, "x");
    EXPECT_EQ(file.header("Cache-Control"), "no-cache");
    const Reply folder = get("/~1-folder");
    EXPECT_EQ(folder.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_NE(folder.body.find("<a href=\"?file=1\">&lt;i&gt;a&quot;</a> (1 KiB)"), std::string::npos) << folder.body;
    EXPECT_EQ(folder.body.find("<b>"), std::string::npos);
    EXPECT_EQ(get("/~1-folder?file=1").body, "x");
    EXPECT_EQ(get("/~1-folder?file=2").status, 404) << "not in this folder";
    EXPECT_NE(get("/~1-empty").body.find("empty"), std::string::npos);
    for (const char* nothing : {"/~", "/~1", "/~1-", "/~x-file", "/~0-file", "/~99-file", "/~1-none"})
        EXPECT_EQ(get(nothing).status, 404) << nothing;
}

}  // namespace
}  // namespace stoa::rest::testing
