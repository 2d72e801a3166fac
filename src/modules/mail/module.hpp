#pragma once
// Mail: the mailboxes that people have connected. Called once at start.

#include "api/method.hpp"
#include "model/registry.hpp"

namespace stoa::mail {

Status register_entities(model::Registry& registry);
void add_methods(api::MethodTable& table);

}  // namespace stoa::mail
