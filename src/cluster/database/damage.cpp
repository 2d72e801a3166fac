#include "cluster/database/damage.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/fd.hpp"

namespace stoa::cluster::database {
namespace {

constexpr std::size_t kBytesMax = 256 * 1024;
constexpr std::size_t kLineBytesMax = 2'000;

struct stat about(const std::string& path) {
    struct stat found {};
    if (path.empty() || ::stat(path.c_str(), &found) != 0) found = {};
    return found;
}

}  // namespace

bool tells_of_damage(std::string_view line) {
    if (line.find("[ERROR]") == std::string_view::npos) return false;
    static constexpr std::array<std::string_view, 4> kSigns = {
        "Page read from tablespace is corrupted",
        "Database page corruption on disk",
        "We detected index corruption in an InnoDB type table",
        "is corrupt; try to repair it",
    };
    return std::any_of(kSigns.begin(), kSigns.end(),
                       [&](std::string_view sign) { return line.find(sign) != std::string_view::npos; });
}

bool is_damage(int error) {
    static constexpr std::array kErrors = {
        1034,  // index of a table is corrupt: what InnoDB says when a page cannot be read
        1194,  // table is marked as crashed
        1195,  // the same, and it could not be repaired
        1712,  // index is corrupt
        1877,  // table is corrupt or contains bad data
    };
    return std::find(kErrors.begin(), kErrors.end(), error) != kErrors.end();
}

DamageLog::DamageLog(std::string path) : path_(std::move(path)) {
    const auto now = about(path_);
    at_ = now.st_size;
    file_ = now.st_ino;
}

bool DamageLog::look() {
    const auto now = about(path_);
    if (now.st_ino != file_ || now.st_size < at_) {
        file_ = now.st_ino;
        at_ = 0;
        rest_.clear();
    }
    if (now.st_size == at_) return false;
    const Fd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text(std::min(kBytesMax, static_cast<std::size_t>(now.st_size - at_)), '\0');
    const ssize_t got = file ? ::pread(file.get(), text.data(), text.size(), at_) : 0;
    if (got <= 0) return false;
    text.resize(static_cast<std::size_t>(got));
    at_ += got;
    text.insert(0, rest_);
    bool found = false;
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        const std::string_view line = std::string_view(text).substr(begin, end - begin);
        if (!found && tells_of_damage(line)) {
            line_ = line.substr(0, kLineBytesMax);
            found = true;
        }
        begin = end + 1;
    }
    rest_ = text.substr(begin).substr(0, kLineBytesMax);
    return found;
}

}  // namespace stoa::cluster::database
