#include "model/entity.hpp"

#include <cassert>

#include "base/utf8.hpp"
#include "model/field_type.hpp"

namespace stoa::model {

namespace {

db::ColumnDef column_def(const Field& field) {
    db::ColumnDef column;
    column.name = field.column;
    column.not_null = field.type == FieldType::id;
    if (is_integer_stored(field.type)) {
        column.type = db::ColumnType::integer;
    } else if (field.type == FieldType::real) {
        column.type = db::ColumnType::real;
    } else if (field.type == FieldType::text || field.type == FieldType::list || field.type == FieldType::json) {
        column.type = db::ColumnType::text;
    } else {
        column.type = db::ColumnType::varchar;
        column.length = field.length;
    }
    return column;
}

const Field* look_up(const std::unordered_map<std::string, int>& index, const std::vector<Field>& fields,
                     const std::string& name) {
    const auto found = index.find(name);
    return found == index.end() ? nullptr : &fields[static_cast<std::size_t>(found->second)];
}

}  // namespace

const Field* Entity::find(std::string_view wanted) const {
    return look_up(by_name_, fields, to_upper_ascii(wanted));
}

const Field* Entity::find_item_name(std::string_view wanted) const {
    return look_up(by_item_name_, fields, std::string(wanted));
}

const Field* Entity::find_v3_name(std::string_view wanted) const {
    return look_up(by_v3_name_, fields, std::string(wanted));
}

const Field& Entity::field(std::string_view wanted) const {
    const Field* found = find(wanted);
    assert(found != nullptr && "field names in code are constants of entity data");
    return *found;
}

void Entity::finish() {
    all_columns_sql_.clear();
    column_positions_.assign(fields.size(), -1);
    by_name_.clear();
    by_item_name_.clear();
    by_v3_name_.clear();
    int position = 0;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        Field& field = fields[i];
        field.index = static_cast<int>(i);
        by_name_.emplace(field.name, field.index);
        by_item_name_.emplace(field.item_name, field.index);
        if (!field.v3_name.empty()) by_v3_name_.emplace(field.v3_name, field.index);
        if (!field.stored()) continue;
        if (position > 0) all_columns_sql_ += ", ";
        all_columns_sql_ += '`' + field.column + '`';  // some are words that an engine reserves
        column_positions_[i] = position++;
    }
    user_fields_position_ = -1;
    if (has_user_fields()) {
        all_columns_sql_ += ", `uf`";
        user_fields_position_ = position;
    }
}

db::TableDef Entity::table_def() const {
    db::TableDef def;
    def.name = table;
    if (!partition_column.empty()) {
        def.primary_key.push_back(partition_column);
        def.columns.push_back({partition_column, db::ColumnType::integer, 0, true});
    }
    def.primary_key.push_back(id_field().column);
    for (const Field& field : fields) {
        if (field.stored() && field.column != partition_column) def.columns.push_back(column_def(field));
    }
    if (has_user_fields()) def.columns.push_back({"uf", db::ColumnType::text, 0, false});
    def.indexes = indexes;
    return def;
}

}  // namespace stoa::model
