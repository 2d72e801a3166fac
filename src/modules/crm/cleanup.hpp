#pragma once
// What goes with a removed CRM record. Part of the removal's transaction; set-based, no statement per row.

#include "model/hooks.hpp"

namespace stoa::crm {

/// Product rows, stage history, comments, activity bindings, and activities that were bound to nothing else.
Status remove_dependents(model::RemoveContext& context, int type_id);
/// Takes a removed contact or company out of the records that name it. `target` is its entity.
Status unlink_everywhere(model::RemoveContext& context, std::string_view target);

}  // namespace stoa::crm
