#include "files/source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/fd.hpp"
#include "base/limits.hpp"

namespace stoa::files {
namespace {

class MemorySource final : public Source {
  public:
    explicit MemorySource(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}
    std::uint64_t bytes() const override { return bytes_->size(); }
    Result<std::string_view> piece(std::uint64_t offset, std::size_t size) override {
        return std::string_view(*bytes_).substr(static_cast<std::size_t>(offset), size);
    }

  private:
    std::shared_ptr<const std::string> bytes_;
};

Error local_fault(const std::string& what) {
    return internal_error(what + ": " + std::generic_category().message(errno) + ".");
}

class FileSource final : public Source {
  public:
    FileSource(Fd fd, std::uint64_t bytes) : fd_(std::move(fd)), bytes_(bytes) {}
    std::uint64_t bytes() const override { return bytes_; }
    Result<std::string_view> piece(std::uint64_t offset, std::size_t size) override {
        if (buffer_.size() < size) buffer_.resize(size);
        std::size_t have = 0;
        while (have < size) {
            const auto n = ::pread(fd_.get(), buffer_.data() + have, size - have, static_cast<off_t>(offset + have));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return local_fault("The uploaded file cannot be read");
            if (n == 0) return Error{Errc::conflict, "The file became shorter while it was stored."};
            have += static_cast<std::size_t>(n);
        }
        return std::string_view(buffer_).substr(0, size);
    }

  private:
    Fd fd_;
    std::uint64_t bytes_;
    std::string buffer_;
};

}  // namespace

std::unique_ptr<Source> memory_source(std::shared_ptr<const std::string> bytes) {
    return std::make_unique<MemorySource>(std::move(bytes));
}

Result<std::unique_ptr<Source>> file_source(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // opening a pipe must not wait for its writer
    if (!fd && errno == ENOENT) return not_found("There is no file " + path + ".");
    if (!fd) return local_fault("Cannot open " + path);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return local_fault("Cannot read " + path);
    if (!S_ISREG(info.st_mode)) return invalid(path + " is not a regular file.", "path");
    const auto bytes = static_cast<std::uint64_t>(info.st_size);
    if (bytes > limits::file_bytes_max) {
        return Error{Errc::too_large,
                     "A stored file may have at most " + std::to_string(limits::file_bytes_max >> 30) + " GiB."};
    }
    return std::unique_ptr<Source>(std::make_unique<FileSource>(std::move(fd), bytes));
}

}  // namespace stoa::files
