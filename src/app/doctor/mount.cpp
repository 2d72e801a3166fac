#include "app/doctor/mount.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

namespace stoa::app::doctor {
namespace {

std::string_view next_word(std::string_view& line) {
    const auto end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

/// The kernel writes a space as \040.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool octal =
            text[i] == '\\' && i + 3 < text.size() &&
            std::all_of(text.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                        text.begin() + static_cast<std::ptrdiff_t>(i) + 4, [](char c) { return c >= '0' && c <= '7'; });
        if (!octal) {
            out += text[i];
            continue;
        }
        out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
        i += 3;
    }
    return out;
}

bool lies_below(std::string_view path, std::string_view folder) {
    if (folder == "/") return true;
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace

bool Mount::has(std::string_view option) const {
    return ("," + options + ",").find("," + std::string(option) + ",") != std::string::npos;
}

bool Mount::is_network() const {
    constexpr std::string_view kTypes[] = {"nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "9p", "lustre", "gfs2"};
    const std::string_view plain =
        std::string_view(type).starts_with("fuse.") ? std::string_view(type).substr(5) : type;
    return std::find(std::begin(kTypes), std::end(kTypes), plain) != std::end(kTypes);
}

std::optional<Mount> mount_of(std::string_view proc_mounts, std::string_view path) {
    std::optional<Mount> best;
    while (!proc_mounts.empty()) {
        const auto end = std::min(proc_mounts.find('\n'), proc_mounts.size());
        std::string_view line = proc_mounts.substr(0, end);
        proc_mounts.remove_prefix(std::min(end + 1, proc_mounts.size()));
        next_word(line);  // the device
        Mount mount;
        mount.folder = unescaped(next_word(line));
        mount.type = next_word(line);
        mount.options = next_word(line);
        if (lies_below(path, mount.folder) && (!best || mount.folder.size() >= best->folder.size()))
            best = std::move(mount);
    }
    return best;
}

std::optional<Space> free_space(const std::string& path, int timeout_ms) {
    // A thread that nobody waits for: on a dead share it ends with the program.
    const auto answer = std::make_shared<std::promise<std::optional<Space>>>();
    auto future = answer->get_future();
    std::thread([answer, path] {
        struct statvfs disk {};
        if (::statvfs(path.c_str(), &disk) != 0) {
            answer->set_value(std::nullopt);
            return;
        }
        Space space;
        space.free_bytes = static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
        if (disk.f_files > 0)
            space.free_inodes_share = static_cast<double>(disk.f_favail) / static_cast<double>(disk.f_files);
        answer->set_value(space);
    }).detach();
    if (future.wait_for(std::chrono::milliseconds(timeout_ms)) != std::future_status::ready) return std::nullopt;
    return future.get();
}

}  // namespace stoa::app::doctor
