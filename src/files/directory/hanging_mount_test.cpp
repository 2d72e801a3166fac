// The directory store on a mounted file system that hangs, fails and comes back (FUSE; needs /dev/fuse).

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/metrics.hpp"
#include "files/open.hpp"
#include "files/testing/sick_mount.hpp"
#include "files/testing/waiting_store.hpp"

namespace stoa::files {
namespace {

using namespace testing;
using fixture::eventually;

constexpr int kRefusedWithinMs = 2'000;  ///< promised

class HangingMount : public ::testing::Test {
  protected:
    void SetUp() override {
        store_ = open_store();
        ASSERT_TRUE(store_);
        ASSERT_TRUE(put(*store_, known_, "known").ok());
    }
    std::unique_ptr<Store> open_store() {
        StoreOptions options;
        options.url.scheme = "dir";
        options.url.path = mount_.path();
        auto store = open(options);
        EXPECT_TRUE(store.ok()) << (store.ok() ? "" : store.error().message);
        return store.ok() ? std::move(*store) : nullptr;
    }
    static std::int64_t metric(const char* name) { return gauge(name, "", {{"store", "dir"}}).value(); }
    /// Operations one after the other, as requests come: each must be answered in time.
    void expect_refusals() {
        for (int i = 0; i < 5; ++i) {
            const auto [read, read_ms] = timed([&] { return get(*store_, known_); });
            EXPECT_FALSE(read.ok());
            EXPECT_LT(read_ms, kRefusedWithinMs);
            const auto [written, write_ms] = timed([&] { return put(*store_, {1, "new"}, noise(200'000)); });
            ASSERT_FALSE(written.ok());
            EXPECT_EQ(written.error().code, Errc::unavailable);
            EXPECT_GT(written.error().retry_after_s, 0);
            EXPECT_LT(write_ms, kRefusedWithinMs);
        }
        EXPECT_EQ(metric("stoa_files_breaker_open"), 1);
        const auto [refused, ms] = timed([&] { return get(*store_, known_); });
        EXPECT_FALSE(refused.ok());
        EXPECT_LT(ms, 50) << "refused at once while the breaker is open";
    }
    void expect_recovery() {
        EXPECT_TRUE(eventually([&] { return get(*store_, known_).ok(); }, 5'000));
        EXPECT_TRUE(put(*store_, {1, "after"}, "after").ok());
        EXPECT_EQ(*get(*store_, {1, "after"}), "after");
        EXPECT_EQ(metric("stoa_files_breaker_open"), 0);
        EXPECT_TRUE(eventually([&] { return metric("stoa_files_stuck_workers") == 0; }));
    }

    SickMount mount_;
    const Blob known_{1, "known"};
    std::unique_ptr<Store> store_;
};

TEST_F(HangingMount, answers_in_time_while_every_call_hangs_and_recovers_by_itself) {
    mount_.suffer("hang *");
    expect_refusals();
    EXPECT_GT(metric("stoa_files_stuck_workers"), 0);
    mount_.heal();
    expect_recovery();
}

TEST_F(HangingMount, answers_in_time_while_its_server_is_frozen_and_recovers_by_itself) {
    const char* seconds = std::getenv("STOA_FREEZE_S");  // NOLINT(concurrency-mt-unsafe): for a longer one by hand
    const std::chrono::seconds long_enough(seconds != nullptr ? std::stoi(seconds) : 0);
    const auto until = std::chrono::steady_clock::now() + long_enough;
    mount_.freeze();
    do {
        expect_refusals();
    } while (std::chrono::steady_clock::now() < until);
    mount_.thaw();
    expect_recovery();
}

TEST_F(HangingMount, answers_a_burst_that_is_larger_than_its_workers_in_time) {
    mount_.suffer("hang *");
    std::vector<Pending<BlobInfo>> pending;
    pending.reserve(100);
    const auto from = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i)
        pending.push_back(begin_put(*store_, {1, "burst-" + std::to_string(i)}, "x"));
    for (auto& each : pending)
        EXPECT_EQ(each.get().error().code, Errc::unavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - from, std::chrono::milliseconds(kRefusedWithinMs));
    mount_.heal();
    expect_recovery();
    for (int i = 0; i < 100; ++i)
        EXPECT_FALSE(get(*store_, {1, "burst-" + std::to_string(i)}).ok()) << "refused, and never done later";
}

TEST_F(HangingMount, changes_nothing_when_a_hanging_upload_wakes_up) {
    for (const char* call : {"write", "fsync", "read"}) {
        mount_.suffer(std::string("hang ") + call);
        const auto refused = put(*store_, known_, "other");
        ASSERT_FALSE(refused.ok()) << call;
        mount_.heal();
        EXPECT_TRUE(eventually([&] {
            const auto read = get(*store_, known_);
            return read.ok() && metric("stoa_files_stuck_workers") == 0;
        })) << call;
        EXPECT_EQ(*get(*store_, known_), "known") << call;
    }
    EXPECT_TRUE(eventually([&] { return std::filesystem::is_empty(mount_.backing() + "/.stoa/tmp"); }))
        << "and leaves nothing behind";
}

TEST_F(HangingMount, stays_open_for_all_when_one_operation_is_slow) {
    mount_.suffer("sleep rename 1900");
    const auto slow = put(*store_, {1, "slow"}, "x");
    EXPECT_EQ(slow.error().code, Errc::unavailable);
    EXPECT_EQ(*get(*store_, known_), "known") << "the probe found the store well";
    mount_.heal();
}

TEST_F(HangingMount, waits_for_what_is_slow_but_moves) {
    mount_.suffer("sleep fsync 900");
    const auto [written, ms] = timed([&] { return put(*store_, {1, "slow"}, noise(20'000'000)); });
    ASSERT_TRUE(written.ok()) << written.error().message;
    EXPECT_GT(ms, 1'800) << "more than one operation may take without progress";
    mount_.heal();
}

TEST_F(HangingMount, names_what_is_wrong_with_the_disk) {
    const struct {
        const char* call;
        int code;
        const char* words;
    } cases[] = {{"write", ENOSPC, "full"},         {"write", EDQUOT, "quota"},     {"create", EROFS, "read-only"},
                 {"create", EACCES, "refuses"},     {"fsync", EIO, "input/output"}, {"rename", EIO, "input/output"},
                 {"fsyncdir", EIO, "input/output"}, {"create", ESTALE, "stale"}};
    for (const auto& c : cases) {
        std::string message;
        // The watch may have met it first: then this upload is refused because the store is sick, and the next one
        // tells.
        EXPECT_TRUE(eventually([&] {
            mount_.suffer("fail " + std::string(c.call) + " " + std::to_string(c.code));
            const auto refused = put(*store_, {1, "a"}, "x");
            EXPECT_FALSE(refused.ok()) << c.call;
            if (refused.ok()) return true;
            EXPECT_EQ(refused.error().code, Errc::unavailable) << c.call;
            message = refused.error().message;
            mount_.heal();
            EXPECT_TRUE(eventually([&] { return get(*store_, known_).ok(); })) << c.call;
            return message.find(c.words) != std::string::npos;
        })) << c.call
            << ": " << message;
    }
    // The watch writes there, too, for a moment.
    EXPECT_TRUE(eventually([&] { return std::filesystem::is_empty(mount_.backing() + "/.stoa/tmp"); }));
}

TEST_F(HangingMount, reads_on_while_the_disk_is_full) {
    mount_.suffer("fail write " + std::to_string(ENOSPC));
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(put(*store_, {1, "a"}, "x").ok());
        EXPECT_EQ(*get(*store_, known_), "known");
    }
    mount_.heal();
    EXPECT_TRUE(put(*store_, {1, "a"}, "x").ok());
}

TEST_F(HangingMount, is_found_again_after_its_server_died_and_it_was_mounted_anew) {
    mount_.kill();
    EXPECT_EQ(get(*store_, known_).error().code, Errc::unavailable);
    EXPECT_EQ(put(*store_, known_, "x").error().code, Errc::unavailable);
    mount_.unmount();
    EXPECT_EQ(put(*store_, known_, "x").error().code, Errc::unavailable) << "an unmounted share is no empty store";
    mount_.start();
    expect_recovery();
    EXPECT_EQ(*get(*store_, known_), "known");
}

TEST_F(HangingMount, opens_in_time_while_it_hangs_and_works_later) {
    store_.reset();
    mount_.suffer("hang *");
    const auto [opened, ms] = timed([&] { return store_ = open_store(), store_ != nullptr; });
    ASSERT_TRUE(opened);
    EXPECT_LT(ms, kRefusedWithinMs);
    EXPECT_EQ(get(*store_, known_).error().code, Errc::unavailable);
    mount_.heal();
    expect_recovery();
}

TEST_F(HangingMount, closes_in_time_while_it_hangs) {
    mount_.suffer("hang *");
    auto pending = begin_put(*store_, known_, "x");
    const auto [closed, ms] = timed([&] { return store_.reset(), true; });
    EXPECT_LT(ms, 4'000);
    EXPECT_FALSE(pending.get().ok());
    mount_.heal();
    store_ = open_store();
    EXPECT_EQ(*get(*store_, known_), "known");
}

}  // namespace
}  // namespace stoa::files
