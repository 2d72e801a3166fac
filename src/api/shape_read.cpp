// Client fields → Changes.

#include <algorithm>

#include "api/shape.hpp"
#include "base/utf8.hpp"
#include "model/convert.hpp"
#include "model/filter_leaf.hpp"

namespace stoa::api {

using model::Changes;
using model::Entity;
using model::Field;
using model::FieldType;
using model::MultifieldChange;
using model::Names;

namespace {

Error wrong(const std::string& name, std::string_view expected) {
    return invalid("Field " + name + " must be " + std::string(expected) + ".", name);
}

std::string text_member(const json::Value& item, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        if (const json::Value* value = item.find_any_case(name)) return value->as_text().value_or("");
    }
    return {};
}

/// {ID, VALUE, VALUE_TYPE, DELETE} as classic clients send it, {id, value, valueType, typeId} as crm.item has it.
Status read_multifield(const json::Value& item, std::string type, const std::string& name, Changes& changes) {
    MultifieldChange change;
    if (item.is_string()) {
        change.value = item.string();
    } else if (item.is_object()) {
        const std::string id = text_member(item, {"ID"});
        if (!id.empty()) {
            const auto number = json::Value(id).as_integer();
            // Clients mark new rows with ids such as "n0".
            change.id = number.value_or(0);
        }
        change.value = text_member(item, {"VALUE"});
        change.value_type = text_member(item, {"VALUE_TYPE", "valueType"});
        const std::string given_type = text_member(item, {"TYPE_ID", "typeId"});
        if (type.empty()) type = to_upper_ascii(given_type);
        const std::string remove = text_member(item, {"DELETE"});
        change.remove = json::Value(remove).as_bool().value_or(false);
    } else {
        return wrong(name, "a list of {VALUE, VALUE_TYPE}");
    }
    if (type.empty()) return wrong(name, "a list of {typeId, valueType, value}");
    change.type = std::move(type);
    changes.multifields.push_back(std::move(change));
    return {};
}

Status read_multifields(const json::Value& value, const std::string& type, const std::string& name, Changes& changes) {
    if (value.is_null() || (value.is_string() && value.string().empty())) return {};
    if (value.is_string() || value.find_any_case("VALUE")) return read_multifield(value, type, name, changes);
    if (!value.is_array() && !value.is_object()) return wrong(name, "a list");
    for (const json::Value* item : value.items())
        STOA_CHECK(read_multifield(*item, type, name, changes));
    return {};
}

Status read_links(const Field& field, const json::Value& value, Changes& changes) {
    std::vector<RecordId> targets;
    const bool blank = value.is_null() || (value.is_string() && value.string().empty());
    const bool many = value.is_array() || value.is_object();
    const std::vector<const json::Value*> items =
        many ? value.items() : (blank ? std::vector<const json::Value*>() : std::vector<const json::Value*>{&value});
    for (const json::Value* item : items) {
        if (item->is_null() || (item->is_string() && item->string().empty())) continue;
        const auto id = item->as_integer();
        if (!id || *id < 0) return wrong(field.name, "a list of ids");
        if (*id > 0) targets.push_back(*id);
    }
    changes.links.emplace_back(&field, std::move(targets));
    return {};
}

}  // namespace

Result<Changes> read_changes(const Entity& entity, const model::UserFieldSet* user_fields, Shape shape,
                             const json::Value& fields, const TimeZone& zone, bool system) {
    if (!fields.is_object() && !(fields.is_array() && fields.array().empty())) {
        return invalid("Parameter 'fields' must be an object.", "fields");
    }
    Changes changes(entity);
    if (!fields.is_object()) return changes;
    const model::FilterContext context{entity, user_fields, shape.names, zone};
    for (const auto& [name, value] : fields.object()) {
        if (shape.multifields_as_fm && name == "fm") {
            STOA_CHECK(read_multifields(value, "", name, changes));
            continue;
        }
        const model::FieldRef ref = model::find_field(context, name);
        if (!ref) {
            if (shape.names == Names::v3) {
                return invalid("Field '" + name + "' is unknown.", name,
                               "BITRIX_REST_V3_EXCEPTION_UNKNOWNDTOPROPERTYEXCEPTION");
            }
            continue;
        }
        if (ref.user_field) {
            if (!changes.user_fields.is_object()) changes.user_fields = json::Object();
            changes.user_fields.object().set(ref.field->name, value);
            continue;
        }
        const Field& field = *ref.field;
        if (field.read_only && !system) continue;
        if (field.type == FieldType::links) {
            STOA_CHECK(read_links(field, value, changes));
        } else if (field.type == FieldType::multifield) {
            STOA_CHECK(read_multifields(value, field.target, field.name, changes));
        } else {
            auto stored = model::to_storage(field, value, zone);
            if (!stored) {
                Error error = stored.error();
                error.field = name;  // in the client's own spelling
                return error;
            }
            changes.set(field, std::move(*stored));
        }
    }
    return changes;
}

}  // namespace stoa::api
