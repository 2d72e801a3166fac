#pragma once
// The method tables of this module, one per file.

#include "api/method.hpp"
#include "modules/notify/replies.hpp"

namespace stoa::notify {

std::vector<api::Method> send_methods();
std::vector<api::Method> list_methods();
std::vector<api::Method> read_methods();
std::vector<api::Method> reply_methods(ReplyListener* listener);

}  // namespace stoa::notify
