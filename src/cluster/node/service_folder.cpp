#include "cluster/node/service_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/fd.hpp"
#include "base/file_util.hpp"
#include "base/log.hpp"
#include "cluster/limits.hpp"

namespace stoa::cluster::node {
namespace {

constexpr std::string_view kDir = "{{dir}}";
constexpr std::string_view kSecret = "{{secret:";
constexpr std::string_view kEnd = "}}";
constexpr std::size_t kSecretBytesMax = 64 * 1024;
constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

bool is_kept_by_agent(const std::string& path) {
    return path == "pid" || path == "prepared" || path == "output.log" || path == "output.log.1";
}

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
    std::string out;
    std::size_t begin = 0, at = 0;
    while ((at = text.find(what, begin)) != text.npos) {
        out += text.substr(begin, at - begin);
        out += with;
        begin = at + what.size();
    }
    return out += text.substr(begin);
}

}  // namespace

ServiceFolder::ServiceFolder(std::string path, std::string secrets_dir)
    : path_(std::move(path)), secrets_dir_(std::move(secrets_dir)) {}

Status ServiceFolder::make() const {
    return make_dir(path_, 0755);
}

std::string ServiceFolder::filled(std::string_view text) const {
    return replaced(text, kDir, path_);
}

std::vector<std::string> ServiceFolder::filled(const std::vector<std::string>& texts) const {
    std::vector<std::string> out;
    for (const std::string& text : texts)
        out.push_back(filled(text));
    return out;
}

Result<std::string> ServiceFolder::secret(std::string_view name) const {
    const bool is_name = !name.empty() && name.front() != '.' && name.find_first_not_of(kNameCharacters) == name.npos;
    if (!is_name) return invalid("A file names the secret \"" + std::string(name) + "\", which is no name of one.");
    const std::string path = secrets_dir_ + "/" + std::string(name);
    auto text = secrets_dir_.empty() ? Result<std::string>(not_found("no folder of secrets is configured"))
                                     : read_file(path, kSecretBytesMax);
    if (!text) {
        return Error{text.error().code, "The secret " + std::string(name) + " cannot be read: " + text.error().message};
    }
    while (!text->empty() && text->back() == '\n')
        text->pop_back();
    return std::move(*text);
}

Result<std::string> ServiceFolder::rendered(const ServiceFile& file) const {
    const std::string text = filled(file.content);
    std::string out;
    std::size_t begin = 0, at = 0;
    while ((at = text.find(kSecret, begin)) != text.npos) {
        const std::size_t name = at + kSecret.size();
        const std::size_t end = text.find(kEnd, name);
        if (end == text.npos) break;
        STOA_TRY(const std::string value, secret(std::string_view(text).substr(name, end - name)));
        out += text.substr(begin, at - begin) + value;
        begin = end + kEnd.size();
    }
    return out + text.substr(begin);
}

Status ServiceFolder::write(const Service& service) const {
    STOA_CHECK(make());
    for (const std::string& folder : service.folders)
        STOA_CHECK(make_dir(path_ + "/" + folder, 0755));
    for (const ServiceFile& file : service.files) {
        if (is_kept_by_agent(file.path)) return invalid("The name " + file.path + " is the agent's own.", "files");
        const std::string path = path_ + "/" + file.path;
        STOA_TRY(const std::string content, rendered(file));
        const auto now = read_file(path, content.size());
        struct stat found {};
        const auto mode = static_cast<mode_t>(file.mode);
        const bool is_right = now && *now == content && ::stat(path.c_str(), &found) == 0;
        if (is_right && (found.st_mode & 07777) == mode) continue;
        STOA_CHECK(make_dir(std::filesystem::path(path).parent_path().string(), 0755));
        STOA_CHECK(write_file_atomic(path, content, mode));
    }
    return {};
}

std::string ServiceFolder::config_hash_on_disk(const Service& service) {
    Service found = service;
    for (ServiceFile& file : found.files) {
        if (!file.shared) continue;
        struct stat now {};
        const std::string path = path_ + "/" + file.path;
        if (::stat(path.c_str(), &now) != 0) now.st_size = -1;
        Seen& seen = seen_[file.path];
        const std::int64_t changed_ns = now.st_mtim.tv_sec * 1'000'000'000 + now.st_mtim.tv_nsec;
        const bool as_seen = seen.changed_ns == changed_ns && seen.bytes == now.st_size && seen.inode == now.st_ino &&
                             seen.planned == file.content;
        if (!as_seen || now.st_size < 0) {
            const auto content = read_file(path, limits::etcd_value_bytes_max);
            const auto wanted = rendered(file);
            // The plan's own text while the file is what comes of it, so that hosts with other folders and secrets have
            // one hash.
            const bool is_right = content && wanted && *content == *wanted;
            seen = {changed_ns, now.st_size, now.st_ino, file.content,
                    is_right ? file.content : content.value_or("(absent)")};
        }
        file.content = seen.content;
    }
    return config_hash(found);
}

void ServiceFolder::bound_output(std::int64_t bytes_max) const {
    struct stat now {};
    const std::string path = output_path();
    if (::stat(path.c_str(), &now) != 0 || now.st_size <= bytes_max) return;
    // Copied and emptied, not renamed: the process goes on writing to the file that it has open.
    const Fd from(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    const Fd to(::open((path + ".1").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    loff_t offset = now.st_size > bytes_max ? now.st_size - bytes_max : 0;  // its end, when it grew past all bounds
    while (from && to && offset < now.st_size) {
        const ssize_t copied = ::copy_file_range(from.get(), &offset, to.get(), nullptr,
                                                 static_cast<std::size_t>(now.st_size - offset), 0);
        if (copied <= 0) break;
    }
    if (::truncate(path.c_str(), 0) != 0) {
        log::warn("output_not_bounded", {{"path", path}, {"reason", std::strerror(errno)}});
    }
}

}  // namespace stoa::cluster::node
