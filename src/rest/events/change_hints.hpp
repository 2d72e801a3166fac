#pragma once
// What pages that show records hear when these change: a hint for each entity with the numbers of the records, for
// whoever watches the tag named like the entity ("crm.deal"). The page then reads what it may read. Made from the
// events of one hand-over, so a burst of changes is one message. Pure function, any thread.

#include <vector>

#include "model/outbox.hpp"
#include "model/push_outbox.hpp"
#include "model/registry.hpp"

namespace stoa::rest {

/// module "main", command "recordsChanged":
/// {"entity": "crm.deal", "entityTypeId": 2, "records": [{"id": 5, "change": "update", "user": 1}, …]}
/// A record that changed several times is there once, with its last change.
std::vector<model::Push> change_hints(const model::Registry& registry, const std::vector<model::Event>& events);

}  // namespace stoa::rest
