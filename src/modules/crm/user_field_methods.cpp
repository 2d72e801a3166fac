// crm.{lead,deal,contact,company}.userfield.*
// https://github.com/bitrix24/b24restdocs api-reference/crm/deals/user-defined-fields/

#include "api/crud.hpp"
#include "base/limits.hpp"
#include "modules/crm/methods.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/type_relations.hpp"
#include "modules/crm/user_field_rows.hpp"

namespace stoa::crm {

using api::Call;
using db::Condition;
using model::Changes;
using model::Record;

namespace {

const model::Entity& definitions(const Call& call) {
    return call.registry().entity("user_field");
}

/// "CRM_DEAL" of "crm.deal".
const std::string& field_entity(const Call& call, int type_id) {
    return call.registry().by_type_id(type_id)->user_field_entity;
}

Status finish_change(Call& call, int type_id, std::string_view event, RecordId id, const std::string& name) {
    call.services.model.metadata.invalidate_on_commit(call.write_tx());
    STOA_CHECK(call.records.reload_metadata());
    std::string data;
    json::Writer out(data);
    out.begin_object().key("FIELDS").begin_object();
    out.field("ID", id).field("ENTITY_ID", field_entity(call, type_id)).field("FIELD_NAME", name);
    out.end_object().end_object();
    return call.records.emit("ONCRM" + type_code(type_id) + "USERFIELD" + std::string(event), data);
}

std::string text_of(const json::Value& fields, std::string_view name) {
    const json::Value* value = fields.find_any_case(name);
    return value ? value->as_text().value_or("") : std::string();
}

Status add_field(Call& call, int type_id) {
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    const std::string type = text_of(*fields, "USER_TYPE_ID");
    if (type.empty()) return invalid("The 'USER_TYPE_ID' field is not found.", "USER_TYPE_ID");
    if (!model::user_field_storage(type) || type == kRelationFieldType) {
        return invalid("Incorrect custom type specified.", "USER_TYPE_ID", "ERROR_CORE");
    }
    const std::string given = text_of(*fields, "FIELD_NAME");
    if (given.empty()) return invalid("The 'FIELD_NAME' field is not found.", "FIELD_NAME");
    STOA_TRY(const std::string name, full_field_name(given));

    const std::string& entity = field_entity(call, type_id);
    const model::UserFieldSet* known = call.metadata().user_fields(entity);
    if (known && known->find(name)) {
        return Error{Errc::already_exists, "The field " + name + " exists already.", "FIELD_NAME", "ERROR_CORE"};
    }
    if (known && known->fields.size() >= static_cast<std::size_t>(limits::user_fields_per_entity_max)) {
        return Error{Errc::too_large, "There are too many user fields."};
    }
    Changes changes(definitions(call));
    const json::Value* multiple = fields->find_any_case("MULTIPLE");
    const bool is_multiple = type != "boolean" && multiple && multiple->as_bool().value_or(false);
    changes.set("ENTITY_ID", entity);
    changes.set("FIELD_NAME", name);
    changes.set("USER_TYPE_ID", type);
    changes.set("MULTIPLE", std::int64_t{is_multiple ? 1 : 0});
    STOA_CHECK(read_definition(call, *fields, nullptr, changes));
    STOA_TRY(const RecordId id, call.records.add(std::move(changes)));
    STOA_CHECK(finish_change(call, type_id, "ADD", id, name));
    call.out.integer(id);
    return {};
}

/// A definition of this kind of record; of another kind: access denied, as documented.
Result<Record> find_field(Call& call, int type_id) {
    const auto id = call.params.id("id");
    if (!id) return invalid("ID is not defined or invalid.", "id");
    auto row = call.records.get(definitions(call), *id);
    if (!row) return not_found("The entity with ID '" + std::to_string(*id) + "' is not found", "ERROR_NOT_FOUND");
    const bool foreign =
        row->text("ENTITY_ID") != field_entity(call, type_id) || row->text("USER_TYPE_ID") == kRelationFieldType;
    if (foreign) return forbidden("Access denied.");
    return row;
}

Status get_field(Call& call, int type_id) {
    STOA_TRY(const Record row, find_field(call, type_id));
    write_definition(call.out, row, "");
    return {};
}

Status list_fields(Call& call, int type_id) {
    const json::Value nothing;
    const json::Value* given = call.params.find("filter");
    const json::Value* order = call.params.find("order");
    if (given && given->is_scalar() && !given->as_text().value_or("").empty()) {
        return invalid("Parameter 'filter' must be array.", "filter");
    }
    if (order && order->is_scalar() && !order->as_text().value_or("").empty()) {
        return invalid("Parameter 'order' must be array.", "order");
    }
    json::Value filter = given ? *given : nothing;
    std::string language(kNoLabels);
    if (const json::Value* wanted = filter.find("LANG")) {
        language = wanted->as_text().value_or("en");
        filter.object().erase("LANG");
    }
    const model::FilterContext context{definitions(call), nullptr, model::Names::classic, call.zone()};
    model::Query query;
    STOA_TRY(Condition wanted, model::compile_filter(context, filter));
    query.where = Condition::all(
        {Condition::equals("entity_id", field_entity(call, type_id)),
         Condition::compare("user_type_id", Condition::Op::ne, std::string(kRelationFieldType)), std::move(wanted)});
    query.order = {{{"sort", ""}, false}, {{"id", ""}, false}};
    if (order && order->is_object() && !order->object().empty()) {
        STOA_TRY(query.order, model::compile_order(context, *order));
    }
    query.limit = limits::user_fields_per_entity_max;
    STOA_TRY(const auto rows, call.records.list(definitions(call), query));
    call.out.begin_array();
    for (const Record& row : rows)
        write_definition(call.out, row, language);
    call.out.end_array();
    call.total = static_cast<std::int64_t>(rows.size());
    return {};
}

Status update_field(Call& call, int type_id) {
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    STOA_TRY(const Record row, find_field(call, type_id));
    Changes changes(definitions(call));
    STOA_CHECK(read_definition(call, *fields, &row, changes));
    STOA_CHECK(call.records.update(row.id(), std::move(changes)));
    const bool of_list = fields->find_any_case("LIST") && row.text("USER_TYPE_ID") == "enumeration";
    STOA_CHECK(finish_change(call, type_id, of_list ? "SETENUMVALUES" : "UPDATE", row.id(), row.text("FIELD_NAME")));
    call.out.boolean(true);
    return {};
}

Status delete_field(Call& call, int type_id) {
    STOA_TRY(const Record row, find_field(call, type_id));
    STOA_CHECK(call.records.remove(definitions(call), row.id()));
    STOA_CHECK(finish_change(call, type_id, "DELETE", row.id(), row.text("FIELD_NAME")));
    call.out.boolean(true);
    return {};
}

struct Step {
    const char* name;
    api::Effect effect;
    Status (*step)(Call&, int);
};

constexpr Step kSteps[] = {
    {"add", api::Effect::write, add_field},       {"get", api::Effect::read, get_field},
    {"list", api::Effect::read, list_fields},     {"update", api::Effect::write, update_field},
    {"delete", api::Effect::write, delete_field},
};

}  // namespace

void add_user_field_methods(api::MethodTable& table) {
    for (const auto& [prefix, type_id] : {std::pair{"crm.lead", kLead}, std::pair{"crm.deal", kDeal},
                                          std::pair{"crm.contact", kContact}, std::pair{"crm.company", kCompany}}) {
        for (const Step& step : kSteps) {
            table.add({.name = std::string(prefix) + ".userfield." + step.name,
                       .scope = "crm",
                       .effect = step.effect,
                       .handler = [type = type_id, run = step.step](Call& call) { return run(call, type); }});
        }
    }
}

}  // namespace stoa::crm
