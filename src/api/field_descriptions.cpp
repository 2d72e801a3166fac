// What "fields" methods answer: one description per field.

#include "api/shape.hpp"
#include "base/utf8.hpp"

namespace stoa::api {

using model::Field;
using model::FieldType;
using model::Names;

namespace {

/// "crm.company" → "crm_company"; `otherwise` for a field that points at nothing.
std::string target_name(const Field& field, std::string otherwise) {
    if (field.target.empty()) return otherwise;
    std::string name = field.target;
    for (char& c : name) {
        if (c == '.') c = '_';
    }
    return name;
}

/// Type names of the REST documentation (data-types page).
std::string type_name(const Field& field, const Shape& shape) {
    switch (field.type) {
        case FieldType::id:
        case FieldType::integer:
        case FieldType::reference:
        case FieldType::links:
            return target_name(field, "integer");
        case FieldType::boolean:
            return shape.names == Names::classic ? "char" : "boolean";
        case FieldType::real:
        case FieldType::decimal:
            return "double";
        case FieldType::date:
            return "date";
        case FieldType::datetime:
            return "datetime";
        case FieldType::user:
            return "user";
        case FieldType::status:
            return "crm_status";
        case FieldType::enumeration:
            return "enumeration";
        case FieldType::file:
            return "file";
        case FieldType::multifield:
            return "crm_multifield";
        case FieldType::list:
        case FieldType::json:
            return "object";
        default:
            return target_name(field, "string");
    }
}

void write_flags(json::Writer& out, const Field& field, bool dynamic) {
    out.field("isRequired", field.required);
    out.field("isReadOnly", field.read_only);
    out.field("isImmutable", field.immutable);
    out.field("isMultiple", field.multiple);
    out.field("isDynamic", dynamic);
}

void write_user_field(json::Writer& out, const model::UserField& field, const Shape& shape, std::string_view language) {
    const bool item_names = shape.names != Names::classic && !shape.original_uf_names;
    out.key(item_names ? field.field.item_name : field.field.name).begin_object();
    out.field("type", field.user_type);
    write_flags(out, field.field, true);
    std::string label = field.field.name;
    if (const json::Value* labels = field.labels.find("EDIT_FORM_LABEL")) {
        const json::Value* in_language = labels->is_object() ? labels->find(language) : labels;
        if (in_language && in_language->is_string() && !in_language->string().empty()) label = in_language->string();
    }
    out.field("title", label).field("listLabel", label).field("formLabel", label).field("filterLabel", label);
    if (field.user_type == "enumeration") {
        out.key("items").begin_array();
        for (const model::UserFieldChoice& choice : field.choices) {
            out.begin_object();
            out.key("ID").integer_text(choice.id);
            out.field("VALUE", choice.value).end_object();
        }
        out.end_array();
    }
    out.key("settings");
    if (field.settings.is_null()) {
        out.begin_object().end_object();
    } else {
        out.value(field.settings);
    }
    if (item_names) out.field("upperName", field.field.name);
    out.end_object();
}

}  // namespace

void write_field_descriptions(json::Writer& out, const model::Entity& entity, const model::UserFieldSet* user_fields,
                              Shape shape, std::string_view language) {
    out.begin_object();
    bool fm_done = false;
    for (const Field& field : entity.fields) {
        if (field.hidden) continue;
        if (field.type == FieldType::multifield && shape.multifields_as_fm) {
            if (fm_done) continue;
            fm_done = true;
            out.key("fm");
        } else {
            out.key(shape.names == Names::item ? field.item_name : field.name);
        }
        out.begin_object();
        out.field("type", type_name(field, shape));
        write_flags(out, field, false);
        out.field("title", field.title_in(language));
        if (shape.names == Names::item) out.field("upperName", field.name);
        if (field.type == FieldType::status) out.field("statusType", field.target);
        if (!field.choices.empty()) {
            out.key("items").begin_array();
            for (const std::string& choice : field.choices) {
                out.begin_object().field("ID", choice).field("VALUE", choice).end_object();
            }
            out.end_array();
        }
        out.end_object();
    }
    if (user_fields) {
        for (const model::UserField& field : user_fields->fields)
            write_user_field(out, field, shape, language);
    }
    out.end_object();
}

}  // namespace stoa::api
