#pragma once
// References of batch commands to the answers of earlier ones. Pure functions, any thread.
//
// v2: `$result[key][field][0]` anywhere in a parameter value. A value that is nothing but one reference becomes the
//     referenced value with its type; inside other text scalars are inserted as text. What is missing is empty.
// v3: {"$ref": "alias.field"} and {"$refArray": "alias.field"} (that field of each record of a list). The `item` and
//     `items` wrappers of an answer may be named or left out. What is missing is an error.
// What references bring in is bounded, because one small batch could otherwise fill the memory.

#include <cstddef>
#include <string>

#include "base/result.hpp"
#include "json/php_array.hpp"
#include "json/value.hpp"

namespace stoa::rest {

/// JSON text that the references of one command may bring in.
inline constexpr std::size_t reference_bytes_max = 4 * 1024 * 1024;

/// Answers of earlier commands by key (v3: by alias), as JSON text of our own making.
using BatchAnswers = json::RawMembers;

bool has_references(const json::Value& parameters);
/// Errors: too_large.
Result<json::Value> resolve_references(const json::Value& parameters, const BatchAnswers& earlier);

bool has_references_v3(const json::Value& parameters);
/// Errors: invalid_argument for a reference to nothing, too_large.
Result<json::Value> resolve_references_v3(const json::Value& parameters, const BatchAnswers& earlier);

}  // namespace stoa::rest
