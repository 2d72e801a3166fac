#include "model/user_field.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/utf8.hpp"

namespace stoa::model {

namespace {

constexpr std::array<std::pair<std::string_view, FieldType>, 17> kUserTypes{{
    {"string", FieldType::text},
    {"integer", FieldType::integer},
    {"double", FieldType::real},
    {"boolean", FieldType::boolean},
    {"date", FieldType::date},
    {"datetime", FieldType::datetime},
    {"enumeration", FieldType::integer},
    {"money", FieldType::text},
    {"url", FieldType::text},
    {"address", FieldType::text},
    {"employee", FieldType::user},
    {"crm", FieldType::text},
    {"crm_status", FieldType::text},
    {"iblock_element", FieldType::integer},
    {"iblock_section", FieldType::integer},
    {"file", FieldType::file},
    {"crm_entity", FieldType::integer},  // PARENT_ID_<type>: the record of another kind that this one belongs to
}};

bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t at = text.find('_');
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

}  // namespace

const UserField* UserFieldSet::find(std::string_view name) const {
    for (const UserField& field : fields) {
        if (equals_any_case(field.field.name, name)) return &field;
    }
    return nullptr;
}

const UserField* UserFieldSet::find_item_name(std::string_view name) const {
    for (const UserField& field : fields) {
        if (field.field.item_name == name) return &field;
    }
    return nullptr;
}

std::string user_field_item_name(std::string_view name) {
    const std::vector<std::string_view> parts = split(name);
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string part = to_lower_ascii(parts[i]);
        if (part.empty()) continue;
        if (i == 0) {
            out += part;
        } else if (i == 2 && all_digits(part) && parts.size() > 3) {
            out += part;  // the number of a smart process: UF_CRM_2_COLOR → ufCrm2Color
        } else if (std::isdigit(static_cast<unsigned char>(part[0])) != 0) {
            out += name.starts_with("PARENT_ID_") ? part : "_" + part;
        } else {
            out += static_cast<char>(std::toupper(static_cast<unsigned char>(part[0])));
            out += part.substr(1);
        }
    }
    return out;
}

Result<FieldType> user_field_storage(std::string_view user_type) {
    for (const auto& [name, type] : kUserTypes) {
        if (name == user_type) return type;
    }
    return invalid("USER_TYPE_ID '" + std::string(user_type) + "' is unknown.", "USER_TYPE_ID");
}

}  // namespace stoa::model
