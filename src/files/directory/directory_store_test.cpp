// The directory store on a real folder: what it promises, what it refuses, what it cleans.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "base/testing/engine_process.hpp"
#include "files/open.hpp"
#include "files/testing/waiting_store.hpp"

namespace stoa::files {
namespace {

using namespace testing;
namespace fs = std::filesystem;

std::unique_ptr<Store> open_at(const std::string& path, bool create = true) {
    StoreOptions options;
    options.url.scheme = "dir";
    options.url.path = path;
    options.create = create;
    auto store = open(options);
    EXPECT_TRUE(store.ok()) << (store.ok() ? "" : store.error().message);
    return store.ok() ? std::move(*store) : nullptr;
}

Result<std::unique_ptr<Store>> try_open(const std::string& path, bool create = true) {
    StoreOptions options;
    options.url.scheme = "dir";
    options.url.path = path;
    options.create = create;
    return open(options);
}

int files_below(const std::string& path) {
    int count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(path))
        count += entry.is_regular_file() ? 1 : 0;
    return count;
}

TEST(DirectoryStore, keeps_replaces_reads_and_removes) {
    const fixture::TempDir dir;
    const auto store = open_at(dir.path());
    const Blob blob{7, "drive/1/a"};
    EXPECT_EQ(get(*store, blob).error().code, Errc::not_found);
    const auto info = put(*store, blob, "one");
    ASSERT_TRUE(info.ok()) << info.error().message;
    EXPECT_EQ(info->bytes, 3U);
    EXPECT_EQ(info->sha256, sha256_hex("one"));
    EXPECT_EQ(*get(*store, blob), "one");
    ASSERT_TRUE(put(*store, blob, "another").ok());
    EXPECT_EQ(*get(*store, blob), "another");
    EXPECT_EQ(*get(*store, blob, {2, 4}), "ot");
    EXPECT_EQ(stat(*store, blob)->bytes, 7U);
    EXPECT_EQ(get(*store, {8, blob.key}).error().code, Errc::not_found) << "another account's";
    EXPECT_TRUE(remove(*store, blob).ok());
    EXPECT_TRUE(remove(*store, blob).ok()) << "removing what is not there is no error";
    EXPECT_EQ(stat(*store, blob).error().code, Errc::not_found);
    EXPECT_EQ(store->presigned_url(blob, {}), std::nullopt);
    EXPECT_EQ(files_below(dir.path()), 1) << "the id alone";
}

TEST(DirectoryStore, keeps_a_blob_beside_those_below_its_name) {
    const fixture::TempDir dir;
    const auto store = open_at(dir.path());
    ASSERT_TRUE(put(*store, {1, "a"}, "1").ok());
    ASSERT_TRUE(put(*store, {1, "a/b"}, "2").ok());
    ASSERT_TRUE(put(*store, {1, "a/b/c"}, "3").ok());
    EXPECT_EQ(*get(*store, {1, "a"}) + *get(*store, {1, "a/b"}) + *get(*store, {1, "a/b/c"}), "123");
}

TEST(DirectoryStore, is_still_there_after_a_restart) {
    const fixture::TempDir dir;
    ASSERT_TRUE(put(*open_at(dir.path()), {1, "a"}, "kept").ok());
    EXPECT_EQ(*get(*open_at(dir.path(), false), {1, "a"}), "kept");
}

TEST(DirectoryStore, stores_local_files_that_are_too_large_to_read_at_once) {
    const fixture::TempDir dir;
    const fixture::TempDir local;
    const auto store = open_at(dir.path());
    const std::string bytes = noise(20'000'000);
    std::ofstream(local.path("large")) << bytes;
    const auto info = put_file(*store, {1, "large"}, local.path("large"));
    ASSERT_TRUE(info.ok()) << info.error().message;
    EXPECT_EQ(info->sha256, sha256_hex(bytes));
    EXPECT_EQ(get(*store, {1, "large"}).error().code, Errc::too_large);
    std::string back;
    for (std::uint64_t at = 0; at < bytes.size(); at += 5'000'000)
        back += *get(*store, {1, "large"}, {at, at + 5'000'000});
    EXPECT_TRUE(back == bytes);
    EXPECT_TRUE(fs::exists(local.path("large"))) << "the file stays";
    EXPECT_EQ(put_file(*store, {1, "x"}, local.path("none")).error().code, Errc::not_found);
}

TEST(DirectoryStore, shows_readers_the_old_or_the_new_and_never_a_mixture) {
    const fixture::TempDir dir;
    const auto store = open_at(dir.path());
    const Blob blob{1, "x"};
    ASSERT_TRUE(put(*store, blob, std::string(300'000, 'a')).ok());
    std::atomic<bool> end{false};
    std::thread writer([&] {
        for (int i = 0; i < 40; ++i)
            EXPECT_TRUE(put(*store, blob, std::string(300'000, i % 2 == 0 ? 'b' : 'a')).ok());
        end = true;
    });
    int reads = 0;
    while (!end) {
        const auto read = get(*store, blob);
        ASSERT_TRUE(read.ok()) << read.error().message;
        ASSERT_TRUE(*read == std::string(300'000, read->front()));
        ++reads;
    }
    writer.join();
    EXPECT_GT(reads, 10);
    EXPECT_EQ(files_below(dir.path()), 2);
}

TEST(DirectoryStore, refuses_keys_and_symbolic_links_that_lead_out) {
    const fixture::TempDir dir;
    const fixture::TempDir outside;
    const auto store = open_at(dir.path());
    EXPECT_EQ(put(*store, {1, "../x"}, "x").error().code, Errc::invalid_argument);
    EXPECT_EQ(get(*store, {1, "/etc/passwd"}).error().code, Errc::invalid_argument);
    EXPECT_EQ(stat(*store, {-1, "a"}).error().code, Errc::invalid_argument);
    ASSERT_TRUE(put(*store, {1, "a"}, "x").ok());
    fs::create_directory_symlink(outside.path(), dir.path("1/link"));
    EXPECT_FALSE(put(*store, {1, "link/x"}, "x").ok());
    fs::create_directory_symlink(outside.path(), dir.path("2"));
    EXPECT_FALSE(put(*store, {2, "x"}, "x").ok());
    std::ofstream(outside.path("secret")) << "secret";
    fs::create_symlink(outside.path("secret"), dir.path("1/secret.blob"));
    EXPECT_FALSE(get(*store, {1, "secret"}).ok());
    EXPECT_EQ(files_below(outside.path()), 1);
}

TEST(DirectoryStore, says_which_file_is_damaged_and_goes_on) {
    const fixture::TempDir dir;
    const auto store = open_at(dir.path());
    ASSERT_TRUE(put(*store, {1, "a"}, noise(100'000)).ok());
    ASSERT_TRUE(put(*store, {1, "b"}, "well").ok());
    fs::resize_file(dir.path("1/a.blob"), 50'000);
    for (int i = 0; i < 3; ++i) {
        const auto read = get(*store, {1, "a"});
        ASSERT_FALSE(read.ok());
        EXPECT_EQ(read.error().code, Errc::internal);
    }
    EXPECT_EQ(*get(*store, {1, "b"}), "well");
}

TEST(DirectoryStore, tells_an_empty_folder_from_a_share_that_is_not_mounted) {
    const fixture::TempDir dir;
    EXPECT_EQ(try_open(dir.path("none")).error().code, Errc::invalid_argument);
    const auto unmounted = try_open(dir.path(), false);
    ASSERT_FALSE(unmounted.ok());
    EXPECT_NE(unmounted.error().message.find("mounted"), std::string::npos);
    EXPECT_EQ(unmounted.error().field, "files.url");
    std::ofstream(dir.path("other")) << "x";
    EXPECT_NE(try_open(dir.path()).error().message.find("other files"), std::string::npos);
    fs::remove(dir.path("other"));

    const auto store = open_at(dir.path());
    ASSERT_TRUE(put(*store, {1, "a"}, "x").ok());
    fs::rename(dir.path(".stoa"), dir.path("moved"));
    fs::rename(dir.path("1"), dir.path("moved-1"));
    EXPECT_EQ(get(*store, {1, "a"}).error().code, Errc::unavailable) << "not: there is no such file";
    EXPECT_EQ(put(*store, {1, "b"}, "x").error().code, Errc::unavailable);
    EXPECT_FALSE(fs::exists(dir.path("1"))) << "nothing was written beside the share";
    fs::rename(dir.path("moved"), dir.path(".stoa"));
    fs::rename(dir.path("moved-1"), dir.path("1"));
    EXPECT_TRUE(fixture::eventually([&] { return get(*store, {1, "a"}).ok(); })) << "it is back by itself";
}

TEST(DirectoryStore, notices_that_another_store_was_mounted_in_its_place) {
    const fixture::TempDir dir;
    const auto first = open_at(dir.path());
    ASSERT_TRUE(put(*first, {1, "a"}, "x").ok());
    std::ofstream(dir.path(".stoa/id")) << "stoa file store ANOTHER\n";
    fs::rename(dir.path(".stoa/tmp"), dir.path(".stoa/gone"));
    EXPECT_EQ(put(*first, {1, "b"}, "x").error().code, Errc::unavailable);
    fs::rename(dir.path(".stoa/gone"), dir.path(".stoa/tmp"));
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    EXPECT_EQ(put(*first, {1, "b"}, "x").error().code, Errc::unavailable) << "a probe has compared the id";
}

TEST(DirectoryStore, removes_what_dead_uploads_left_and_nothing_that_is_being_written) {
    const fixture::TempDir dir;
    open_at(dir.path());
    std::ofstream(dir.path(".stoa/tmp/old")) << "x";
    std::ofstream(dir.path(".stoa/tmp/young")) << "x";
    fs::last_write_time(dir.path(".stoa/tmp/old"), fs::file_time_type::clock::now() - std::chrono::seconds(3'700));
    const auto store = open_at(dir.path());
    ASSERT_TRUE(put(*store, {1, "a"}, "x").ok());
    EXPECT_TRUE(fixture::eventually([&] { return !fs::exists(dir.path(".stoa/tmp/old")); }));
    EXPECT_TRUE(fs::exists(dir.path(".stoa/tmp/young")));
}

TEST(DirectoryStore, is_shared_by_several_that_start_at_once) {
    const fixture::TempDir dir;
    std::vector<std::thread> threads;
    std::vector<std::unique_ptr<Store>> stores(6);
    for (std::size_t i = 0; i < stores.size(); ++i)
        threads.emplace_back([&, i] { stores[i] = open_at(dir.path()); });
    for (auto& thread : threads)
        thread.join();
    for (std::size_t i = 0; i < stores.size(); ++i) {
        ASSERT_TRUE(stores[i]);
        ASSERT_TRUE(put(*stores[i], {1, "from-" + std::to_string(i)}, "x").ok());
    }
    for (std::size_t i = 0; i < stores.size(); ++i)
        EXPECT_TRUE(get(*stores[0], {1, "from-" + std::to_string(i)}).ok());
}

TEST(DirectoryStore, is_checked_for_the_doctor) {
    const fixture::TempDir dir;
    StoreOptions options;
    options.url.scheme = "dir";
    options.url.path = dir.path();
    const auto line = check(options);
    ASSERT_TRUE(line.ok()) << line.error().message;
    EXPECT_NE(line->find("ms to write"), std::string::npos) << *line;
    options.url.scheme = "ftp";
    EXPECT_EQ(check(options).error().field, "files.url");
}

}  // namespace
}  // namespace stoa::files
