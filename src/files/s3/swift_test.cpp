// The S3 driver on a real store (OpenStack Swift with s3api).

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "files/open.hpp"
#include "files/s3/answers.hpp"
#include "files/s3/client.hpp"
#include "files/s3/multipart.hpp"
#include "files/testing/swift_store.hpp"
#include "files/testing/waiting_store.hpp"
#include "net/http_client.hpp"

namespace stoa::files {
namespace {

using namespace testing;
using fixture::eventually;

/// A wall clock that goes wrong by a fixed time.
class SkewedClock final : public Clock {
  public:
    explicit SkewedClock(std::int64_t seconds) : skew_s_(seconds) {}
    UnixSeconds now() const override { return system_clock().now() + skew_s_; }
    std::int64_t now_us() const override { return system_clock().now_us() + skew_s_ * 1'000'000; }
    std::int64_t monotonic_us() const override { return system_clock().monotonic_us(); }

  private:
    std::int64_t skew_s_;
};

class SwiftTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        auto started = SwiftStore::start();
        ASSERT_TRUE(started.ok()) << started.error().message;
        swift_ = std::move(*started);
    }
    static void TearDownTestSuite() { swift_.reset(); }

    void SetUp() override {
        ASSERT_TRUE(swift_);
        prefix_ = to_lower(::testing::UnitTest::GetInstance()->current_test_info()->name());
        store_ = open_store();
        ASSERT_TRUE(store_);
    }

    static std::string to_lower(std::string text) {
        for (char& c : text)
            c = c == '_' ? '-' : c;
        return text;
    }
    EngineUrl url() const { return swift_->url(prefix_); }
    std::unique_ptr<Store> open_store() {
        StoreOptions options;
        options.url = url();
        auto store = open(options);
        EXPECT_TRUE(store.ok()) << (store.ok() ? "" : store.error().message);
        return store.ok() ? std::move(*store) : nullptr;
    }
    static Result<std::unique_ptr<Store>> try_open(EngineUrl url, Clock* clock = &system_clock()) {
        StoreOptions options;
        options.url = std::move(url);
        options.clock = clock;
        return open(options);
    }
    static net::ClientRequest plain_get(const std::string& address) {
        net::ClientRequest request;
        request.url = address;
        request.allow_private_targets = true;
        request.answer_bytes_max = 64 << 20;
        request.timeout_ms = 30'000;
        return request;
    }
    /// Uploads in parts that have neither ended nor been called off.
    std::size_t unfinished_uploads() {
        const auto endpoint = s3::endpoint_of(url());
        s3::Client client(*endpoint, system_clock());
        Beat beat;
        const auto answer = client.expect(
            {"list", "GET", "/" + endpoint->bucket, {{"uploads", ""}, {"prefix", endpoint->prefix}}}, beat);
        EXPECT_TRUE(answer.ok()) << (answer.ok() ? "" : answer.error().message);
        return answer.ok() ? s3::read_uploads(answer->body)->size() : 0;
    }

    static std::unique_ptr<SwiftStore> swift_;
    std::string prefix_;
    std::unique_ptr<Store> store_;
};
std::unique_ptr<SwiftStore> SwiftTest::swift_;

TEST_F(SwiftTest, keeps_replaces_reads_and_removes) {
    const Blob blob{7, "drive/1/a"};
    EXPECT_EQ(get(*store_, blob).error().code, Errc::not_found);
    EXPECT_EQ(stat(*store_, blob).error().code, Errc::not_found);
    const auto info = put(*store_, blob, "one");
    ASSERT_TRUE(info.ok()) << info.error().message;
    EXPECT_EQ(info->sha256, sha256_hex("one"));
    EXPECT_EQ(*get(*store_, blob), "one");
    ASSERT_TRUE(put(*store_, blob, "another").ok());
    EXPECT_EQ(*get(*store_, blob), "another");
    EXPECT_EQ(stat(*store_, blob)->bytes, 7U);
    EXPECT_EQ(stat(*store_, blob)->sha256, sha256_hex("another"));
    EXPECT_EQ(get(*store_, {8, blob.key}).error().code, Errc::not_found) << "another account's";
    EXPECT_TRUE(remove(*store_, blob).ok());
    EXPECT_TRUE(remove(*store_, blob).ok()) << "removing what is not there is no error";
    EXPECT_EQ(get(*store_, blob).error().code, Errc::not_found);
}

TEST_F(SwiftTest, reads_any_part) {
    const std::string text = noise(100'000);
    const Blob blob{1, "a"};
    ASSERT_TRUE(put(*store_, blob, text).ok());
    EXPECT_TRUE(*get(*store_, blob, {0, 10}) == text.substr(0, 10));
    EXPECT_TRUE(*get(*store_, blob, {99'990, 200'000}) == text.substr(99'990));
    EXPECT_TRUE(*get(*store_, blob, {500, UINT64_MAX}) == text.substr(500));
    EXPECT_TRUE(*get(*store_, blob, {0, 100'000}) == text);
    EXPECT_EQ(*get(*store_, blob, {100'000, 100'001}), "");
    EXPECT_EQ(*get(*store_, blob, {5, 5}), "");
    ASSERT_TRUE(put(*store_, {1, "empty"}, "").ok());
    EXPECT_EQ(*get(*store_, {1, "empty"}), "");
    EXPECT_EQ(*get(*store_, {1, "empty"}, {0, 5}), "");
    EXPECT_EQ(stat(*store_, {1, "empty"})->bytes, 0U);
    EXPECT_EQ(get(*store_, {1, "none"}, {5, 5}).error().code, Errc::not_found);
}

TEST_F(SwiftTest, sends_large_files_in_parts_and_reads_at_most_the_limit) {
    const fixture::TempDir local;
    for (const std::size_t bytes : {std::size_t{limits::file_single_put_bytes_max}, std::size_t{20'000'000}}) {
        const std::string text = noise(bytes);
        std::ofstream(local.path("large")) << text;
        const auto info = put_file(*store_, {1, "large"}, local.path("large"));
        ASSERT_TRUE(info.ok()) << info.error().message;
        EXPECT_EQ(info->sha256, sha256_hex(text));
        const auto seen = stat(*store_, {1, "large"});
        ASSERT_TRUE(seen.ok());
        EXPECT_EQ(seen->bytes, bytes);
        EXPECT_EQ(seen->sha256, info->sha256);
        EXPECT_EQ(get(*store_, {1, "large"}).error().code, Errc::too_large);
        EXPECT_EQ(get(*store_, {1, "large"}, {1, UINT64_MAX}).error().code, Errc::too_large);
        std::string back;
        for (std::uint64_t at = 0; at < bytes; at += limits::file_read_bytes_max)
            back += *get(*store_, {1, "large"}, {at, at + limits::file_read_bytes_max});
        EXPECT_TRUE(back == text);
    }
    EXPECT_EQ(unfinished_uploads(), 0U);
}

TEST_F(SwiftTest, gives_browsers_an_address_of_their_own) {
    const Blob blob{1, "a"};
    ASSERT_TRUE(put(*store_, blob, "content").ok());
    const auto address = store_->presigned_url(blob, {"Überblick \"1\".pdf", "application/pdf", 60});
    ASSERT_TRUE(address);
    EXPECT_EQ(address->find(SwiftStore::kSecretKey), address->npos);
    const auto response = net::fetch(plain_get(*address));
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "content");
    std::string type, disposition;
    for (const auto& header : response->headers) {
        if (header.name == "Content-Type" || header.name == "content-type") type = header.value;
        if (header.name == "Content-Disposition" || header.name == "content-disposition") disposition = header.value;
    }
    EXPECT_TRUE(type.starts_with("application/pdf")) << type;
    EXPECT_EQ(disposition,
              "attachment; filename=\"__berblick _1_.pdf\"; filename*=UTF-8''%C3%9Cberblick%20%221%22.pdf");

    std::string other = *address;
    other.replace(other.find("/1/a?"), 5, "/1/b?");
    EXPECT_EQ(net::fetch(plain_get(other))->status, 403) << "it opens nothing else";
    SkewedClock past(-120);
    const auto old = try_open(url(), &past);
    ASSERT_TRUE(old.ok());
    EXPECT_EQ(net::fetch(plain_get(*(*old)->presigned_url(blob, {"a", "text/plain", 60})))->status, 403) << "it ends";
    EXPECT_EQ(store_->presigned_url({1, "../a"}, {}), std::nullopt);
}

TEST_F(SwiftTest, names_a_wrong_secret_key) {
    const auto refused = try_open(swift_->url(prefix_, "wrong"));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    EXPECT_EQ(refused.error().field, "files.secret_key_file");
    EXPECT_NE(refused.error().message.find("secret key"), std::string::npos) << refused.error().message;
}

TEST_F(SwiftTest, names_an_unknown_access_key_and_a_missing_bucket) {
    EngineUrl stranger = url();
    stranger.user = "test:nobody";
    const auto unknown = try_open(stranger);
    ASSERT_FALSE(unknown.ok());
    EXPECT_NE(unknown.error().message.find("access key"), std::string::npos) << unknown.error().message;
    EngineUrl elsewhere = url();
    elsewhere.path = "no-such-bucket/x";
    const auto missing = try_open(elsewhere);
    ASSERT_FALSE(missing.ok());
    EXPECT_NE(missing.error().message.find("no such bucket"), std::string::npos) << missing.error().message;
}

TEST_F(SwiftTest, names_a_clock_that_is_too_far_off) {
    for (const int minutes : {-20, 20}) {
        SkewedClock clock(minutes * 60);
        const auto refused = try_open(url(), &clock);
        ASSERT_FALSE(refused.ok());
        EXPECT_NE(refused.error().message.find("clocks"), std::string::npos) << refused.error().message;
    }
    SkewedClock slightly(60);
    EXPECT_TRUE(try_open(url(), &slightly).ok());
}

TEST_F(SwiftTest, refuses_or_completes_an_upload_whose_store_dies_and_never_keeps_a_half) {
    const std::string old_text = noise(1'000'000, 1), new_text = noise(20'000'000, 2);
    const fixture::TempDir local;
    std::ofstream(local.path("new")) << new_text;
    int completed = 0, refused = 0;
    std::vector<std::pair<Blob, std::uint64_t>> kept;
    // Killed at another moment each time: while digests are taken, during a part, while parts are joined, afterwards.
    for (const int after_ms : {30, 250, 500, 1'000}) {
        const Blob blob{1, "killed-" + std::to_string(after_ms)};
        ASSERT_TRUE(eventually([&] { return put(*store_, blob, old_text).ok(); }, 30'000));
        auto upload = begin<BlobInfo>([&](auto done) { store_->put_file(blob, local.path("new"), std::move(done)); });
        std::this_thread::sleep_for(std::chrono::milliseconds(after_ms));
        swift_->object_server().kill();
        swift_->proxy().kill();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        ASSERT_TRUE(swift_->object_server().restart().ok());
        ASSERT_TRUE(swift_->proxy().restart().ok());
        ASSERT_TRUE(swift_->wait_until_it_answers().ok());
        const auto result = upload.get();
        ++(result.ok() ? completed : refused);
        EXPECT_TRUE(result.ok() || result.error().code == Errc::unavailable) << result.error().message;
        std::string back;
        ASSERT_TRUE(eventually(
            [&] {
                const auto info = stat(*store_, blob);
                if (!info) return false;
                back.clear();
                for (std::uint64_t at = 0; at < info->bytes; at += limits::file_read_bytes_max) {
                    auto part = get(*store_, blob, {at, at + limits::file_read_bytes_max});
                    if (!part) return false;
                    back += *part;
                }
                return true;
            },
            30'000));
        const bool is_old = back == old_text, is_new = back == new_text;
        EXPECT_TRUE(is_old || is_new) << after_ms << " ms: " << back.size() << " bytes";
        EXPECT_TRUE(is_new || !result.ok()) << "confirmed at " << after_ms << " ms, and lost";
        kept.emplace_back(blob, is_new ? new_text.size() : old_text.size());
    }
    // One whose very start got no answer has no known id, and one that may have been joined is left alone: they are
    // found by their age. What has become an object keeps its parts.
    ASSERT_TRUE(eventually([&] { return put(*store_, {1, "later"}, "x").ok(); }, 15'000));
    const auto endpoint = s3::endpoint_of(url());
    s3::Client client(*endpoint, system_clock());
    Beat beat;
    s3::Multipart(client).abort_older(system_clock().now() + 3'600, beat);
    for (const auto& [blob, bytes] : kept)
        EXPECT_TRUE(get(*store_, blob, {bytes - 1, bytes}).ok()) << blob.key;
    std::printf("uploads through a killed store: %d completed, %d refused, %zu left behind\n", completed, refused,
                unfinished_uploads());
}

TEST_F(SwiftTest, answers_in_time_while_the_store_is_frozen_and_recovers_by_itself) {
    EngineUrl quick = url();
    quick.parameters.erase("stall_ms");  // what everybody gets
    auto opened = try_open(quick);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const auto store = std::move(*opened);
    const Blob blob{1, "a"};
    ASSERT_TRUE(eventually([&] { return put(*store, blob, "known").ok(); }, 30'000));
    swift_->proxy().freeze();
    for (int i = 0; i < 4; ++i) {
        const auto [read, ms] = timed([&] { return get(*store, blob); });
        ASSERT_FALSE(read.ok());
        EXPECT_EQ(read.error().code, Errc::unavailable);
        EXPECT_LT(ms, 2'000);
    }
    swift_->proxy().thaw();
    EXPECT_TRUE(eventually([&] { return get(*store, blob).ok(); }, 30'000));
}

TEST_F(SwiftTest, answers_in_time_while_the_store_is_down_and_recovers_by_itself) {
    EngineUrl quick = url();
    quick.parameters.erase("stall_ms");
    auto opened = try_open(quick);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const auto store = std::move(*opened);
    swift_->proxy().kill();
    for (int i = 0; i < 4; ++i) {
        const auto [written, ms] = timed([&] { return put(*store, {1, "a"}, "x"); });
        ASSERT_FALSE(written.ok());
        EXPECT_EQ(written.error().code, Errc::unavailable);
        EXPECT_GT(written.error().retry_after_s, 0);
        EXPECT_LT(ms, 2'000);
    }
    auto late = try_open(quick);
    EXPECT_TRUE(late.ok()) << "a store that is down is opened all the same";
    ASSERT_TRUE(swift_->proxy().restart().ok());
    ASSERT_TRUE(swift_->wait_until_it_answers().ok());
    EXPECT_TRUE(eventually([&] { return put(*store, {1, "a"}, "x").ok(); }, 30'000));
    EXPECT_TRUE(eventually([&] { return get(**late, {1, "a"}).ok(); }, 30'000));
}

TEST_F(SwiftTest, calls_off_uploads_that_a_dead_process_left) {
    const auto endpoint = s3::endpoint_of(url());
    s3::Client client(*endpoint, system_clock());
    Beat beat;
    const Blob blob{1, "left"};
    ASSERT_TRUE(client.expect({"start", "POST", endpoint->path_of(blob), {{"uploads", ""}}}, beat).ok());
    ASSERT_EQ(unfinished_uploads(), 1U);
    s3::Multipart multipart(client);
    multipart.abort_older(system_clock().now() - 3'600, beat);
    EXPECT_EQ(unfinished_uploads(), 1U) << "it may still be running";
    ASSERT_TRUE(put(*store_, blob, "x").ok());
    multipart.abort_older(system_clock().now() + 3'600, beat);
    EXPECT_EQ(unfinished_uploads(), 1U) << "it may be what the object is made of";
    ASSERT_TRUE(remove(*store_, blob).ok());
    multipart.abort_older(system_clock().now() + 3'600, beat);
    EXPECT_EQ(unfinished_uploads(), 0U);
}

}  // namespace
}  // namespace stoa::files
