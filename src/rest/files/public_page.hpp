#pragma once
// The page behind a public link to a folder. Pure function, any thread.

#include <string>
#include <string_view>

#include "api/public_files.hpp"

namespace stoa::rest {

/// Plain HTML without scripts: names, sizes, links `?file=n`.
std::string public_folder_html(const api::PublicPage& page, std::string_view language);

}  // namespace stoa::rest
