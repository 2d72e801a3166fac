// stoa.crm.timeline.list: what happened to a record, newest first, for the interface.

#include "api/crud.hpp"
#include "modules/crm/methods.hpp"
#include "modules/crm/owner_types.hpp"

namespace stoa::crm {

using api::Call;
using db::Condition;

namespace {

/// {entityTypeId, entityId, start} → a page of entries; filter, order and select are as in other lists.
Status list_entries(Call& call) {
    STOA_TRY(const std::int64_t type_id, call.params.integer("entityTypeId"));
    STOA_TRY(const RecordId id, call.params.id("entityId"));
    STOA_TRY(const model::Entity* owner, entity_of_type(call.records, type_id));
    STOA_TRY(const bool visible, call.records.exists(*owner, id));
    if (!visible) return not_found("Owner of the item not found", "OWNER_NOT_FOUND");
    json::Value params = call.params.value().is_object() ? call.params.value() : json::Value(json::Object());
    if (!params.find_any_case("order")) {
        json::Object order;
        order.set("ID", "DESC");
        params.object().set("order", std::move(order));
    }
    call.params = api::Params(params);
    const Condition of_record =
        Condition::all({Condition::equals("entity_type_id", type_id), Condition::equals("entity_id", id)});
    return api::write_list(call, call.registry().entity("crm.timeline.entry"), api::Shape::classic(), of_record);
}

}  // namespace

void add_timeline_entry_methods(api::MethodTable& table) {
    table.add({.name = "stoa.crm.timeline.list", .scope = "crm", .handler = list_entries});
}

}  // namespace stoa::crm
