// The S3 driver against a server that is wrong in every way a store can be: a real store is well too often.

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <mutex>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "base/testing/engine_process.hpp"
#include "files/open.hpp"
#include "files/testing/raw_server.hpp"
#include "files/testing/waiting_store.hpp"
#include "net/server.hpp"
#include "net/tls_certificate.hpp"

namespace stoa::files {
namespace {

using namespace testing;

constexpr int kRefusedWithinMs = 2'000;  ///< promised
const Blob kBlob{1, "a"};

EngineUrl url_of(const RawServer& server) {
    EngineUrl url;
    url.scheme = "s3+http";
    url.user = "key";
    url.password = "secret";
    url.hosts = {{"127.0.0.1", server.port()}};
    url.path = "bucket";
    return url;
}

Result<std::unique_ptr<Store>> try_open(const EngineUrl& url) {
    StoreOptions options;
    options.url = url;
    return open(options);
}

/// Opens a store whose probes succeed and whose other requests get what the handler says.
class Wrong {
  public:
    explicit Wrong(RawServer::Handler handler)
        : server_([this, handler = std::move(handler)](const RawRequest& request) -> RawReply {
              if (request.has("list-type=2")) return http(200, "<ListBucketResult/>");
              if (request.has("uploads") && request.method == "GET") return http(200, "<ListMultipartUploadsResult/>");
              {
                  const std::lock_guard lock(mutex_);
                  seen_.push_back(request.method + " " + request.target);
              }
              return handler(request);
          }) {
        auto opened = try_open(url_of(server_));
        EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
        if (opened) store_ = std::move(*opened);
    }
    ~Wrong() { store_.reset(); }
    Store& store() { return *store_; }
    const RawServer& server() const { return server_; }
    int count(const std::string& what) {
        const std::lock_guard lock(mutex_);
        int n = 0;
        for (const std::string& each : seen_)
            n += each.find(what) != each.npos ? 1 : 0;
        return n;
    }

  private:
    std::mutex mutex_;
    std::vector<std::string> seen_;
    RawServer server_;
    std::unique_ptr<Store> store_;
};

std::string etag_of_x() {
    return "ETag: \"9dd4e461268c8034f5c8564e155c67a6\"\r\n";  // MD5 of "x"
}

TEST(MisbehavingS3, is_asked_again_after_a_failure) {
    std::atomic<int> left{0};
    Wrong wrong([&](const RawRequest& request) -> RawReply {
        if (left-- > 0) return left % 2 == 0 ? http_fault(503, "SlowDown") : std::string();
        return request.method == "PUT" ? http(200, "", etag_of_x()) : http(200, "x");
    });
    left = 3;
    EXPECT_TRUE(put(wrong.store(), kBlob, "x").ok());
    EXPECT_EQ(wrong.count("PUT"), 4);
    left = 2;
    EXPECT_EQ(*get(wrong.store(), kBlob), "x");
}

TEST(MisbehavingS3, is_given_up_in_time_when_it_fails_for_ever) {
    Wrong wrong([](const RawRequest&) -> RawReply { return http(502, "<html>Bad Gateway<br>"); });
    const auto [read, ms] = timed([&] { return get(wrong.store(), kBlob); });
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, Errc::unavailable);
    EXPECT_GT(read.error().retry_after_s, 0);
    EXPECT_LT(ms, kRefusedWithinMs);
    EXPECT_GT(wrong.count("GET"), 2);
    EXPECT_LE(wrong.count("GET"), 6);
}

TEST(MisbehavingS3, is_given_up_in_time_when_it_never_answers) {
    Wrong wrong([](const RawRequest&) {
        RawReply never("");
        never.pause_ms = 4'000;
        return never;
    });
    for (int i = 0; i < 2; ++i) {
        const auto [written, ms] = timed([&] { return put(wrong.store(), kBlob, "x"); });
        ASSERT_FALSE(written.ok());
        EXPECT_EQ(written.error().code, Errc::unavailable);
        EXPECT_LT(ms, kRefusedWithinMs);
    }
}

TEST(MisbehavingS3, may_take_its_time_while_bytes_come) {
    Wrong wrong([](const RawRequest&) {
        RawReply drip("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
        for (const char c : std::string("slowly"))
            drip.pieces.emplace_back(1, c);
        drip.pause_ms = 500;
        return drip;
    });
    const auto [read, ms] = timed([&] { return get(wrong.store(), kBlob); });
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(*read, "slowly");
    EXPECT_GT(ms, 3'000);
}

TEST(MisbehavingS3, gives_nothing_when_its_answer_is_cut_short) {
    Wrong wrong([](const RawRequest&) -> RawReply {
        return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nonly this";
    });
    const auto read = get(wrong.store(), kBlob);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, Errc::unavailable);
    EXPECT_NE(read.error().message.find("cut short"), std::string::npos) << read.error().message;
}

TEST(MisbehavingS3, gives_nothing_that_differs_from_what_was_stored) {
    Wrong wrong([](const RawRequest& request) -> RawReply {
        const std::string sum = "x-amz-meta-sha256: " + sha256_hex("right") + "\r\n";
        if (request.head.find("Range: ") == std::string::npos) return http(200, "wrong", sum);
        return http(206, "wrong", sum + "Content-Range: bytes 0-4/5\r\n");
    });
    for (const ByteRange range : {ByteRange{}, ByteRange{0, 10}}) {
        const auto read = get(wrong.store(), kBlob, range);
        ASSERT_FALSE(read.ok());
        EXPECT_EQ(read.error().code, Errc::internal);
        EXPECT_NE(read.error().message.find("damaged"), std::string::npos);
    }
}

TEST(MisbehavingS3, may_ignore_ranges_but_not_send_more_than_was_asked_for) {
    Wrong ignores([](const RawRequest&) -> RawReply { return http(200, "0123456789"); });
    EXPECT_EQ(*get(ignores.store(), kBlob, {2, 5}), "234");
    EXPECT_EQ(*get(ignores.store(), kBlob, {20, 25}), "");
    Wrong wrong(
        [](const RawRequest&) -> RawReply { return http(206, "0123456789", "Content-Range: bytes 2-11/100\r\n"); });
    EXPECT_EQ(get(wrong.store(), kBlob, {2, 5}).error().code, Errc::internal);
}

TEST(MisbehavingS3, does_not_get_an_upload_confirmed_when_it_kept_other_bytes) {
    Wrong wrong(
        [](const RawRequest&) -> RawReply { return http(200, "", "ETag: \"00000000000000000000000000000000\"\r\n"); });
    const auto written = put(wrong.store(), kBlob, "x");
    ASSERT_FALSE(written.ok());
    EXPECT_NE(written.error().message.find("other bytes"), std::string::npos) << written.error().message;
    Wrong encrypts([](const RawRequest&) -> RawReply {
        return http(200, "", "ETag: \"00000000000000000000000000000000\"\r\nx-amz-server-side-encryption: aws:kms\r\n");
    });
    EXPECT_TRUE(put(encrypts.store(), kBlob, "x").ok()) << "then an ETag is no MD5";
}

TEST(MisbehavingS3, gets_named_what_it_refuses) {
    const struct {
        int status;
        const char* code;
        Errc errc;
        const char* words;
    } cases[] = {
        {403, "AccessDenied", Errc::unavailable, "refuses access"},
        {403, "RequestTimeTooSkewed", Errc::unavailable, "clocks"},
        {404, "NoSuchBucket", Errc::unavailable, "bucket"},
        {404, "NoSuchKey", Errc::not_found, "no such file"},
        {507, "InsufficientStorage", Errc::unavailable, "full"},
        {403, "QuotaExceeded", Errc::unavailable, "quota"},
        {400, "EntityTooLarge", Errc::too_large, "size"},
        {400, "AuthorizationHeaderMalformed", Errc::unavailable, "region"},
        {301, "PermanentRedirect", Errc::unavailable, "address"},
        {400, "InvalidRequest", Errc::internal, "refused"},
    };
    for (const auto& c : cases) {
        Wrong wrong([&](const RawRequest&) -> RawReply { return http_fault(c.status, c.code); });
        const auto read = get(wrong.store(), kBlob);
        ASSERT_FALSE(read.ok()) << c.code;
        EXPECT_EQ(read.error().code, c.errc) << c.code;
        EXPECT_NE(read.error().message.find(c.words), std::string::npos) << c.code << ": " << read.error().message;
        EXPECT_EQ(wrong.count("GET"), 1) << c.code << ": asking again would not help";
    }
}

/// A store that takes parts; what it does at the end is the test's.
class MultipartS3 : public ::testing::Test {
  protected:
    void SetUp() override { std::ofstream(folder_.path("large")) << bytes_; }
    RawReply parts(const RawRequest& request) const {
        if (request.method == "POST" && request.has("?uploads")) {
            return http(200, "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>");
        }
        if (request.method == "PUT")
            return http(200, "", "ETag: \"part-" + std::to_string(request.body.size()) + "\"\r\n");
        if (request.method == "DELETE") return http(204, "");
        return http(500, "");
    }
    std::string head_of_object(std::size_t length) const {
        return "HTTP/1.1 200 OK\r\nConnection: close\r\nx-amz-meta-sha256: " + sha256_hex(bytes_) +
               "\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
    }
    Result<BlobInfo> upload(Wrong& wrong) const { return put_file(wrong.store(), kBlob, folder_.path("large")); }

    fixture::TempDir folder_;
    const std::string bytes_ = noise(limits::file_single_put_bytes_max + 1);
};

TEST_F(MultipartS3, confirms_what_is_joined_and_complete) {
    Wrong wrong([&](const RawRequest& request) -> RawReply {
        if (request.method == "HEAD") return head_of_object(bytes_.size());
        if (request.method == "POST" && request.has("uploadId")) {
            EXPECT_NE(request.body.find("<PartNumber>3</PartNumber><ETag>\"part-1\"</ETag>"), std::string::npos);
            return http(200, "<CompleteMultipartUploadResult/>");
        }
        return parts(request);
    });
    const auto info = upload(wrong);
    ASSERT_TRUE(info.ok()) << info.error().message;
    EXPECT_EQ(wrong.count("PUT"), 3);
    EXPECT_EQ(wrong.count("DELETE"), 0);
}

TEST_F(MultipartS3, sends_a_failed_part_again_and_only_that) {
    std::atomic<int> failures{2};
    Wrong wrong([&](const RawRequest& request) -> RawReply {
        if (request.has("partNumber=2") && failures-- > 0) return http(500, "");
        if (request.method == "HEAD") return head_of_object(bytes_.size());
        if (request.method == "POST" && request.has("uploadId")) return http(200, "<CompleteMultipartUploadResult/>");
        return parts(request);
    });
    ASSERT_TRUE(upload(wrong).ok());
    EXPECT_EQ(wrong.count("partNumber=1"), 1);
    EXPECT_EQ(wrong.count("partNumber=2"), 3);
    EXPECT_EQ(wrong.count("partNumber=3"), 1);
}

TEST_F(MultipartS3, calls_the_upload_off_when_a_part_fails_for_ever) {
    Wrong wrong([&](const RawRequest& request) -> RawReply {
        return request.has("partNumber=2") ? http_fault(400, "InvalidRequest") : parts(request);
    });
    EXPECT_FALSE(upload(wrong).ok());
    EXPECT_EQ(wrong.count("DELETE /bucket/1/a?uploadId=id"), 1);
    EXPECT_EQ(wrong.count("HEAD"), 0);
}

TEST_F(MultipartS3, does_not_believe_a_200_that_holds_an_error) {
    Wrong wrong([&](const RawRequest& request) -> RawReply {
        if (request.method == "POST" && request.has("uploadId")) return http_fault(200, "InternalError");
        if (request.method == "HEAD") return http(404, "");
        return parts(request);
    });
    EXPECT_EQ(upload(wrong).error().code, Errc::unavailable);
    EXPECT_EQ(wrong.count("DELETE"), 1);
}

TEST_F(MultipartS3, is_no_bug_of_ours_when_a_server_behind_it_fails_while_it_joins) {
    Wrong wrong([&](const RawRequest& request) -> RawReply {
        if (request.method == "POST" && request.has("uploadId")) {
            return http(400,
                        "<Error><Code>InvalidRequest</Code><Message>/bucket+segments/a/id/3: 503 Service Unavailable"
                        "</Message></Error>");
        }
        if (request.method == "HEAD") return http(404, "");
        return parts(request);
    });
    EXPECT_EQ(upload(wrong).error().code, Errc::unavailable);
    EXPECT_EQ(wrong.count("DELETE"), 1);
}

TEST_F(MultipartS3, keeps_the_parts_of_an_upload_that_it_may_have_joined) {
    for (const bool answers : {true, false}) {
        std::atomic<int> asked{0};
        Wrong wrong([&](const RawRequest& request) -> RawReply {
            // The first attempt joins them, and its answer is lost.
            if (request.method == "POST" && request.has("uploadId")) {
                return asked++ == 0 || !answers ? std::string() : http_fault(400, "InvalidRequest");
            }
            if (request.method == "HEAD") return head_of_object(bytes_.size());
            return parts(request);
        });
        EXPECT_FALSE(upload(wrong).ok());
        EXPECT_EQ(wrong.count("DELETE"), 0) << "that would take them away from under the object";
    }
}

TEST_F(MultipartS3, does_not_confirm_an_object_that_is_shorter) {
    Wrong wrong([&](const RawRequest& request) -> RawReply {
        if (request.method == "HEAD") return head_of_object(bytes_.size() - 1);
        if (request.method == "POST" && request.has("uploadId")) return http(200, "<CompleteMultipartUploadResult/>");
        return parts(request);
    });
    EXPECT_EQ(upload(wrong).error().code, Errc::unavailable);
}

TEST_F(MultipartS3, looks_whether_the_parts_were_joined_when_the_answer_was_lost) {
    for (const bool joined : {true, false}) {
        std::atomic<int> asked{0};
        Wrong wrong([&](const RawRequest& request) -> RawReply {
            if (request.method == "HEAD") return joined ? head_of_object(bytes_.size()) : http(404, "");
            if (request.method == "POST" && request.has("uploadId")) {
                return asked++ == 0 ? std::string() : http_fault(404, "NoSuchUpload");
            }
            return parts(request);
        });
        const auto result = upload(wrong);
        EXPECT_EQ(result.ok(), joined);
        EXPECT_TRUE(joined || result.error().code == Errc::unavailable);
        EXPECT_EQ(asked, 2);
    }
}

TEST_F(MultipartS3, calls_off_later_what_it_could_not_call_off_at_once) {
    std::atomic<bool> down{false};
    Wrong wrong([&](const RawRequest& request) -> RawReply {
        if (request.has("partNumber=2")) down = true;
        if (down) return std::string();
        return parts(request);
    });
    EXPECT_FALSE(upload(wrong).ok());
    ASSERT_TRUE(fixture::eventually([&] { return wrong.count("DELETE") > 0; }));
    down = false;
    const int before = wrong.count("DELETE");
    EXPECT_TRUE(fixture::eventually([&] {
        (void)put(wrong.store(), kBlob, "x");
        return wrong.count("DELETE") > before;
    })) << "by an upload that comes later";
}

TEST(MisbehavingS3, is_opened_when_its_key_may_not_list_and_refused_when_it_is_no_store) {
    const RawServer strict([](const RawRequest&) -> RawReply { return http_fault(403, "AccessDenied"); });
    EXPECT_TRUE(try_open(url_of(strict)).ok());
    const RawServer web([](const RawRequest&) -> RawReply { return http(404, "<html>"); });
    const auto refused = try_open(url_of(web));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().field, "files.url");
}

TEST(MisbehavingS3, is_left_for_the_next_host_when_it_is_gone) {
    Wrong well([](const RawRequest&) -> RawReply { return http(200, "x"); });
    EngineUrl url = url_of(well.server());
    url.hosts.insert(url.hosts.begin(), {"127.0.0.1", fixture::free_port()});
    const auto opened = try_open(url);
    ASSERT_TRUE(opened.ok());
    const auto [read, ms] = timed([&] { return get(**opened, kBlob); });
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_LT(ms, 1'000);
}

TEST(MisbehavingS3, is_trusted_only_with_a_certificate_of_the_named_authority) {
    const auto pem = net::make_self_signed({"127.0.0.1"}, 10);
    ASSERT_TRUE(pem.ok());
    net::ServerOptions options;
    options.listen = {{"127.0.0.1", 0, true}};
    options.certificate_pem = pem->certificate;
    options.private_key_pem = pem->private_key;
    net::Server server(options, [](net::Request& request, const net::Responder& respond) {
        net::Response response;
        response.body = request.target.find("list-type") == std::string::npos ? "over TLS" : "<ListBucketResult/>";
        respond(std::move(response));
    });
    ASSERT_TRUE(server.start().ok());
    const fixture::TempDir folder;
    std::ofstream(folder.path("ca.pem")) << pem->certificate;
    EngineUrl url;
    url.scheme = "s3+https";
    url.user = "key";
    url.password = "secret";
    url.hosts = {{"127.0.0.1", server.ports()[0]}};
    url.path = "bucket";
    const auto stranger = try_open(url);
    ASSERT_TRUE(stranger.ok()) << "a certificate may be renewed any moment";
    EXPECT_EQ(get(**stranger, kBlob).error().code, Errc::unavailable);
    url.parameters["ca_file"] = folder.path("ca.pem");
    const auto trusted = try_open(url);
    ASSERT_TRUE(trusted.ok());
    const auto read = get(**trusted, kBlob);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(*read, "over TLS");
    server.stop();
}

}  // namespace
}  // namespace stoa::files
