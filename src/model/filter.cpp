#include "model/filter.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "model/field_type.hpp"
#include "model/filter_leaf.hpp"

namespace stoa::model {

namespace {

struct Prefix {
    std::string_view text;
    Match one;   ///< with a single value
    Match many;  ///< with a list
};

/// Longer prefixes first: the first that fits is meant.
constexpr std::array<Prefix, 18> kPrefixes{{
    {"!=%", Match::not_like, Match::not_like},
    {"!%=", Match::not_like, Match::not_like},
    {"!><", Match::not_between, Match::not_between},
    {"!%", Match::not_contains, Match::not_contains},
    {"!@", Match::not_in, Match::not_in},
    {"!=", Match::not_equal, Match::not_in},
    {"=%", Match::like, Match::like},
    {"%=", Match::like, Match::like},
    {"><", Match::between, Match::between},
    {">=", Match::greater_equal, Match::greater_equal},
    {"<=", Match::less_equal, Match::less_equal},
    {"!", Match::not_equal, Match::not_in},
    {"%", Match::contains, Match::contains},
    {"@", Match::in, Match::in},
    {"=", Match::equal, Match::in},
    {">", Match::greater, Match::greater},
    {"<", Match::less, Match::less},
    {"", Match::equal, Match::in},
}};

bool is_index(std::string_view key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

class Compiler {
  public:
    explicit Compiler(const FilterContext& context) : context_(context), leaf_(context) {}

    Result<db::Condition> group(const json::Value& filter, int depth) {
        if (depth > limits::filter_depth_max) {
            return Error{Errc::too_large, "The filter is nested too deeply.", "filter"};
        }
        if (filter.is_array()) return list(filter, depth);
        if (!filter.is_object()) return invalid("The filter must be an object of conditions.", "filter");
        bool is_or = false;
        std::vector<db::Condition> parts;
        for (const auto& [key, value] : filter.object()) {
            if (equals_any_case(key, "logic")) {
                STOA_TRY(is_or, logic(value));
                continue;
            }
            Result<db::Condition> part = is_index(key) ? group(value, depth + 1) : condition(key, value);
            if (!part) return part;
            parts.push_back(std::move(*part));
        }
        return is_or && !parts.empty() ? db::Condition::any(std::move(parts)) : db::Condition::all(std::move(parts));
    }

  private:
    Result<db::Condition> list(const json::Value& filter, int depth) {
        std::vector<db::Condition> parts;
        for (const json::Value& item : filter.array()) {
            STOA_TRY(db::Condition part, group(item, depth + 1));
            parts.push_back(std::move(part));
        }
        return db::Condition::all(std::move(parts));
    }

    static Result<bool> logic(const json::Value& value) {
        const std::string text = value.as_text().value_or("");
        if (equals_any_case(text, "OR")) return true;
        if (equals_any_case(text, "AND")) return false;
        return invalid("The filter's logic must be AND or OR.", "logic");
    }

    Result<db::Condition> condition(std::string_view key, const json::Value& value) {
        const auto prefix =
            std::find_if(kPrefixes.begin(), kPrefixes.end(), [&](const Prefix& p) { return key.starts_with(p.text); });
        const std::string_view name = key.substr(prefix->text.size());
        const FieldRef ref = find_field(context_, name);
        if (!ref) {
            if (context_.ignore_unknown) return db::Condition::always();
            return unknown_filter_field(name);
        }
        const bool many = value.is_array() || value.is_object();
        std::vector<const json::Value*> values = many ? value.items() : std::vector<const json::Value*>{&value};
        for (const json::Value* item : values) {
            if (item->is_array() || item->is_object()) {
                return invalid("Filter field '" + std::string(name) + "' takes plain values.", std::string(name));
            }
        }
        return leaf_.compile(ref, many ? prefix->many : prefix->one, values);
    }

    const FilterContext& context_;
    LeafCompiler leaf_;
};

constexpr std::size_t kOrderFieldsMax = 5;

}  // namespace

Result<db::Condition> compile_filter(const FilterContext& context, const json::Value& filter) {
    if (filter.is_null() || (filter.is_string() && filter.string().empty())) return db::Condition::always();
    return Compiler(context).group(filter, 1);
}

Result<std::vector<db::Order>> compile_order(const FilterContext& context, const json::Value& order) {
    std::vector<db::Order> out;
    bool has_id = false;
    const Field& id = context.entity.id_field();
    if (order.is_object()) {
        if (order.object().size() > kOrderFieldsMax) {
            return Error{Errc::too_large, "At most " + std::to_string(kOrderFieldsMax) + " order fields.", "order"};
        }
        for (const auto& [name, value] : order.object()) {
            const FieldRef ref = find_field(context, name);
            if (!ref || ref.field->type == FieldType::links || ref.field->type == FieldType::multifield) {
                if (context.ignore_unknown) continue;
                return invalid("Order field '" + name + "' is unknown or not sortable.", name, "INVALID_ARG_VALUE");
            }
            const std::string direction = to_lower_ascii(value.as_text().value_or(""));
            const bool descending = direction.starts_with("desc");
            if (!descending && !direction.starts_with("asc")) {
                return invalid("The order of '" + name + "' must be ASC or DESC.", name);
            }
            const db::Column column =
                ref.user_field ? db::Column{"uf", ref.field->name} : db::Column{ref.field->column, ""};
            out.push_back({column, descending});
            if (ref.field == &id) {
                has_id = true;
                break;  // ids are unique: what follows cannot matter
            }
        }
    } else if (!order.is_null() && !(order.is_array() && order.array().empty()) &&
               !(order.is_string() && order.string().empty())) {
        return invalid("The order must be an object {FIELD: ASC|DESC}.", "order");
    }
    // The tie-breaker follows the last direction, so that one index serves both columns.
    if (!has_id) out.push_back({{id.column, ""}, !out.empty() && out.back().descending});
    return out;
}

}  // namespace stoa::model
