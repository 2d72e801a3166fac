#pragma once
// Small files: configuration, keys, certificates. Blocking: never on an I/O thread.
// Errors: not_found, forbidden, too_large, already_exists, else internal with the path and the system's reason.

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace stoa {

/// The whole file; too_large when it has more than bytes_max.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

/// Readers see the old file or the new one, also after a power cut: temporary file, fsync, rename, fsync of the folder.
Status write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode = 0644);

/// Makes the folder and its missing parents; fine when it exists as a folder. The mode is for the last one.
Status make_dir(const std::string& path, mode_t mode = 0755);

}  // namespace stoa
