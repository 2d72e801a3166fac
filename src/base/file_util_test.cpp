#include "base/file_util.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/fd.hpp"
#include "base/random.hpp"

namespace stoa {
namespace {

class FileUtil : public testing::Test {
  protected:
    FileUtil() : folder_(testing::TempDir() + "stoa-" + random_alnum(12)) { EXPECT_TRUE(make_dir(folder_)); }
    ~FileUtil() override { std::filesystem::remove_all(folder_); }

    std::string path(const std::string& name) const { return folder_ + "/" + name; }
    mode_t mode_of(const std::string& name) const {
        struct stat info {};
        EXPECT_EQ(::stat(path(name).c_str(), &info), 0);
        return info.st_mode & 0777;
    }

    std::string folder_;
};

TEST_F(FileUtil, reads_what_was_written) {
    const std::string bytes = random_bytes(200'000);
    ASSERT_TRUE(write_file_atomic(path("a"), bytes, 0600));
    EXPECT_EQ(read_file(path("a"), bytes.size()).value(), bytes);
    EXPECT_EQ(mode_of("a"), 0600U);
    ASSERT_TRUE(write_file_atomic(path("a"), "", 0640));
    EXPECT_EQ(read_file(path("a"), 0).value(), "");
    EXPECT_EQ(mode_of("a"), 0640U);
}

TEST_F(FileUtil, leaves_no_temporary_file) {
    ASSERT_TRUE(write_file_atomic(path("a"), "x"));
    EXPECT_FALSE(write_file_atomic(path("missing/a"), "x"));
    std::filesystem::create_directory(path("folder"));
    EXPECT_FALSE(write_file_atomic(path("folder"), "x"));
    int entries = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_))
        ++entries;
    EXPECT_EQ(entries, 2);
}

TEST_F(FileUtil, the_size_limit_is_exact) {
    ASSERT_TRUE(write_file_atomic(path("a"), "12345"));
    EXPECT_TRUE(read_file(path("a"), 5));
    EXPECT_EQ(read_file(path("a"), 4).error().code, Errc::too_large);
}

TEST_F(FileUtil, says_what_is_wrong) {
    EXPECT_EQ(read_file(path("none"), 10).error().code, Errc::not_found);
    EXPECT_NE(read_file(path("none"), 10).error().message.find(path("none")), std::string::npos);
    EXPECT_FALSE(read_file(folder_, 10));
}

TEST_F(FileUtil, reads_files_that_do_not_know_their_size) {
    EXPECT_FALSE(read_file("/proc/self/status", 1 << 20).value().empty());
}

TEST_F(FileUtil, makes_folders_with_their_parents) {
    ASSERT_TRUE(make_dir(path("a/b/c"), 0700));
    EXPECT_EQ(mode_of("a/b/c"), 0700U);
    EXPECT_TRUE(make_dir(path("a/b/c")));
    EXPECT_TRUE(make_dir(path("a/")));
    ASSERT_TRUE(write_file_atomic(path("file"), "x"));
    EXPECT_EQ(make_dir(path("file")).error().code, Errc::already_exists);
    EXPECT_FALSE(make_dir(path("file/x")));
}

TEST(Fd, closes_once_and_moves) {
    Fd a(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(a);
    const int number = a.get();
    Fd b(std::move(a));
    EXPECT_FALSE(a);  // NOLINT: a moved Fd is empty by contract
    EXPECT_EQ(b.get(), number);
    b.reset();
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

}  // namespace
}  // namespace stoa
