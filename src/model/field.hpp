#pragma once
// Field: what one attribute of an entity is. Loaded once from entity data (entities/*.json); immutable, any thread.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stoa::model {

/// How a value is checked, stored and shown. Stored as (db::Value): integers for id, integer, boolean (0/1), user,
/// reference, decimal (scaled), date (days since 1970-01-01), datetime (unix seconds UTC); text for the others.
enum class FieldType : std::uint8_t {
    id,  ///< the record's number
    integer,
    boolean,  ///< "Y"/"N" in classic and item REST, true/false in v3
    real,
    decimal,  ///< fixed point with Field::scale digits: money, quantities
    string,   ///< one line, at most Field::length characters
    text,     ///< long text
    date,
    datetime,
    user,         ///< a user's id
    reference,    ///< id of a record of Field::target
    status,       ///< code of a dictionary (crm.status); Field::target names the dictionary
    enumeration,  ///< one of Field::choices (codes)
    list,         ///< JSON array of scalars in a text column
    json,         ///< any JSON in a text column
    links,        ///< ids of Field::target in a link table (Field::link_table), in order
    file,         ///< number of a stored file (stored_files.hpp); shown as {id, showUrl, downloadUrl}
    multifield,   ///< phones, mails, …: rows of the multifields table of type Field::target (PHONE, EMAIL, …)
};

struct Field {
    std::string name;       ///< classic REST name and the code of the field everywhere: ASSIGNED_BY_ID
    std::string column;     ///< assigned_by_id; empty for links and multifields
    std::string item_name;  ///< name in crm.item.* and tasks.*: assignedById
    std::string v3_name;    ///< name in REST v3; empty = not shown there
    FieldType type = FieldType::string;
    int index = 0;  ///< position in Entity::fields

    bool required = false;    ///< must be given and not empty on add; must not be emptied later
    bool read_only = false;   ///< set by the engine or by hooks only; ignored when a client sends it
    bool immutable = false;   ///< may be given on add only
    bool multiple = false;    ///< list, links, multifields
    bool hidden = false;      ///< stored, never shown (password hashes): no select, no filter
    bool named_only = false;  ///< not part of `select: *`; shown when named
    bool item_only = false;   ///< part of `select: *` in item names; in classic names shown only when named
    bool touch = false;       ///< the default is set again on every update (date and user of change)
    int length = 255;         ///< characters, string
    int scale = 2;            ///< digits after the point, decimal
    std::string target;       ///< see FieldType
    std::string link_table;   ///< see FieldType::links
    std::vector<std::string> choices;
    std::string default_value;                 ///< as in entity data: literal, or @now, @today, @user, @currency
    std::map<std::string, std::string> title;  ///< by language; en is always there

    bool stored() const { return !column.empty(); }
    std::string_view title_in(std::string_view language) const;
};

std::string_view to_string(FieldType type);

/// "ASSIGNED_BY_ID" → "assignedById"; "UF_CRM_1_COLOR" → "ufCrm_1_COLOR" follows its own rule, see user_field.hpp.
std::string camel_case(std::string_view upper_snake);

}  // namespace stoa::model
