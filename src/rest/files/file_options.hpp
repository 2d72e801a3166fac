#pragma once
// Where the wire keeps files and what it needs to serve them.

#include <string>

#include "api/public_files.hpp"
#include "base/limits.hpp"
#include "files/store.hpp"

namespace stoa::rest {

struct FileOptions {
    files::Store* store = nullptr;     ///< nullptr: requests with files are refused; must outlive the Endpoint's use
    bool presigned_downloads = false;  ///< send browsers to the store itself, where it has addresses for them
    std::string folder = "/tmp";       ///< local, for files that are put together from parts
    std::size_t memory_bytes_max = limits::file_bytes_in_memory_max;
    api::PublicFinder find_public{};  ///< nullptr: there are no public links
};

}  // namespace stoa::rest
