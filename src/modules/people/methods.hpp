#pragma once
// The method tables of this module, one per .cpp.

#include "api/method.hpp"

namespace stoa::people {

void add_user_methods(api::MethodTable& table);
void add_department_methods(api::MethodTable& table);

}  // namespace stoa::people
