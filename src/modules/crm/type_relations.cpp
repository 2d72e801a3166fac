#include "modules/crm/type_relations.hpp"

#include <algorithm>

#include "json/parse.hpp"
#include "json/writer.hpp"
#include "modules/crm/owner_types.hpp"

namespace stoa::crm {

using db::Condition;
using model::Changes;

namespace {

/// Where the PARENT_ID field of a relation is kept.
struct RelationField {
    std::string entity;  ///< "CRM_DEAL"
    std::string name;    ///< "PARENT_ID_130"
    bool operator==(const RelationField&) const = default;
};

/// Contacts and companies of a smart process have fields of their own (CONTACT_ID, COMPANY_ID).
bool is_client(int type_id) {
    return type_id == kContact || type_id == kCompany;
}

std::vector<RelationField> fields_for(const model::Records& records, int type_id, RecordId type_row,
                                      const Relations& relations) {
    std::vector<RelationField> out;
    const auto add = [&](std::string entity, int parent) {
        RelationField field{std::move(entity), "PARENT_ID_" + std::to_string(parent)};
        if (std::find(out.begin(), out.end(), field) == out.end()) out.push_back(std::move(field));
    };
    for (const Relation& parent : relations.parents) {
        if (!is_client(parent.type_id)) add("CRM_" + std::to_string(type_row), parent.type_id);
    }
    for (const Relation& child : relations.children) {
        if (const model::Entity* entity = records.entity_by_type(child.type_id))
            add(entity->user_field_entity, type_id);
    }
    return out;
}

std::vector<Relation> read_side(const json::Value& given, std::string_view side) {
    std::vector<Relation> out;
    const json::Value* items = given.find_any_case(side);
    if (!items) return out;
    for (const json::Value* item : items->items()) {
        const json::Value* type = item->find_any_case("entityTypeId");
        const json::Value* listed = item->find_any_case("isChildrenListEnabled");
        const auto id = type ? type->as_integer().value_or(0) : 0;
        if (id <= 0 || id > 1'000'000) continue;
        const Relation relation{static_cast<int>(id), listed && listed->as_bool().value_or(false)};
        const auto same = [&](const Relation& known) { return known.type_id == relation.type_id; };
        if (std::none_of(out.begin(), out.end(), same)) out.push_back(relation);
    }
    return out;
}

void write_side(json::Writer& out, std::string_view side, const std::vector<Relation>& relations) {
    out.key(side).begin_array();
    for (const Relation& relation : relations) {
        out.begin_object().field("entityTypeId", relation.type_id);
        out.field("isChildrenListEnabled", relation.in_children_list ? "Y" : "N").end_object();
    }
    out.end_array();
}

std::string title_of(const model::Records& records, int type_id) {
    const model::Entity* entity = records.entity_by_type(type_id);
    if (!entity) return type_code(type_id);
    const auto found = entity->title.find(records.metadata().account.language);
    return found == entity->title.end() ? entity->title.at("en") : found->second;
}

Condition row_of(const RelationField& field) {
    return Condition::all({Condition::equals("entity_id", field.entity), Condition::equals("field_name", field.name)});
}

/// Both sides may name the relation; the field is there once.
Status add_field(model::Records& records, const RelationField& field) {
    const model::Entity& entity = records.services().registry.entity("user_field");
    STOA_TRY(const std::int64_t known, records.count(entity, row_of(field)));
    if (known > 0) return {};
    const std::string parent = field.name.substr(std::string_view("PARENT_ID_").size());
    std::string labels;
    json::Writer out(labels);
    out.begin_object().field("EDIT_FORM_LABEL", title_of(records, parse_type_code(parent))).end_object();
    Changes changes(entity);
    changes.set("ENTITY_ID", field.entity);
    changes.set("FIELD_NAME", field.name);
    changes.set("USER_TYPE_ID", std::string(kRelationFieldType));
    changes.set("LABELS", labels);
    auto added = records.add(std::move(changes));
    if (!added) return added.error();
    return {};
}

Status remove_field(model::Records& records, const RelationField& field) {
    const model::Entity& entity = records.services().registry.entity("user_field");
    model::Query query;
    query.where = row_of(field);
    query.limit = 1;
    STOA_TRY(const auto found, records.list(entity, query));
    return found.empty() ? Status() : records.remove(entity, found.front().id());
}

}  // namespace

Relations read_relations(const model::Records& records, const json::Value& given) {
    Relations relations{read_side(given, "parent"), read_side(given, "child")};
    const auto unknown = [&](const Relation& relation) { return !records.entity_by_type(relation.type_id); };
    std::erase_if(relations.parents, unknown);
    std::erase_if(relations.children, unknown);
    return relations;
}

Relations parse_relations(const std::string& stored) {
    const auto parsed = json::parse(stored.empty() ? "{}" : stored);
    return parsed ? Relations{read_side(*parsed, "parent"), read_side(*parsed, "child")} : Relations{};
}

std::string to_stored(const Relations& relations) {
    std::string text;
    json::Writer out(text);
    out.begin_object();
    write_side(out, "parent", relations.parents);
    write_side(out, "child", relations.children);
    out.end_object();
    return text;
}

Status sync_relation_fields(model::Records& records, int type_id, RecordId type_row, const Relations& old,
                            const Relations& wanted) {
    const auto before = fields_for(records, type_id, type_row, old);
    const auto after = fields_for(records, type_id, type_row, wanted);
    for (const RelationField& field : before) {
        if (std::find(after.begin(), after.end(), field) == after.end()) STOA_CHECK(remove_field(records, field));
    }
    for (const RelationField& field : after) {
        if (std::find(before.begin(), before.end(), field) == before.end()) STOA_CHECK(add_field(records, field));
    }
    return {};
}

}  // namespace stoa::crm
