#pragma once
// CRM: leads, deals, contacts, companies, smart processes, and what hangs on them. Called once at start.

#include "api/method.hpp"
#include "base/result.hpp"
#include "model/records.hpp"
#include "model/registry.hpp"
#include "modules/crm/listener.hpp"

namespace stoa::crm {

/// Entities (entities/*.json) and their hooks. The listener, if any, lives as long as the program.
Status register_entities(model::Registry& registry, CrmListener* listener = nullptr);
/// Special methods; they replace generic ones of the same name, so call it after api::add_entity_methods.
void add_methods(api::MethodTable& table);

/// Dictionaries, stages, the default pipeline and currencies of a new account, in its language (en, de, ru; others
/// get English). Needs a system actor and one write transaction; run twice it adds nothing.
Status seed_defaults(model::Records& records);

}  // namespace stoa::crm
