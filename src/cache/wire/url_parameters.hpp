#pragma once
// Parameters in the addresses of engines. Pure functions; errors name the parameter.

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/engine_url.hpp"
#include "base/result.hpp"

namespace stoa::cache {

/// invalid_argument when the address has a parameter that is not among the names.
Status check_parameters(const EngineUrl& url, std::initializer_list<std::string_view> names);
Result<int> url_number(const EngineUrl& url, const std::string& name, int otherwise, int low, int high);
Result<int> read_number(std::string_view text, const std::string& name, int low, int high);
/// The parameter "prefix": what stands before each key and channel on a shared server, 40 bytes without blanks at most.
Result<std::string> url_prefix(const EngineUrl& url);

}  // namespace stoa::cache
