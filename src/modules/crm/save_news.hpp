#pragma once
// Who is told that a record was saved or removed: its timeline, and the listener. Last step of the hooks of every kind.

#include "model/hooks.hpp"
#include "modules/crm/listener.hpp"
#include "modules/crm/save_steps.hpp"

namespace stoa::crm {

/// After the save. `stages` is null for kinds without stages; the listener may be null.
Status tell_of_save(model::SaveContext& context, int type_id, const PipelineFields* stages, CrmListener* listener);
/// After the removal.
Status tell_of_removal(model::RemoveContext& context, int type_id, CrmListener* listener);

}  // namespace stoa::crm
