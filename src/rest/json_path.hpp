#pragma once
// Finds one value inside JSON text that our own Writer made, without building a tree: batch references look into the
// answers of earlier commands, which may be large. Pure functions, any thread. Text that is not valid JSON is "absent".

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stoa::rest {

/// The value at the path: object keys, and positions from 0 in lists. nullopt when there is none.
std::optional<std::string_view> find_in_json(std::string_view json, std::span<const std::string> path);

/// The elements of a list, or the values of an object, in order; empty for scalars. At most `count_max`.
std::vector<std::string_view> json_items(std::string_view json, std::size_t count_max);

}  // namespace stoa::rest
