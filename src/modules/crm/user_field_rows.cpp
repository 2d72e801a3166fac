#include "modules/crm/user_field_rows.hpp"

#include <algorithm>

#include "api/shape.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "crm_data.hpp"
#include "json/parse.hpp"

namespace stoa::crm {

using model::Changes;
using model::Record;

namespace {

constexpr std::string_view kPrefix = "UF_CRM_";
constexpr std::size_t kNameMax = 50;
constexpr std::string_view kLabels[] = {"EDIT_FORM_LABEL", "LIST_COLUMN_LABEL", "LIST_FILTER_LABEL", "ERROR_MESSAGE",
                                        "HELP_MESSAGE"};
constexpr std::string_view kLanguages[] = {"en", "de", "ru"};

json::Value parse_or(const std::string& text, json::Value otherwise) {
    if (text.empty()) return otherwise;
    auto parsed = json::parse(text);
    return parsed ? std::move(*parsed) : std::move(otherwise);
}

std::string text_of(const json::Value& object, std::string_view name) {
    const json::Value* value = object.find_any_case(name);
    return value ? value->as_text().value_or("") : std::string();
}

// --- labels ---

/// One text for all languages, or a map; languages that it leaves out get `otherwise`.
json::Value label_map(const json::Value* given, const std::string& otherwise) {
    json::Object map;
    const std::string same = given && given->is_scalar() ? given->as_text().value_or("") : otherwise;
    for (const std::string_view language : kLanguages)
        map.set(std::string(language), same);
    if (given && given->is_object()) {
        for (const auto& [language, text] : given->object()) {
            if (language.size() <= 5) map.set(language, text.as_text().value_or(""));
        }
    }
    return map;
}

void read_labels(const json::Value& fields, const Record* before, Changes& changes) {
    json::Value labels = before ? parse_or(before->text("LABELS"), json::Object()) : json::Value(json::Object());
    const std::string common = text_of(fields, "LABEL");
    for (const std::string_view name : kLabels) {
        const json::Value* given = fields.find_any_case(name);
        if (before && !given) continue;
        labels.object().set(std::string(name), label_map(given, before ? "" : common));
    }
    changes.set("LABELS", json::to_json(labels));
}

// --- settings ---

const json::Value& default_settings() {
    static const json::Value value = [] {
        for (const base::EmbeddedFile& file : data::embedded_files()) {
            if (file.name != "seed/user_field_settings.json") continue;
            auto parsed = json::parse(file.bytes);
            if (parsed) return std::move(*parsed);
        }
        return json::Value(json::Object());
    }();
    return value;
}

/// Settings that are not named keep their value; the type's own defaults come first.
void read_settings(const json::Value& fields, const Record* before, Changes& changes) {
    const json::Value* given = fields.find_any_case("SETTINGS");
    if (before && !given) return;
    const std::string type = before ? before->text("USER_TYPE_ID") : changes.text("USER_TYPE_ID");
    const json::Value* defaults = default_settings().find(type);
    json::Value settings = before ? parse_or(before->text("SETTINGS"), json::Object())
                                  : (defaults ? *defaults : json::Value(json::Object()));
    if (!settings.is_object()) settings = json::Object();
    if (given && given->is_object()) {
        for (const auto& [name, value] : given->object())
            settings.object().set(name, value);
    }
    changes.set("SETTINGS", json::to_json(settings));
}

// --- list items ---

struct Choice {
    RecordId id = 0;
    std::string value, xml_id;
    std::int64_t sort = 0;
    bool is_default = false;
};

Choice read_choice(const json::Value& item) {
    Choice choice;
    if (const json::Value* id = item.find_any_case("ID")) choice.id = id->as_integer().value_or(0);
    choice.value = text_of(item, "VALUE");
    choice.xml_id = text_of(item, "XML_ID");
    if (const json::Value* sort = item.find_any_case("SORT")) choice.sort = sort->as_integer().value_or(0);
    if (const json::Value* def = item.find_any_case("DEF")) choice.is_default = def->as_bool().value_or(false);
    return choice;
}

std::vector<Choice> stored_choices(const Record* before) {
    std::vector<Choice> out;
    if (!before) return out;
    const json::Value stored = parse_or(before->text("LIST"), json::Array());
    for (const json::Value* item : stored.items())
        out.push_back(read_choice(*item));
    return out;
}

/// Items with a known ID are changed (DEL=Y takes them away), others are added; items not named stay.
Result<std::vector<Choice>> merge_choices(api::Call& call, const json::Value& given, std::vector<Choice> choices) {
    for (const json::Value* item : given.items()) {
        Choice choice = read_choice(*item);
        const auto known = std::find_if(choices.begin(), choices.end(),
                                        [&](const Choice& c) { return choice.id > 0 && c.id == choice.id; });
        const json::Value* gone = item->find_any_case("DEL");
        if (known != choices.end()) {
            if (gone && gone->as_bool().value_or(false)) {
                choices.erase(known);
                continue;
            }
            if (choice.value.empty()) choice.value = known->value;
            if (choice.xml_id.empty()) choice.xml_id = known->xml_id;
            *known = std::move(choice);
            continue;
        }
        if (choice.value.empty()) continue;
        if (choices.size() >= static_cast<std::size_t>(limits::in_list_max)) {
            return Error{Errc::too_large, "The list has too many items.", "LIST"};
        }
        STOA_TRY(choice.id, call.write_tx().next_id("user_field_choices"));
        choices.push_back(std::move(choice));
    }
    return choices;
}

Status check_choices(std::vector<Choice>& choices, bool multiple) {
    bool has_default = false;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        Choice& choice = choices[i];
        if (!multiple && has_default) choice.is_default = false;
        has_default = has_default || choice.is_default;
        for (std::size_t k = 0; k < i && !choice.xml_id.empty(); ++k) {
            if (choices[k].xml_id != choice.xml_id) continue;
            return invalid("List item with value XML_ID=" + choice.xml_id + " already exists.", "LIST", "ERROR_CORE");
        }
    }
    return {};
}

Status read_choices(api::Call& call, const json::Value& fields, const Record* before, Changes& changes) {
    const std::string type = before ? before->text("USER_TYPE_ID") : changes.text("USER_TYPE_ID");
    const json::Value* given = fields.find_any_case("LIST");
    if (!given || type != "enumeration") return {};
    STOA_TRY(std::vector<Choice> choices, merge_choices(call, *given, stored_choices(before)));
    STOA_CHECK(check_choices(choices, before ? before->integer("MULTIPLE") != 0 : changes.integer("MULTIPLE") != 0));
    std::string text;
    json::Writer out(text);
    out.begin_array();
    for (const Choice& choice : choices) {
        out.begin_object();
        out.key("ID").integer_text(choice.id);
        out.key("SORT").integer_text(choice.sort);
        out.field("VALUE", choice.value).field("DEF", choice.is_default ? "Y" : "N").field("XML_ID", choice.xml_id);
        out.end_object();
    }
    out.end_array();
    changes.set("LIST", text);
    return {};
}

void read_flags(const json::Value& fields, Changes& changes) {
    for (const char* name : {"MANDATORY", "SHOW_IN_LIST", "EDIT_IN_LIST", "IS_SEARCHABLE"}) {
        const json::Value* value = fields.find_any_case(name);
        if (value) changes.set(name, std::int64_t{value->as_bool().value_or(false) ? 1 : 0});
    }
    if (const json::Value* value = fields.find_any_case("SHOW_FILTER")) {
        const std::string kind = value->as_text().value_or("");
        const bool exact = kind == "I" || kind == "E" || kind == "S";
        changes.set("SHOW_FILTER", exact ? kind : std::string(value->as_bool().value_or(false) ? "E" : "N"));
    }
    if (const json::Value* value = fields.find_any_case("SORT")) {
        if (const auto sort = value->as_integer(); sort && *sort > 0) changes.set("SORT", *sort);
    }
    if (fields.find_any_case("XML_ID")) changes.set("XML_ID", text_of(fields, "XML_ID"));
}

}  // namespace

Result<std::string> full_field_name(std::string_view given) {
    std::string name = to_upper_ascii(given);
    if (name.starts_with(kPrefix)) {
        name.erase(0, kPrefix.size());
    } else if (name.starts_with("UF_")) {
        name.erase(0, 3);
    }
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!plain) {
        return invalid("Field name contains invalid characters. Allowed characters are: A-Z, 0-9 and _.", "FIELD_NAME",
                       "ERROR_CORE");
    }
    name.insert(0, kPrefix);
    if (name.size() > kNameMax) {
        return invalid("Field name is too long (more than 50 characters).", "FIELD_NAME", "ERROR_CORE");
    }
    return name;
}

Status read_definition(api::Call& call, const json::Value& fields, const Record* before, Changes& changes) {
    read_flags(fields, changes);
    read_labels(fields, before, changes);
    read_settings(fields, before, changes);
    return read_choices(call, fields, before, changes);
}

void write_definition(json::Writer& out, const Record& row, std::string_view language) {
    const auto write = [&](std::string_view name) {
        const model::Field& field = row.entity().field(name);
        out.key(name);
        api::write_value(out, field, api::Shape::classic(), row.value(field), *utc_time_zone());
    };
    out.begin_object();
    for (const char* name : {"ID", "ENTITY_ID", "FIELD_NAME", "USER_TYPE_ID", "XML_ID", "SORT", "MULTIPLE", "MANDATORY",
                             "SHOW_FILTER", "SHOW_IN_LIST", "EDIT_IN_LIST", "IS_SEARCHABLE"}) {
        write(name);
    }
    out.key("SETTINGS").value(parse_or(row.text("SETTINGS"), json::Object()));
    const json::Value labels = parse_or(row.text("LABELS"), json::Object());
    for (const std::string_view name : kLabels) {
        if (language == kNoLabels) break;
        const json::Value* map = labels.find(name);
        out.key(name);
        if (language.empty()) {
            out.value(map ? *map : json::Value(json::Object()));
        } else if (const json::Value* text = map ? map->find(language) : nullptr) {
            out.value(*text);
        } else {
            out.null();
        }
    }
    if (row.text("USER_TYPE_ID") == "enumeration") out.key("LIST").value(parse_or(row.text("LIST"), json::Array()));
    out.end_object();
}

}  // namespace stoa::crm
