#pragma once
// Which kinds of records may belong to which: `relations` of a smart process, and the PARENT_ID_<type> fields that
// follow from them. Such a field is a row of user_fields with the type crm_entity on the child's side, so that reading,
// writing and filtering work as for any user field.
// https://github.com/bitrix24/b24restdocs api-reference/crm/universal/user-defined-object-types/crm-type-add.md

#include <string>
#include <vector>

#include "model/records.hpp"

namespace stoa::crm {

inline constexpr std::string_view kRelationFieldType = "crm_entity";

struct Relation {
    int type_id = 0;
    bool in_children_list = false;
};

struct Relations {
    std::vector<Relation> parents, children;
};

/// {"parent":[{entityTypeId,isChildrenListEnabled}],"child":[…]}; unknown kinds are left out.
Relations read_relations(const model::Records& records, const json::Value& given);
Relations parse_relations(const std::string& stored);
std::string to_stored(const Relations& relations);

/// Makes the account's PARENT_ID fields those that the relations ask for. `records` is the system's; the caller
/// reloads the metadata afterwards.
Status sync_relation_fields(model::Records& records, int type_id, RecordId type_row, const Relations& old,
                            const Relations& wanted);

}  // namespace stoa::crm
