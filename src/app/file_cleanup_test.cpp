// Bytes that nothing names go from a real directory; all others stay.

#include "app/file_cleanup.hpp"

#include <gtest/gtest.h>

#include <future>

#include "app/account_setup.hpp"
#include "app/file_store.hpp"
#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "base/testing/engine_process.hpp"
#include "files/testing/waiting_store.hpp"
#include "model/stored_files.hpp"

namespace stoa::app {
namespace {

class FileCleanupTest : public ::testing::Test {
  protected:
    void SetUp() override {
        config_.data_dir = folder_.path();
        auto opened = Portal::open(config_, true);
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        portal_ = std::move(*opened);
        auto store = open_file_store(config_);
        ASSERT_TRUE(store.ok()) << store.error().message;
        store_ = std::move(*store);
        AccountRequest request;
        request.account.name = "Test";
        request.account.url = "https://127.0.0.1";
        request.email = "admin@example.org";
        ASSERT_TRUE(create_account(*portal_, request).ok());
    }
    void TearDown() override { store_->close(); }
    /// Puts bytes that were noted that long ago; with a name they are named by a file.
    std::string put(const std::string& bytes, std::int64_t age_s, const std::string& name = {}) {
        const UnixSeconds now = portal_->model().clock.now();
        std::string key;
        auto noted = portal_->database().write_and_wait({.account = 1}, [&](db::WriteTx& tx) -> Result<std::string> {
            STOA_TRY(key, model::note_blob(tx, sha256_hex(bytes), now - age_s));
            if (name.empty()) return std::string();
            STOA_TRY(auto metadata, portal_->model().metadata.load(tx));
            model::Records records(portal_->model(), tx, model::Actor::make_system(1), metadata);
            STOA_TRY([[maybe_unused]] const RecordId id,
                     model::add_file(records, {key, name, "", static_cast<std::int64_t>(bytes.size())}, "test"));
            return std::string();
        });
        EXPECT_TRUE(noted.ok()) << noted.error().message;
        EXPECT_TRUE(files::testing::put(*store_, {1, key}, bytes).ok());
        return key;
    }
    bool is_there(const std::string& key) { return files::testing::stat(*store_, {1, key}).ok(); }
    Result<FileCleanup::Counts> clean() {
        FileCleanup cleanup(*portal_, *store_);
        std::promise<Result<FileCleanup::Counts>> done;
        cleanup.run([&](Result<FileCleanup::Counts> counts) { done.set_value(std::move(counts)); });
        return done.get_future().get();
    }

    const fixture::TempDir folder_;  // goes after the portal
    Config config_;
    std::unique_ptr<Portal> portal_;
    std::unique_ptr<files::Store> store_;
};

TEST_F(FileCleanupTest, what_nothing_names_is_removed_after_the_grace_and_all_else_stays) {
    const std::string old = put("old garbage", limits::file_grace_s + 60);
    const std::string young = put("young garbage", limits::file_grace_s - 60);
    const std::string named = put("named", limits::file_grace_s + 60, "a.txt");
    const auto counts = clean();
    ASSERT_TRUE(counts.ok()) << counts.error().message;
    EXPECT_EQ(counts->found, 1);
    EXPECT_EQ(counts->removed, 1);
    EXPECT_FALSE(is_there(old));
    EXPECT_TRUE(is_there(young));
    EXPECT_TRUE(is_there(named));
    EXPECT_EQ(clean()->found, 0);
}

TEST_F(FileCleanupTest, what_the_store_did_not_remove_comes_again) {
    put("garbage", limits::file_grace_s + 60);
    store_->close();
    const auto failed = clean();
    ASSERT_TRUE(failed.ok());
    EXPECT_EQ(failed->found, 1);
    EXPECT_EQ(failed->removed, 0);
    auto again = open_file_store(config_);
    ASSERT_TRUE(again.ok());
    store_ = std::move(*again);
    EXPECT_EQ(clean()->removed, 1);
}

TEST_F(FileCleanupTest, one_run_takes_a_bounded_number) {
    for (int i = 0; i <= limits::files_removed_at_once_max; ++i)
        put("garbage " + std::to_string(i), limits::file_grace_s + 60);
    EXPECT_EQ(clean()->found, limits::files_removed_at_once_max);
    EXPECT_EQ(clean()->found, 1);
}

}  // namespace
}  // namespace stoa::app
