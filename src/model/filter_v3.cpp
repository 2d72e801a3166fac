// The filter language of REST v3: lists of [field, operator, value] and groups with logic and negation.

#include <array>

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "model/filter.hpp"
#include "model/filter_leaf.hpp"

namespace stoa::model {

namespace {

constexpr const char* kInvalidFilter = "BITRIX_REST_V3_EXCEPTION_INVALIDFILTEREXCEPTION";

constexpr std::array<std::pair<std::string_view, Match>, 10> kOperators{{
    {"=", Match::equal},
    {"!=", Match::not_equal},
    {">", Match::greater},
    {">=", Match::greater_equal},
    {"<", Match::less},
    {"<=", Match::less_equal},
    {"in", Match::in},
    {"between", Match::between},
    {"like", Match::like},
    {"%", Match::contains},
}};

Error bad(std::string message) {
    return invalid(std::move(message), "filter", kInvalidFilter);
}

class CompilerV3 {
  public:
    explicit CompilerV3(const FilterContext& context) : context_(context), leaf_(context) {}

    Result<db::Condition> list(const json::Value& conditions, bool is_or, int depth) {
        if (depth > limits::filter_depth_max) return bad("The filter is nested too deeply.");
        std::vector<db::Condition> parts;
        for (const json::Value* item : conditions.items()) {
            STOA_TRY(db::Condition part, entry(*item, depth));
            parts.push_back(std::move(part));
        }
        return is_or && !parts.empty() ? db::Condition::any(std::move(parts)) : db::Condition::all(std::move(parts));
    }

  private:
    Result<db::Condition> entry(const json::Value& item, int depth) {
        if (item.is_array()) return triple(item.array());
        if (!item.is_object()) return bad("A condition must be a list [field, operator, value] or a group.");
        const json::Value* conditions = item.find("conditions");
        if (!conditions || !conditions->is_array()) return bad("A group needs 'conditions'.");
        const json::Value* logic = item.find("logic");
        const std::string word = logic ? to_lower_ascii(logic->as_text().value_or("")) : "and";
        if (word != "and" && word != "or") return bad("A group's logic must be 'and' or 'or'.");
        STOA_TRY(db::Condition group, list(*conditions, word == "or", depth + 1));
        const json::Value* negative = item.find("negative");
        if (negative && negative->as_bool().value_or(false)) return db::Condition::negate(std::move(group));
        return group;
    }

    Result<db::Condition> triple(const json::Array& parts) {
        if (parts.size() < 2 || parts.size() > 3 || !parts[0].is_string()) {
            return bad("A condition must be [field, operator, value] or [field, value].");
        }
        const FieldRef ref = find_field(context_, parts[0].string());
        if (!ref) {
            return invalid("Filter field '" + parts[0].string() + "' is unknown.", parts[0].string(),
                           "BITRIX_REST_V3_EXCEPTION_UNKNOWNDTOPROPERTYEXCEPTION");
        }
        const json::Value& value = parts.back();
        const bool many = value.is_array();
        Match match = many ? Match::in : Match::equal;
        if (parts.size() == 3) {
            const std::string word = to_lower_ascii(parts[1].as_text().value_or(""));
            bool known = false;
            for (const auto& [name, op] : kOperators) {
                if (name == word) match = op, known = true;
            }
            if (!known) {
                return invalid("Filter operator '" + word + "' is unknown.", parts[0].string(),
                               "BITRIX_REST_V3_EXCEPTION_UNKNOWNFILTEROPERATOREXCEPTION");
            }
            if (match == Match::equal && many) match = Match::in;
            if (match == Match::not_equal && many) match = Match::not_in;
        }
        std::vector<const json::Value*> values = many ? value.items() : std::vector<const json::Value*>{&value};
        for (const json::Value* item : values) {
            if (item->is_array() || item->is_object()) return bad("Filter values must be plain.");
        }
        Result<db::Condition> leaf = leaf_.compile(ref, match, values);
        if (!leaf && leaf.error().api_code.empty()) {
            Error error = leaf.error();
            error.api_code = kInvalidFilter;
            return error;
        }
        return leaf;
    }

    const FilterContext& context_;
    LeafCompiler leaf_;
};

}  // namespace

Result<db::Condition> compile_filter_v3(const FilterContext& context, const json::Value& filter) {
    if (filter.is_null()) return db::Condition::always();
    if (!filter.is_array()) return bad("The filter must be a list of conditions.");
    return CompilerV3(context).list(filter, false, 1);
}

}  // namespace stoa::model
