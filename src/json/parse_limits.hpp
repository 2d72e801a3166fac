#pragma once
// The JSON parser with other limits than those for requests: for documents of engines, and inside this folder.
// Pure function, any thread.

#include <cstddef>
#include <string_view>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace stoa::json {

struct ParseLimits {
    int depth_max = limits::json_depth_max;
    std::size_t values_max = limits::parameters_max;  ///< members and elements, all levels together
};

Result<Value> parse_within(std::string_view text, const ParseLimits& within);

}  // namespace stoa::json
