#pragma once
// The drive: storages, folders, files, versions. Called once at start.

#include "api/method.hpp"
#include "model/registry.hpp"

namespace stoa::drive {

Status register_entities(model::Registry& registry);
void add_methods(api::MethodTable& table);

}  // namespace stoa::drive
