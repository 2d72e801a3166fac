// Which fields an answer shows.

#include <algorithm>

#include "api/shape.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "model/filter_leaf.hpp"

namespace stoa::api {

using model::Entity;
using model::Field;
using model::FieldType;
using model::Names;
using model::UserField;
using model::UserFieldSet;

namespace {

void add_field(Selection& selection, const Field& field) {
    if (field.type == FieldType::links) {
        selection.links.push_back(&field);
    } else if (field.type == FieldType::multifield) {
        selection.multifields.push_back(&field);
    } else {
        selection.fields.push_back(&field);
    }
}

bool in_star(const Field& field, const Shape& shape) {
    if (field.hidden) return false;
    if (shape.names == Names::v3) return !field.v3_name.empty() && !field.named_only;
    if (field.type == FieldType::multifield) return shape.multifields_as_fm;
    if (field.item_only) return shape.names == Names::item;
    return !field.named_only;
}

void add_star(Selection& selection, const Entity& entity, const Shape& shape) {
    selection.star = true;
    for (const Field& field : entity.fields) {
        if (in_star(field, shape)) add_field(selection, field);
    }
}

void add_user_fields(Selection& selection, const UserFieldSet* user_fields) {
    if (!user_fields) return;
    for (const UserField& field : user_fields->fields)
        selection.user_fields.push_back(&field);
}

/// Entity order, each once: answers look alike whatever order the client named fields in.
void tidy(Selection& selection) {
    const auto by_index = [](const Field* a, const Field* b) { return a->index < b->index; };
    for (auto* list : {&selection.fields, &selection.links, &selection.multifields}) {
        std::sort(list->begin(), list->end(), by_index);
        list->erase(std::unique(list->begin(), list->end()), list->end());
    }
    std::sort(selection.user_fields.begin(), selection.user_fields.end());
    selection.user_fields.erase(std::unique(selection.user_fields.begin(), selection.user_fields.end()),
                                selection.user_fields.end());
}

}  // namespace

bool Selection::shows_files() const {
    const auto is_file = [](const Field& field) { return field.type == FieldType::file; };
    return std::any_of(fields.begin(), fields.end(), [&](const Field* field) { return is_file(*field); }) ||
           std::any_of(user_fields.begin(), user_fields.end(), [&](const UserField* f) { return is_file(f->field); });
}

Selection Selection::everything(const Entity& entity, const UserFieldSet* user_fields, Shape shape) {
    Selection selection;
    selection.fields.reserve(entity.fields.size());
    add_star(selection, entity, shape);
    add_user_fields(selection, user_fields);
    return selection;
}

Result<Selection> Selection::make(const Entity& entity, const UserFieldSet* user_fields, Shape shape,
                                  const json::Value* select) {
    const bool is_v3 = shape.names == Names::v3;
    const bool blank = !select || select->is_null() || (select->is_string() && select->string().empty());
    const std::vector<const json::Value*> names =
        blank ? std::vector<const json::Value*>()
              : (select->is_string() ? std::vector<const json::Value*>{select} : select->items());
    if (!blank && !select->is_string() && !select->is_array() && !select->is_object()) {
        return invalid("Parameter 'select' must be a list of field names.", "select");
    }
    if (names.size() > limits::parameters_max) return invalid("Too many fields in 'select'.", "select");
    if (names.empty() && !is_v3) return everything(entity, user_fields, shape);

    Selection selection;
    add_field(selection, entity.id_field());
    const model::FilterContext context{entity, user_fields, shape.names, *utc_time_zone()};
    for (const json::Value* item : names) {
        const auto name = item->as_text();
        if (!name) return invalid("Parameter 'select' must be a list of field names.", "select");
        if (*name == "*") {
            add_star(selection, entity, shape);
        } else if (equals_any_case(*name, "UF_*") || *name == "uf*") {
            add_user_fields(selection, user_fields);
        } else if (shape.multifields_as_fm && *name == "fm") {
            for (const Field& field : entity.fields) {
                if (field.type == FieldType::multifield) add_field(selection, field);
            }
        } else if (const model::FieldRef ref = model::find_field(context, *name)) {
            if (ref.user_field) {
                selection.user_fields.push_back(ref.user_field);
            } else {
                add_field(selection, *ref.field);
            }
        } else if (is_v3 && name->find('.') != std::string::npos) {
            return invalid("Field '" + *name + "' is unknown.", *name,
                           "BITRIX_REST_V3_EXCEPTION_UNKNOWNDTOPROPERTYEXCEPTION");
        }
    }
    tidy(selection);
    return selection;
}

}  // namespace stoa::api
