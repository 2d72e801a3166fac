#pragma once
// Text → json::Value, for hostile input. Pure functions, any thread.
// Limits (depth, members) are in base/limits.hpp; over a limit is Errc::too_large, bad syntax Errc::invalid_argument.

#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"

namespace stoa::json {

/// RFC 8259 JSON. Rejects invalid UTF-8, NUL inside strings, trailing text and nesting over limits::json_depth_max.
/// Integers over 64 bits become reals. Repeated keys: the last wins.
Result<Value> parse(std::string_view text);

/// application/x-www-form-urlencoded or a query string, with PHP nesting: a[b][]=1&a[c][d]=2, `+` = space, keys
/// percent-encoded or not, later duplicates win, order of first appearance kept, trailing `&` allowed.
/// https://www.php.net/manual/en/function.parse-str.php
Result<Value> parse_form(std::string_view text);

/// multipart/form-data (RFC 7578). Field names nest as in parse_form. A file part becomes
/// ["file name", "base64 of its bytes"], which is the REST protocol's own form of a file.
Result<Value> parse_multipart(std::string_view body, std::string_view content_type);

/// The file in a field of such a body (or else the first file there is), not copied: `content` points into the body.
struct FormFile {
    std::string name;
    std::string_view content;
};
Result<FormFile> find_form_file(std::string_view body, std::string_view content_type, std::string_view field);

/// Adds `from`'s members to the object `into`; existing keys are replaced, objects are not merged deeply.
void merge(Value& into, Value from);

}  // namespace stoa::json
