#include "cluster/lab/disk_stall.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "base/fd.hpp"
#include "cluster/lab/host.hpp"

namespace stoa::cluster::lab {
namespace {

/// `fine` is the error that says it was done before.
Status control(const std::string& dir, unsigned long request, int fine) {
    const Fd volume(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!volume) return internal_error("Cannot open " + dir + ": " + std::strerror(errno));
    if (::ioctl(volume.get(), request, 0) == 0 || errno == fine) return {};
    return internal_error("Cannot freeze or thaw " + dir + ": " + std::strerror(errno));
}

}  // namespace

Status freeze_volume(const std::string& dir) {
    return control(dir, FIFREEZE, EBUSY);
}

Status thaw_volume(const std::string& dir) {
    return control(dir, FITHAW, EINVAL);
}

void thaw_below(const std::string& dir) {
    for (const std::string& mount : mounts_below(dir))
        (void)thaw_volume(mount);  // others than ours cannot be frozen
}

}  // namespace stoa::cluster::lab
