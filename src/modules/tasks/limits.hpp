#pragma once
// Bounds of this module, with their units in the names. Each is tested at the limit and one above.

#include <cstddef>

namespace stoa::limits {

inline constexpr std::size_t task_people_told_max = 200;  ///< of one task, about one change; creator and assignee first

}  // namespace stoa::limits
