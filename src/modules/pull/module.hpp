#pragma once
// Push & pull: what clients ask before they connect to the push server. Called once at start.

#include "api/method.hpp"

namespace stoa::pull {

void add_methods(api::MethodTable& table);

}  // namespace stoa::pull
