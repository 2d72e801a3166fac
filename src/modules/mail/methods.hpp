#pragma once
// The method tables of this module, one per file.

#include "api/method.hpp"

namespace stoa::mail {

std::vector<api::Method> mailbox_methods();

}  // namespace stoa::mail
