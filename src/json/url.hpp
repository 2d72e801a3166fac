#pragma once
// Percent-encoding (RFC 3986). Pure functions, any thread.

#include <string>
#include <string_view>

namespace stoa::json {

/// `+` becomes a space; a `%` without two hex digits stays as it is, as PHP's urldecode does.
std::string url_decode(std::string_view text);
/// Everything but A-Z a-z 0-9 - . _ ~ as %XX; fit for a path segment, a query and a form body alike.
std::string url_encode(std::string_view text);

}  // namespace stoa::json
