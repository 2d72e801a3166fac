#pragma once
// A file compiled into the binary (cmake/embed_files.cmake). Immutable, any thread.

#include <string_view>

namespace stoa::base {

struct EmbeddedFile {
    std::string_view name;  ///< path relative to the folder that embeds it
    std::string_view bytes;
};

}  // namespace stoa::base
