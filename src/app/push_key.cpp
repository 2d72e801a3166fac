#include "app/push_key.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/fd.hpp"
#include "base/file_util.hpp"
#include "base/random.hpp"

namespace stoa::app {
namespace {

constexpr std::size_t kKeyBytesMin = 16;
constexpr std::size_t kKeyBytesMax = 4'096;
constexpr std::size_t kMadeBytes = 43;  ///< letters and digits: 256 bits
constexpr int kLookMs = 20, kLooks = 50;

Result<std::string> read_key(const std::string& path) {
    STOA_TRY(std::string key, read_file(path, kKeyBytesMax));
    while (!key.empty() && (key.back() == '\n' || key.back() == '\r'))
        key.pop_back();
    if (key.size() >= kKeyBytesMin) return key;
    return invalid(path + " holds no key: at least " + std::to_string(kKeyBytesMin) + " bytes are needed.",
                   "push.key_file");
}

/// Processes that start together make one key: whoever creates the file.
Status make_key(const std::string& path) {
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file && errno == EEXIST) return {};
    const std::string key = random_alnum(kMadeBytes) + "\n";
    const bool written = file && ::write(file.get(), key.data(), key.size()) == static_cast<ssize_t>(key.size());
    if (written && ::fsync(file.get()) == 0) return {};
    return internal_error(path + " cannot be written: " + std::generic_category().message(errno));
}

}  // namespace

Result<std::string> push_key(const Config& config) {
    if (!config.push.key_file.empty()) return read_key(config.push.key_file);
    const std::string path = config.data_dir + "/push.key";
    STOA_CHECK(make_dir(config.data_dir, 0700));
    STOA_CHECK(make_key(path));
    auto key = read_key(path);
    for (int i = 0; i < kLooks && !key && key.error().code == Errc::invalid_argument; ++i) {
        ::usleep(kLookMs * 1'000);  // another process is writing it
        key = read_key(path);
    }
    return key;
}

}  // namespace stoa::app
