#pragma once
// The method tables of this module, one per file.

#include "api/method.hpp"

namespace stoa::chat {

std::vector<api::Method> chat_methods();
std::vector<api::Method> member_methods();
std::vector<api::Method> dialog_methods();
std::vector<api::Method> message_methods();
std::vector<api::Method> history_methods();
std::vector<api::Method> recent_methods();
std::vector<api::Method> counter_methods();
std::vector<api::Method> search_methods();
std::vector<api::Method> user_methods();

}  // namespace stoa::chat
