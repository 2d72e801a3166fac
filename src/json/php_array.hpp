#pragma once
// How PHP prints its arrays as JSON; clients of the REST protocol rely on it. Pure functions, any thread.

#include <string>
#include <utility>
#include <vector>

#include "json/writer.hpp"

namespace stoa::json {

/// Keys with ready JSON values.
using RawMembers = std::vector<std::pair<std::string, std::string>>;

/// [] when empty, a list when the keys are exactly "0", "1", … in order, otherwise an object.
void write_php_map(Writer& out, const RawMembers& members);

}  // namespace stoa::json
