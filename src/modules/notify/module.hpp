#pragma once
// Notifications and what users want to hear of. Called once at start.

#include "api/method.hpp"
#include "model/registry.hpp"
#include "modules/notify/replies.hpp"

namespace stoa::notify {

Status register_entities(model::Registry& registry);
/// The listener, if any, lives as long as the program.
void add_methods(api::MethodTable& table, ReplyListener* listener = nullptr);

}  // namespace stoa::notify
