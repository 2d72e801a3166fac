#include "modules/crm/list_params.hpp"

#include <algorithm>
#include <cctype>

#include "base/limits.hpp"
#include "base/utf8.hpp"

namespace stoa::crm {

namespace {

using model::Names;

constexpr std::string_view kPrefixCharacters = "=!<>@%";

struct Naming {
    const model::Entity& entity;
    const model::UserFieldSet* user_fields;
    Names names;
};

/// The engine's name for a client's name; empty when there is no such field.
std::string known_name(const Naming& naming, std::string_view name) {
    const model::Field* field = nullptr;
    if (naming.names == Names::item) field = naming.entity.find_item_name(name);
    if (!field) field = naming.entity.find(name);
    if (field && !field->hidden) return naming.names == Names::item ? field->item_name : field->name;
    if (naming.user_fields) {
        if (const auto* own = naming.user_fields->find_item_name(name)) return own->field.name;
        if (const auto* own = naming.user_fields->find(name)) return own->field.name;
    }
    return {};
}

Error refused(std::string message, std::string_view field) {
    return invalid(std::move(message), std::string(field), "INVALID_ARG_VALUE");
}

bool is_index(std::string_view key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

Result<json::Value> rename_filter(const Naming& naming, const json::Value& filter, int depth) {
    if (depth > limits::filter_depth_max) return filter;  // the engine says so
    if (filter.is_array()) {
        json::Array out;
        for (const json::Value& item : filter.array()) {
            STOA_TRY(json::Value part, rename_filter(naming, item, depth + 1));
            out.push_back(std::move(part));
        }
        return json::Value(std::move(out));
    }
    if (!filter.is_object()) return filter;
    json::Object out;
    for (const auto& [key, value] : filter.object()) {
        if (equals_any_case(key, "logic")) {
            out.set(key, value);
            continue;
        }
        if (is_index(key)) {
            STOA_TRY(json::Value part, rename_filter(naming, value, depth + 1));
            out.set(key, std::move(part));
            continue;
        }
        const std::size_t at = std::min(key.find_first_not_of(kPrefixCharacters), key.size());
        const std::string name = known_name(naming, std::string_view(key).substr(at));
        if (name.empty()) {
            return refused("Invalid filter: field '" + key.substr(at) + "' is not allowed in filter", key.substr(at));
        }
        out.set(key.substr(0, at) + name, value);
    }
    return json::Value(std::move(out));
}

Result<json::Value> rename_order(const Naming& naming, const json::Value& order) {
    if (!order.is_object()) return order;
    json::Object out;
    for (const auto& [key, value] : order.object()) {
        const std::string name = known_name(naming, key);
        if (name.empty()) return refused("Invalid order: field '" + key + "' is not allowed in order", key);
        const std::string direction = value.as_text().value_or("");
        if (!equals_any_case(direction, "ASC") && !equals_any_case(direction, "DESC")) {
            return refused("Invalid order: allowed sort directions are ASC, DESC. But got '" + direction +
                               "' for field '" + key + "'",
                           key);
        }
        out.set(name, value);
    }
    return json::Value(std::move(out));
}

/// Unknown names are dropped by the engine; "*" stands for user fields too.
json::Value rename_select(const Naming& naming, const json::Value& select) {
    if (!select.is_array() && !select.is_object()) return select;
    json::Array out;
    for (const json::Value* item : select.items()) {
        const std::string name = item->as_text().value_or("");
        const std::string known = known_name(naming, name);
        out.push_back(known.empty() ? name : known);
        if (name == "*") out.push_back("UF_*");
    }
    return out;
}

}  // namespace

Result<json::Value> normalise_list_params(const model::Entity& entity, const model::UserFieldSet* user_fields,
                                          Names names, const json::Value& params) {
    const Naming naming{entity, user_fields, names};
    json::Object out;
    if (!params.is_object()) return json::Value(std::move(out));
    for (const auto& [key, value] : params.object()) {
        if (equals_any_case(key, "filter")) {
            STOA_TRY(json::Value filter, rename_filter(naming, value, 1));
            out.set(key, std::move(filter));
        } else if (equals_any_case(key, "order")) {
            STOA_TRY(json::Value order, rename_order(naming, value));
            out.set(key, std::move(order));
        } else if (equals_any_case(key, "select")) {
            out.set(key, rename_select(naming, value));
        } else {
            out.set(key, value);
        }
    }
    return json::Value(std::move(out));
}

}  // namespace stoa::crm
