// crm.enum.ownertype, crm.multifield.fields: the kinds of CRM records, smart processes of the account included.
// https://github.com/bitrix24/b24restdocs api-reference/crm/auxiliary/enum/crm-enum-owner-type.md

#include "modules/crm/field_description.hpp"
#include "modules/crm/methods.hpp"
#include "modules/crm/owner_types.hpp"

namespace stoa::crm {

using api::Call;

namespace {

std::string title_of(const model::Entity& entity, const std::string& language) {
    auto found = entity.title.find(language);
    if (found == entity.title.end()) found = entity.title.find("en");
    return found == entity.title.end() ? entity.name : found->second;
}

void write_type(Call& call, const model::Entity& entity) {
    call.out.begin_object();
    call.out.field("ID", entity.type_id).field("NAME", title_of(entity, call.metadata().account.language));
    call.out.field("SYMBOL_CODE", type_code(entity.type_id));
    call.out.field("SYMBOL_CODE_SHORT", short_type_code(entity.type_id));
    call.out.end_object();
}

Status list_owner_types(Call& call) {
    call.out.begin_array();
    for (const int type_id : {kLead, kDeal, kContact, kCompany})
        write_type(call, *call.registry().by_type_id(type_id));
    for (const model::Entity* entity : call.metadata().dynamic_entities())
        write_type(call, *entity);
    call.out.end_array();
    return {};
}

Status describe_multifield(Call& call) {
    call.out.begin_object();
    write_description(call.out, {"ID", "int", "ID", false, true});
    write_description(call.out, {"TYPE_ID", "string", "Type", false, true});
    write_description(call.out, {"VALUE", "string", "Value"});
    write_description(call.out, {"VALUE_TYPE", "string", "Kind of value"});
    call.out.end_object();
    return {};
}

}  // namespace

void add_enum_methods(api::MethodTable& table) {
    table.add({.name = "crm.multifield.fields", .scope = "crm", .run = api::Run::io, .handler = describe_multifield});
    table.add({.name = "crm.enum.ownertype", .scope = "crm", .run = api::Run::io, .handler = list_owner_types});
}

}  // namespace stoa::crm
