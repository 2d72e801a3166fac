#include "model/field.hpp"

#include <array>
#include <cctype>
#include <utility>

#include "model/field_type.hpp"

namespace stoa::model {

namespace {
constexpr std::array<std::pair<std::string_view, FieldType>, 18> kTypes{{
    {"id", FieldType::id},
    {"integer", FieldType::integer},
    {"boolean", FieldType::boolean},
    {"real", FieldType::real},
    {"decimal", FieldType::decimal},
    {"string", FieldType::string},
    {"text", FieldType::text},
    {"date", FieldType::date},
    {"datetime", FieldType::datetime},
    {"user", FieldType::user},
    {"reference", FieldType::reference},
    {"status", FieldType::status},
    {"enumeration", FieldType::enumeration},
    {"list", FieldType::list},
    {"json", FieldType::json},
    {"links", FieldType::links},
    {"file", FieldType::file},
    {"multifield", FieldType::multifield},
}};
}  // namespace

std::string_view to_string(FieldType type) {
    for (const auto& [name, known] : kTypes) {
        if (known == type) return name;
    }
    return "string";
}

std::optional<FieldType> parse_field_type(std::string_view name) {
    for (const auto& [known, type] : kTypes) {
        if (known == name) return type;
    }
    return std::nullopt;
}

bool is_integer_stored(FieldType type) {
    switch (type) {
        case FieldType::id:
        case FieldType::integer:
        case FieldType::boolean:
        case FieldType::decimal:
        case FieldType::date:
        case FieldType::datetime:
        case FieldType::user:
        case FieldType::reference:
        case FieldType::file:
            return true;
        default:
            return false;
    }
}

std::string_view Field::title_in(std::string_view language) const {
    if (const auto found = title.find(std::string(language)); found != title.end()) return found->second;
    if (const auto english = title.find("en"); english != title.end()) return english->second;
    return name;
}

std::string camel_case(std::string_view upper_snake) {
    std::string out;
    bool upper = false;
    for (const char c : upper_snake) {
        if (c == '_') {
            upper = true;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += static_cast<char>(upper ? std::toupper(byte) : std::tolower(byte));
        upper = false;
    }
    return out;
}

}  // namespace stoa::model
