#pragma once
// The key that signs channels of the push server. Blocking: at start only.

#include <string>

#include "base/config.hpp"
#include "base/result.hpp"

namespace stoa::app {

/// Read from push.key_file, or from push.key in data_dir, where it is made when it is not there. Errors: those of the
/// file; invalid_argument naming push.key_file when it is too short to be a key.
Result<std::string> push_key(const Config& config);

}  // namespace stoa::app
