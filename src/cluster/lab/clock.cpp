#include "cluster/lab/clock.hpp"

#include <filesystem>

#include "base/file_util.hpp"

namespace stoa::cluster::lab {
namespace {

constexpr std::size_t kFileBytesMax = 64;
constexpr const char* kRight = "+0s";

std::string file_of(const LabInfo& info, const LabNode& node) {
    return info.dir + "/clocks/" + node.name;
}

}  // namespace

std::string clock_library() {
    for (const char* triplet : {"x86_64-linux-gnu", "aarch64-linux-gnu"}) {
        std::string path = std::string("/usr/lib/") + triplet + "/faketime/libfaketimeMT.so.1";
        std::error_code none;
        if (std::filesystem::exists(path, none)) return path;
    }
    return {};
}

std::vector<std::string> with_own_clock(const LabInfo& info, const LabNode& node,
                                        const std::vector<std::string>& argv) {
    std::vector<std::string> all{"env",
                                 "LD_PRELOAD=" + clock_library(),
                                 "FAKETIME_TIMESTAMP_FILE=" + file_of(info, node),
                                 "FAKETIME_CACHE_DURATION=1",
                                 "FAKETIME_DONT_FAKE_MONOTONIC=1",
                                 "FAKETIME_ONLY_CMDS=stoa,mariadbd",
                                 "NO_FAKE_STAT=1"};
    all.insert(all.end(), argv.begin(), argv.end());
    return all;
}

Status set_clock(const LabInfo& info, const LabNode& node, int ahead_s) {
    if (!info.clocks) return invalid("The hosts of this lab share one clock. See: stoa lab up --clocks", "fault");
    if (!has_own_clock(info, node)) return invalid("Only web and db hosts have clocks of their own.", "name");
    STOA_CHECK(make_dir(info.dir + "/clocks", 0700));
    const std::string text = ahead_s == 0 ? kRight : (ahead_s > 0 ? "+" : "") + std::to_string(ahead_s) + "s";
    return write_file_atomic(file_of(info, node), text + "\n", 0600);
}

bool has_own_clock(const LabInfo& info, const LabNode& node) {
    return info.clocks && (node.role == "web" || node.role == "db");
}

bool clock_is_wrong(const LabInfo& info, const LabNode& node) {
    const auto text = info.clocks ? read_file(file_of(info, node), kFileBytesMax) : Result<std::string>(std::string());
    return text && !text->empty() && !text->starts_with(kRight);
}

}  // namespace stoa::cluster::lab
