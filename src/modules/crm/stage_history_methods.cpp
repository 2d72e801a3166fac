// crm.stagehistory.list. https://github.com/bitrix24/b24restdocs api-reference/crm/crm-stage-history-list.md

#include "api/crud.hpp"
#include "modules/crm/list_params.hpp"
#include "modules/crm/methods.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/stages.hpp"

namespace stoa::crm {

using api::Call;
using db::Condition;

namespace {

Status list_history(Call& call) {
    STOA_TRY(const std::int64_t type_id, call.params.integer("entityTypeId"));
    const bool possible = type_id > 0 && type_id < 1'000'000 && has_stages(static_cast<int>(type_id));
    if (!possible || !call.records.entity_by_type(static_cast<int>(type_id))) {
        const std::string code = possible ? type_code(static_cast<int>(type_id)) : std::to_string(type_id);
        return invalid("Entity type " + code + " is not supported", "entityTypeId", "ENTITY_TYPE_NOT_SUPPORTED");
    }
    const bool is_lead = type_id == kLead;
    const model::Entity& history = call.registry().entity(is_lead ? "crm.lead.stagehistory" : "crm.stagehistory");
    STOA_TRY(const json::Value params,
             normalise_list_params(history, nullptr, model::Names::classic, call.params.value()));
    call.params = api::Params(params);
    const Condition of_type = is_lead ? Condition::always() : Condition::equals("entity_type_id", type_id);
    call.out.begin_object().key("items");
    STOA_CHECK(api::write_list(call, history, {model::Names::classic, true}, of_type));
    call.out.end_object();
    return {};
}

}  // namespace

void add_stage_history_methods(api::MethodTable& table) {
    table.add({.name = "crm.stagehistory.list", .scope = "crm", .handler = list_history});
}

}  // namespace stoa::crm
