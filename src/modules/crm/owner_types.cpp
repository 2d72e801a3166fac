#include "modules/crm/owner_types.hpp"

#include <charconv>
#include <limits>

#include "base/utf8.hpp"

namespace stoa::crm {

namespace {

struct OwnerType {
    int id;
    std::string_view code, short_code;
};

constexpr OwnerType kOwnerTypes[] = {
    {kLead, "LEAD", "L"}, {kDeal, "DEAL", "D"}, {kContact, "CONTACT", "C"}, {kCompany, "COMPANY", "CO"}};

int parse_number(std::string_view text, int base) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace

bool is_dynamic(int type_id) {
    return type_id >= kDynamicFirst;
}

std::string type_code(int type_id) {
    for (const OwnerType& type : kOwnerTypes) {
        if (type.id == type_id) return std::string(type.code);
    }
    return is_dynamic(type_id) ? "DYNAMIC_" + std::to_string(type_id) : std::string();
}

std::string short_type_code(int type_id) {
    for (const OwnerType& type : kOwnerTypes) {
        if (type.id == type_id) return std::string(type.short_code);
    }
    if (!is_dynamic(type_id)) return {};
    char hex[16];
    const auto end = std::to_chars(hex, hex + sizeof(hex), type_id, 16).ptr;
    return "T" + std::string(hex, end);
}

int parse_type_code(std::string_view code) {
    for (const OwnerType& type : kOwnerTypes) {
        if (equals_any_case(code, type.code) || equals_any_case(code, type.short_code)) return type.id;
    }
    const std::string upper = to_upper_ascii(code);
    int id = parse_number(upper, 10);
    if (upper.starts_with("DYNAMIC_")) {
        id = parse_number(std::string_view(upper).substr(8), 10);
    } else if (upper.starts_with("T")) {
        id = parse_number(std::string_view(upper).substr(1), 16);
    }
    return is_dynamic(id) || (id >= kLead && id <= kCompany) ? id : 0;
}

Result<const model::Entity*> entity_of_type(const model::Records& records, std::int64_t type_id) {
    const bool possible = type_id > 0 && type_id <= std::numeric_limits<int>::max();
    const model::Entity* entity = possible ? records.entity_by_type(static_cast<int>(type_id)) : nullptr;
    if (!entity) return not_found("Smart process not found", "NOT_FOUND");
    return entity;
}

}  // namespace stoa::crm
