#include "files/directory/blob_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "base/testing/engine_process.hpp"
#include "files/directory/crc32c.hpp"
#include "files/testing/waiting_store.hpp"

namespace stoa::files {
namespace {

using testing::noise;

class BlobFileTest : public ::testing::Test {
  protected:
    Result<BlobInfo> write(const std::string& bytes) {
        std::filesystem::remove(path_);
        fd_ = Fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        const auto source = memory_source(std::make_shared<const std::string>(bytes));
        return file().write(*source);
    }
    BlobFile file() { return {fd_, path_, beat_}; }
    void flip(std::uint64_t at) {
        char c = 0;
        ASSERT_EQ(::pread(fd_.get(), &c, 1, static_cast<off_t>(at)), 1);
        c = static_cast<char>(c ^ 1);
        ASSERT_EQ(::pwrite(fd_.get(), &c, 1, static_cast<off_t>(at)), 1);
    }
    std::uint64_t size() const { return std::filesystem::file_size(path_); }

    fixture::TempDir dir_;
    std::string path_ = dir_.path("blob");
    Fd fd_;
    Beat beat_;
};

constexpr std::size_t kBlock = BlobFile::kBlockBytes;

TEST(Crc32c, matches_the_vectors_of_rfc_3720) {
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
    EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
    std::string rising;
    for (int i = 0; i < 32; ++i)
        rising += static_cast<char>(i);
    EXPECT_EQ(crc32c(rising), 0x46DD794EU);
    EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
    EXPECT_EQ(crc32c(""), 0U);
}

TEST_F(BlobFileTest, gives_back_what_was_written_whatever_the_size) {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, kBlock - 1, kBlock, kBlock + 1, 16 * kBlock,
                                    16 * kBlock + 5, limits::file_read_bytes_max}) {
        const std::string text = noise(bytes);
        const auto written = write(text);
        ASSERT_TRUE(written.ok()) << written.error().message;
        EXPECT_EQ(written->bytes, bytes);
        EXPECT_EQ(written->sha256, sha256_hex(text));
        const auto info = file().info();
        ASSERT_TRUE(info.ok());
        EXPECT_EQ(info->bytes, bytes);
        EXPECT_EQ(info->sha256, written->sha256);
        const auto back = file().read({});
        ASSERT_TRUE(back.ok());
        EXPECT_TRUE(*back == text);
        EXPECT_TRUE(file().verify().ok());
    }
}

TEST_F(BlobFileTest, reads_any_part) {
    const std::string text = noise(3 * kBlock + 100);
    ASSERT_TRUE(write(text).ok());
    const std::uint64_t marks[] = {0, 1, kBlock - 1, kBlock, kBlock + 1, 2 * kBlock, 3 * kBlock + 99, text.size()};
    for (const auto begin : marks) {
        for (const auto end : marks) {
            const auto part = file().read({begin, end});
            ASSERT_TRUE(part.ok());
            const std::string expected = begin < end ? text.substr(begin, end - begin) : "";
            EXPECT_TRUE(*part == expected) << begin << ".." << end;
        }
    }
    EXPECT_EQ(file().read({text.size() - 3, UINT64_MAX})->size(), 3U);
    EXPECT_EQ(*file().read({text.size() + 5, UINT64_MAX}), "");
}

TEST_F(BlobFileTest, reads_at_most_the_limit_at_once) {
    ASSERT_TRUE(write(noise(limits::file_read_bytes_max + 1)).ok());
    EXPECT_EQ(file().read({}).error().code, Errc::too_large);
    EXPECT_EQ(file().read({1, UINT64_MAX})->size(), limits::file_read_bytes_max);
}

TEST_F(BlobFileTest, names_every_kind_of_damage) {
    const std::string text = noise(2 * kBlock + 10);
    ASSERT_TRUE(write(text).ok());
    const std::uint64_t whole = size();
    ASSERT_TRUE(file().verify().ok());
    for (std::uint64_t at : {std::uint64_t{0}, std::uint64_t{kBlock}, text.size() - 1, text.size(), text.size() + 8,
                             whole - 60, whole - 50, whole - 30, whole - 1}) {
        flip(at);
        const auto read = file().read({});
        ASSERT_FALSE(read.ok()) << at;
        EXPECT_EQ(read.error().code, Errc::internal);
        EXPECT_NE(read.error().message.find("damaged"), std::string::npos) << read.error().message;
        EXPECT_FALSE(file().verify().ok()) << at;
        flip(at);
    }
    ASSERT_TRUE(file().read({}).ok());
    flip(kBlock + 5);
    EXPECT_TRUE(file().read({0, kBlock}).ok()) << "the damage is elsewhere";
    EXPECT_FALSE(file().read({kBlock, kBlock + 1}).ok());
    flip(kBlock + 5);
    for (const std::uint64_t left : {whole - 1, whole - 60, whole / 2, std::uint64_t{59}, std::uint64_t{0}}) {
        ASSERT_EQ(::ftruncate(fd_.get(), static_cast<off_t>(left)), 0);
        EXPECT_EQ(file().read({}).error().code, Errc::internal) << left;
        EXPECT_EQ(file().info().error().code, Errc::internal) << left;
    }
}

TEST_F(BlobFileTest, refuses_a_source_that_shrinks) {
    const std::string local = dir_.path("local");
    std::ofstream(local) << noise(3'000'000);
    auto source = file_source(local);
    ASSERT_TRUE(source.ok());
    std::filesystem::resize_file(local, 2'000'000);
    fd_ = Fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_EQ(file().write(**source).error().code, Errc::conflict);
}

TEST(Source, takes_regular_files_up_to_the_limit_only) {
    const fixture::TempDir dir;
    EXPECT_EQ(file_source(dir.path("none")).error().code, Errc::not_found);
    EXPECT_EQ(file_source(dir.path()).error().code, Errc::invalid_argument);
    ASSERT_EQ(::mkfifo(dir.path("pipe").c_str(), 0600), 0);
    EXPECT_EQ(file_source(dir.path("pipe")).error().code, Errc::invalid_argument);
    std::ofstream(dir.path("large")) << "x";
    std::filesystem::resize_file(dir.path("large"), limits::file_bytes_max);
    EXPECT_TRUE(file_source(dir.path("large")).ok());
    std::filesystem::resize_file(dir.path("large"), limits::file_bytes_max + 1);
    EXPECT_EQ(file_source(dir.path("large")).error().code, Errc::too_large);
}

}  // namespace
}  // namespace stoa::files
