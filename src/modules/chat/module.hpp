#pragma once
// The chat: dialogs of two, group chats, messages. Called once at start.

#include "api/method.hpp"
#include "model/registry.hpp"

namespace stoa::chat {

Status register_entities(model::Registry& registry);
void add_methods(api::MethodTable& table);

}  // namespace stoa::chat
