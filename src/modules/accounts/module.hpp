#pragma once
// Accounts: who may come in, and how. Called once at start.

#include <vector>

#include "api/method.hpp"
#include "db/schema.hpp"
#include "model/registry.hpp"

namespace stoa::accounts {

/// The numbered steps of this module's own tables (0100–0199).
const std::vector<db::Migration>& migrations();
Status register_entities(model::Registry& registry);
void add_methods(api::MethodTable& table);

}  // namespace stoa::accounts
