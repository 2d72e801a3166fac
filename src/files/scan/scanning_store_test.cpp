// Uploads through a real clamd.

#include "files/scan/scanning_store.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/limits.hpp"
#include "files/open.hpp"
#include "files/testing/clamd_process.hpp"
#include "files/testing/waiting_store.hpp"

namespace stoa::files {
namespace {

using namespace testing;

class ScanningStoreTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        auto started = ClamdProcess::start(3);
        ASSERT_TRUE(started.ok()) << started.error().message;
        clamd_ = std::move(*started);
    }
    static void TearDownTestSuite() { clamd_.reset(); }
    void SetUp() override { ASSERT_TRUE(clamd_); }

    std::unique_ptr<Store> open_with(const EngineUrl::Host& scanner, bool accept_unscanned = false) {
        StoreOptions options;
        options.url.scheme = "dir";
        options.url.path = folder_.path();
        options.virus_scan.scheme = "clamd";
        options.virus_scan.hosts = {scanner};
        options.accept_unscanned = accept_unscanned;
        auto store = open(options);
        EXPECT_TRUE(store.ok()) << (store.ok() ? "" : store.error().message);
        return store.ok() ? std::move(*store) : nullptr;
    }
    EngineUrl::Host unix_socket() const { return {clamd_->socket(), 0}; }
    EngineUrl::Host tcp() const { return {"127.0.0.1", clamd_->port()}; }

    static std::unique_ptr<ClamdProcess> clamd_;
    fixture::TempDir folder_;
};
std::unique_ptr<ClamdProcess> ScanningStoreTest::clamd_;

const Blob kBlob{1, "a"};

TEST_F(ScanningStoreTest, keeps_what_is_harmless_and_refuses_what_is_not) {
    for (const auto& scanner : {unix_socket(), tcp()}) {
        const auto store = open_with(scanner);
        ASSERT_TRUE(put(*store, kBlob, "harmless").ok());
        const auto refused = put(*store, kBlob, eicar());
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, Errc::invalid_argument);
        EXPECT_EQ(refused.error().field, "file");
        EXPECT_NE(refused.error().message.find("Eicar"), std::string::npos) << refused.error().message;
        EXPECT_EQ(*get(*store, kBlob), "harmless");
        EXPECT_TRUE(put(*store, kBlob, "").ok());
        // A busy machine may need more than one try to scan so much in time.
        const std::string much = noise(2'900'000);
        ASSERT_TRUE(fixture::eventually([&] { return put(*store, {1, "b"}, much).ok(); }));
        EXPECT_EQ(stat(*store, {1, "b"})->bytes, 2'900'000U);
        EXPECT_TRUE(remove(*store, {1, "b"}).ok());
    }
}

TEST_F(ScanningStoreTest, scans_local_files) {
    const auto store = open_with(unix_socket());
    const fixture::TempDir local;
    std::ofstream(local.path("bad")) << eicar();
    EXPECT_EQ(put_file(*store, kBlob, local.path("bad")).error().code, Errc::invalid_argument);
    std::ofstream(local.path("good")) << "good";
    EXPECT_TRUE(put_file(*store, kBlob, local.path("good")).ok());
    EXPECT_EQ(put_file(*store, kBlob, local.path("none")).error().code, Errc::not_found);
    EXPECT_EQ(put(*store, {1, "../a"}, "x").error().field, "key");
}

TEST_F(ScanningStoreTest, refuses_what_the_scanner_does_not_take) {
    const auto refused = put(*open_with(unix_socket()), kBlob, noise(4'000'000));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::too_large);
    EXPECT_NE(refused.error().message.find("StreamMaxLength"), std::string::npos);
    EXPECT_TRUE(put(*open_with(unix_socket(), true), kBlob, noise(4'000'000)).ok());
}

TEST_F(ScanningStoreTest, refuses_or_accepts_as_told_while_the_scanner_is_down) {
    const EngineUrl::Host nobody{"127.0.0.1", fixture::free_port()};
    const auto [refused, ms] = timed([&] { return put(*open_with(nobody), kBlob, "x"); });
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_GT(refused.error().retry_after_s, 0);
    EXPECT_LT(ms, 2'000);
    EXPECT_TRUE(put(*open_with(nobody, true), kBlob, "x").ok());
    EXPECT_FALSE(put(*open_with({"/nonexistent/clamd.sock", 0}), kBlob, "x").ok());
}

TEST_F(ScanningStoreTest, refuses_in_time_while_the_scanner_is_frozen_and_goes_on_afterwards) {
    for (const auto& scanner : {unix_socket(), tcp()}) {
        const auto store = open_with(scanner);
        clamd_->process().freeze();
        const auto [refused, ms] = timed([&] { return put(*store, kBlob, noise(1'000'000)); });
        clamd_->process().thaw();
        EXPECT_EQ(refused.error().code, Errc::unavailable);
        EXPECT_LT(ms, 2'000);
        EXPECT_TRUE(put(*store, kBlob, "x").ok());
    }
}

TEST_F(ScanningStoreTest, finds_a_scanner_again_that_died) {
    const auto store = open_with(tcp());
    clamd_->process().kill();
    EXPECT_EQ(put(*store, kBlob, "x").error().code, Errc::unavailable);
    ASSERT_TRUE(clamd_->process().restart().ok());
    ASSERT_TRUE(clamd_->wait().ok());
    EXPECT_TRUE(put(*store, kBlob, "x").ok());
    EXPECT_FALSE(put(*store, kBlob, eicar()).ok());
}

TEST_F(ScanningStoreTest, queues_up_to_its_limit_and_closes_in_time_while_the_scanner_is_frozen) {
    const auto store = open_with(unix_socket());
    clamd_->process().freeze();
    std::vector<Pending<BlobInfo>> pending;
    for (int i = 0; i < limits::virus_scan_workers; ++i)
        pending.push_back(begin_put(*store, kBlob, "x"));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    for (std::size_t i = 0; i < limits::virus_scan_queue_max; ++i)
        pending.push_back(begin_put(*store, kBlob, "x"));
    const auto one_more = begin_put(*store, kBlob, "x").get();
    ASSERT_FALSE(one_more.ok());
    EXPECT_EQ(one_more.error().code, Errc::busy);
    const auto [closed, ms] = timed([&] { return store->close(), true; });
    clamd_->process().thaw();
    EXPECT_LT(ms, 3'000);
    for (auto& each : pending)
        EXPECT_EQ(each.get().error().code, Errc::unavailable);
}

TEST_F(ScanningStoreTest, says_what_is_wrong_with_its_address) {
    StoreOptions options;
    options.url.scheme = "dir";
    options.url.path = folder_.path();
    options.virus_scan.scheme = "redis";
    options.virus_scan.hosts = {{"a", 1}};
    const auto opened = open(options);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().field, "virus_scan.address");
}

}  // namespace
}  // namespace stoa::files
