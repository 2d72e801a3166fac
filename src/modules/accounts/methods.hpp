#pragma once
// The method tables of this module, one per .cpp.

#include "api/method.hpp"

namespace stoa::accounts {

void add_identity_methods(api::MethodTable& table);
void add_option_methods(api::MethodTable& table);

}  // namespace stoa::accounts
