#pragma once
// What the wire itself brings along: its entities (event handlers, deliveries, offline events, placements) and the
// methods that are about the wire. Called once at start, before Registry::tables() and before the Endpoint is made.

#include "api/method.hpp"
#include "model/registry.hpp"

namespace stoa::rest {

Status register_entities(model::Registry& registry);
void add_methods(api::MethodTable& table);

// The parts of add_methods, one per file.
void add_meta_methods(api::MethodTable& table);
void add_meta_methods_v3(api::MethodTable& table);
void add_event_methods(api::MethodTable& table);
void add_offline_event_methods(api::MethodTable& table);
void add_placement_methods(api::MethodTable& table);

}  // namespace stoa::rest
