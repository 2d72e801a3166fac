#pragma once
// User fields (UF_*): fields an administrator adds at run time. Values live in the JSON column `uf` of each entity.
// Definitions are rows of the table user_fields; a set is an immutable snapshot inside Metadata.

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "model/field.hpp"

namespace stoa::model {

struct UserFieldChoice {
    RecordId id = 0;
    std::string value;
    int sort = 500;
    bool is_default = false;
    std::string xml_id;
};

struct UserField {
    RecordId id = 0;
    std::string entity;     ///< "CRM_DEAL"
    Field field;            ///< name UF_CRM_…, item_name ufCrm_…, type as stored, multiple, required
    std::string user_type;  ///< USER_TYPE_ID as given: string, integer, double, boolean, date, datetime, enumeration,
                            ///< money, url, address, employee, crm, crm_status, file
    std::vector<UserFieldChoice> choices;  ///< enumeration
    json::Value settings;
    json::Value labels;  ///< EDIT_FORM_LABEL and friends as given
    int sort = 100;
    bool show_in_list = true;
    std::string xml_id;
};

struct UserFieldSet {
    std::vector<UserField> fields;
    const UserField* find(std::string_view name) const;            ///< UF_CRM_…, any case
    const UserField* find_item_name(std::string_view name) const;  ///< ufCrm_…
};

/// "UF_CRM_1747308010" → "ufCrm_1747308010", "UF_CRM_2_COLOR" → "ufCrm2Color".
std::string user_field_item_name(std::string_view name);

/// Storage type for a USER_TYPE_ID; errors for unknown ones.
Result<FieldType> user_field_storage(std::string_view user_type);

}  // namespace stoa::model
