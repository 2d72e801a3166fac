#include "base/file_util.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/fd.hpp"
#include "base/random.hpp"

namespace stoa {
namespace {

Error system_error(std::string_view what, const std::string& path) {
    const int code = errno;
    Error error;
    error.message = std::string(what) + " " + path + ": " + std::generic_category().message(code) + ".";
    if (code == ENOENT) error.code = Errc::not_found;
    if (code == EACCES || code == EPERM) error.code = Errc::forbidden;
    return error;
}

std::string parent_of(const std::string& path) {
    const auto slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Status write_all(const Fd& fd, std::string_view bytes, const std::string& path) {
    while (!bytes.empty()) {
        const auto n = ::write(fd.get(), bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_error("Cannot write", path);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

Status write_and_sync(const std::string& path, std::string_view bytes, mode_t mode) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!fd) return system_error("Cannot create", path);
    if (::fchmod(fd.get(), mode) != 0) return system_error("Cannot set the mode of", path);
    STOA_CHECK(write_all(fd, bytes, path));
    if (::fsync(fd.get()) != 0) return system_error("Cannot sync", path);
    return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return system_error("Cannot open", path);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return system_error("Cannot read", path);
    std::string out;
    // The size is a hint only: files of /proc say 0, and a file may grow while it is read.
    std::size_t room = info.st_size > 0 ? static_cast<std::size_t>(info.st_size) + 1 : 4096;
    while (true) {
        const std::size_t have = out.size();
        if (have > bytes_max) {
            return Error{Errc::too_large, path + " has more than " + std::to_string(bytes_max) + " bytes."};
        }
        room = std::min(room, bytes_max - have + 1);
        out.resize(have + room);
        const auto n = ::read(fd.get(), out.data() + have, room);
        out.resize(have + (n > 0 ? static_cast<std::size_t>(n) : 0));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_error("Cannot read", path);
        if (n == 0) return out;
        room = 64 * 1024;
    }
}

Status write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode) {
    const std::string temporary = path + "." + random_alnum(8) + ".tmp";
    if (auto written = write_and_sync(temporary, bytes, mode); !written) {
        ::unlink(temporary.c_str());
        return written;
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        auto error = system_error("Cannot replace", path);
        ::unlink(temporary.c_str());
        return error;
    }
    const std::string folder = parent_of(path);
    const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return system_error("Cannot sync", folder);
    return {};
}

Status make_dir(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0) return {};
    if (errno == ENOENT && parent_of(path) != path) {
        STOA_CHECK(make_dir(parent_of(path), 0755));
        if (::mkdir(path.c_str(), mode) == 0) return {};
    }
    struct stat info {};
    if (errno == EEXIST && ::stat(path.c_str(), &info) == 0) {
        if (S_ISDIR(info.st_mode)) return {};
        return Error{Errc::already_exists, path + " exists and is not a folder."};
    }
    return system_error("Cannot make the folder", path);
}

}  // namespace stoa
