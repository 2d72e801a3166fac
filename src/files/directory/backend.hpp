#pragma once
// Stored files in a directory, local or a mounted share (NFS, GlusterFS, CephFS). The layout is in tree.hpp, the form
// of a file in blob_file.hpp. Several processes on several machines may use the same share.

#include <memory>
#include <string>

#include "files/backend.hpp"

namespace stoa::files {

std::shared_ptr<Backend> directory_backend(std::string root, bool create);

}  // namespace stoa::files
