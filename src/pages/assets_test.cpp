#include "pages/assets.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file_util.hpp"

namespace stoa::pages {
namespace {

std::string header(const net::Response& response, std::string_view name) {
    for (const net::Header& h : response.headers) {
        if (h.name == name) return h.value;
    }
    return {};
}

class AssetsTest : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "stoa-assets-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        file("dist/index.html", "<html>");
        file("dist/favicon.svg", "<svg>");
        file("dist/assets/app-1.js", "plain");
        file("dist/assets/app-1.js.br", "brotli");
        file("dist/assets/app-1.js.gz", "gzip");
        file("secret.txt", "secret");
        std::filesystem::create_symlink(folder_ / "secret.txt", folder_ / "dist/linked.txt");
        auto loaded = Assets::load((folder_ / "dist/").string());
        ASSERT_TRUE(loaded.ok()) << loaded.error().message;
        assets_ = std::make_unique<Assets>(*std::move(loaded));
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    void file(const std::string& path, std::string_view bytes) {
        std::filesystem::create_directories((folder_ / path).parent_path());
        ASSERT_TRUE(write_file_atomic((folder_ / path).string(), bytes).ok());
    }
    net::Response get(std::string_view path, std::vector<net::Header> headers = {}, std::string method = "GET") {
        net::Request request;
        request.method = std::move(method);
        request.headers = std::move(headers);
        return assets_->respond(request, path);
    }

    std::filesystem::path folder_;
    std::unique_ptr<Assets> assets_;
};

TEST_F(AssetsTest, hashed_files_are_cached_for_long_and_the_page_is_not) {
    EXPECT_EQ(header(get("/assets/app-1.js"), "Cache-Control"), "public, max-age=31536000, immutable");
    const net::Response page = get("/");
    EXPECT_EQ(*page.shared_body, "<html>");
    EXPECT_EQ(header(page, "Cache-Control"), "no-cache");
    EXPECT_NE(header(page, "Content-Security-Policy").find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_EQ(header(page, "X-Content-Type-Options"), "nosniff");
}

TEST_F(AssetsTest, the_smallest_coding_the_client_takes_is_sent) {
    EXPECT_EQ(*get("/assets/app-1.js", {{"Accept-Encoding", "gzip, br"}}).shared_body, "brotli");
    EXPECT_EQ(*get("/assets/app-1.js", {{"Accept-Encoding", "gzip, br;q=0"}}).shared_body, "gzip");
    EXPECT_EQ(*get("/assets/app-1.js", {{"Accept-Encoding", "identity"}}).shared_body, "plain");
    EXPECT_EQ(header(get("/assets/app-1.js"), "Vary"), "Accept-Encoding");
}

TEST_F(AssetsTest, a_known_etag_gets_304) {
    const std::string etag = header(get("/favicon.svg"), "ETag");
    const net::Response again = get("/favicon.svg", {{"If-None-Match", etag}});
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(again.shared_body, nullptr);
}

TEST_F(AssetsTest, paths_of_the_interface_get_the_page_and_lost_assets_404) {
    EXPECT_EQ(*get("/crm/deals/7").shared_body, "<html>");
    EXPECT_EQ(get("/assets/old.js").status, 404);
    EXPECT_EQ(get("/", {}, "POST").status, 405);
}

TEST_F(AssetsTest, nothing_outside_the_folder_is_served) {
    for (const char* path :
         {"/../secret.txt", "/assets/../../secret.txt", "//secret.txt", "/linked.txt", "/secret.txt"}) {
        const net::Response response = get(path);
        EXPECT_TRUE(!response.shared_body || *response.shared_body == "<html>") << path;
    }
}

TEST_F(AssetsTest, without_a_folder_there_is_a_built_in_page) {
    const auto built_in = Assets::load("");
    ASSERT_TRUE(built_in.ok());
    EXPECT_TRUE(built_in->contains("/index.html"));
    EXPECT_FALSE(Assets::load((folder_ / "none").string()).ok());
}

}  // namespace
}  // namespace stoa::pages
