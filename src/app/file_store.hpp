#pragma once
// The store of files that the configuration names: DATA_DIR/files when it names none.

#include <memory>

#include "base/config.hpp"
#include "files/store.hpp"

namespace stoa::app {

/// Blocking for a few seconds at most. A store that is down opens all the same, see files/open.hpp.
Result<std::unique_ptr<files::Store>> open_file_store(const Config& config);

}  // namespace stoa::app
