#pragma once
// The method tables of this module, one per file.

#include "api/method.hpp"

namespace stoa::timeman {

std::vector<api::Method> workday_methods();

}  // namespace stoa::timeman
