#pragma once
// Entity: a kind of record as data. From it come the table, REST methods, filters, validation, access, later forms.
// Loaded once from entities/*.json (format: src/model/README.md); immutable afterwards, any thread.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "db/schema.hpp"
#include "model/field.hpp"

namespace stoa::model {

/// Event names the write path puts into the outbox; empty = none.
struct EntityEvents {
    std::string add, update, remove;
    std::vector<std::string> other;  ///< names that hooks or special methods of the entity emit
    /// "fields": data[FIELDS][ID]; "before_after": data[FIELDS_BEFORE][ID] and data[FIELDS_AFTER][ID] (tasks).
    std::string shape = "fields";
};

/// How REST shows the entity. The generic engine (src/api) makes the methods; modules add only special ones.
struct EntityApi {
    struct V2 {
        std::string prefix;                ///< "crm.deal"; empty = no classic methods
        std::vector<std::string> methods;  ///< of add get list update delete fields
        bool camel = false;                ///< item names instead of upper case
        bool typed = false;                ///< numbers as numbers; classic prints every scalar as a string
        std::string list_key;              ///< wrapper of list results; empty = bare list
        std::string item_key;              ///< wrapper of get and add results; empty = bare
        std::string id_parameter = "id";   ///< name of the id parameter, matched in any case
        std::string fields_parameter = "fields";
        bool missing_is_empty = false;  ///< get of an absent record answers [] with 200 (tasks)
    } v2;
    struct V3 {
        std::string prefix;                ///< "tasks.task"; empty = not in v3
        std::vector<std::string> methods;  ///< of add get list update delete tail aggregate
    } v3;
};

struct Entity {
    std::string name;    ///< "crm.deal": unique key of the registry
    std::string table;   ///< "crm_deals"
    std::string scope;   ///< REST scope that its generic methods need
    std::string access;  ///< access section (src/access); empty = nobody (deny by default)
    int type_id = 0;  ///< entityTypeId of the CRM family: 1 lead, 2 deal, 3 contact, 4 company, ≥128 dynamic; else 0
    std::map<std::string, std::string> title;

    std::vector<Field> fields;  ///< fields[0] is the id
    std::vector<db::IndexDef> indexes;
    std::string user_field_entity;           ///< "CRM_DEAL"; empty = no user fields
    std::string owner_field;                 ///< field that says whose record it is (row filter "own"); empty = none
    std::vector<std::string> member_fields;  ///< users that take part besides the owner (tasks: accomplices, auditors)
    std::string parent_entity;               ///< access follows the record in parent_field (comments of a task)
    std::string parent_field;
    std::string grants_entity;  ///< rows that let others in: fields OBJECT_ID, ACCESS_CODE, LEVEL (1 read … 4 full)
    std::string grants_path;    ///< links field with the record itself and all it lies in; a grant on any counts
    EntityEvents events;
    EntityApi api;

    /// Dynamic entities share one table: rows of this entity have partition_column = partition_value.
    std::string partition_column;
    std::int64_t partition_value = 0;
    /// A template for the kinds of records an account makes itself: each row of this other entity (its fields
    /// ENTITY_TYPE_ID and TITLE) is one more entity of the account, found through Metadata::dynamic().
    std::string dynamic_types;

    const Field* find(std::string_view name) const;            ///< classic name, ASCII case-insensitive
    const Field* find_item_name(std::string_view name) const;  ///< item name; exact
    const Field* find_v3_name(std::string_view name) const;    ///< exact
    const Field& field(std::string_view name) const;           ///< must exist (a constant of the code)
    const Field& id_field() const { return fields.front(); }
    bool has_user_fields() const { return !user_field_entity.empty(); }

    /// Comma-separated stored columns in field order, for db::Select::columns_sql; then "uf" when it has user fields.
    const std::string& all_columns_sql() const { return all_columns_sql_; }
    /// Position of a stored field in all_columns_sql; -1 when it has no column.
    int column_position(const Field& field) const { return column_positions_[static_cast<std::size_t>(field.index)]; }
    int user_fields_position() const { return user_fields_position_; }

    /// The entity whose hooks apply: itself, or the template of a dynamic one ("crm.dynamic.130" → "crm.dynamic").
    std::string hooks_name() const { return partition_value == 0 ? name : name.substr(0, name.rfind('.')); }

    /// Fills names, positions and look-up tables after the data is there. Errors name the field.
    void finish();
    db::TableDef table_def() const;

  private:
    std::string all_columns_sql_;
    std::vector<int> column_positions_;
    int user_fields_position_ = -1;
    std::unordered_map<std::string, int> by_name_, by_item_name_, by_v3_name_;
};

}  // namespace stoa::model
