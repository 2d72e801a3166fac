#pragma once
// A host's disk that takes no writes for a while: its file system is frozen. Who writes or syncs sleeps in the kernel
// meanwhile, where not even SIGKILL reaches it (ioctl_fifreeze; Documentation/filesystems in Linux). Root only.

#include <string>

#include "base/result.hpp"

namespace stoa::cluster::lab {

/// `dir` is where the file system is mounted. Fine when it is frozen already. Blocks until what is under way is
/// written.
Status freeze_volume(const std::string& dir);
/// Fine when it is not frozen.
Status thaw_volume(const std::string& dir);
/// All file systems mounted below the folder.
void thaw_below(const std::string& dir);

}  // namespace stoa::cluster::lab
