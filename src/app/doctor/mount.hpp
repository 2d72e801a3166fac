#pragma once
// Where a folder is mounted and how, and how much room it has. Functions; free_space() may wait for the mount as long
// as it is told to.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stoa::app::doctor {

struct Mount {
    std::string folder;   ///< "/srv/stoa"
    std::string type;     ///< "nfs4", "fuse.glusterfs", "ext4"
    std::string options;  ///< "rw,noatime,vers=4.2"
    bool has(std::string_view option) const;
    bool is_network() const;
};

/// The mount that an absolute path lies on, out of the text of /proc/mounts; the last of the longest folder counts.
std::optional<Mount> mount_of(std::string_view proc_mounts, std::string_view path);

struct Space {
    std::int64_t free_bytes = 0;
    double free_inodes_share = 1;  ///< 1 where the file system has no such limit
};
/// Nothing when the file system did not answer in time, which a dead share never does.
std::optional<Space> free_space(const std::string& path, int timeout_ms);

}  // namespace stoa::app::doctor
