#include "app/doctor/mount.hpp"

#include <gtest/gtest.h>

namespace stoa::app::doctor {
namespace {

constexpr std::string_view kMounts =
    "/dev/vda / ext4 rw,relatime 0 0\n"
    "nas:/x /srv nfs4 rw,noatime,vers=4.2 0 0\n"
    "/dev/vdb /srv/my\\040files xfs rw 0 0\n"
    "files /mnt/share fuse.glusterfs rw,relatime 0 0\n";

TEST(Mount, the_deepest_mount_above_a_path_counts) {
    EXPECT_EQ(mount_of(kMounts, "/home/x")->type, "ext4");
    EXPECT_EQ(mount_of(kMounts, "/srv")->type, "nfs4");
    EXPECT_EQ(mount_of(kMounts, "/srv/a")->type, "nfs4");
    EXPECT_EQ(mount_of(kMounts, "/srvx/a")->type, "ext4");
    EXPECT_EQ(mount_of(kMounts, "/srv/my files/a")->type, "xfs");
    EXPECT_FALSE(mount_of("", "/srv"));
}

TEST(Mount, options_are_whole_words) {
    const Mount mount = mount_of(kMounts, "/srv/a").value();
    EXPECT_TRUE(mount.has("noatime"));
    EXPECT_FALSE(mount.has("atime"));
    EXPECT_FALSE(mount.has("vers"));
}

TEST(Mount, shares_are_told_from_disks) {
    EXPECT_TRUE(mount_of(kMounts, "/srv/a")->is_network());
    EXPECT_TRUE(mount_of(kMounts, "/mnt/share/a")->is_network());
    EXPECT_FALSE(mount_of(kMounts, "/")->is_network());
}

TEST(Mount, free_space_is_told_in_time) {
    EXPECT_GT(free_space("/", 2'000)->free_bytes, 0);
    EXPECT_FALSE(free_space("/nonexistent", 2'000));
}

}  // namespace
}  // namespace stoa::app::doctor
