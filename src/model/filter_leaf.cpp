#include "model/filter_leaf.hpp"

#include "base/limits.hpp"
#include "json/writer.hpp"
#include "model/convert.hpp"
#include "model/field_type.hpp"
#include "model/side_tables.hpp"

namespace stoa::model {

namespace {

using db::Condition;

bool is_negative(Match match) {
    return match == Match::not_equal || match == Match::not_in || match == Match::not_contains ||
           match == Match::not_like || match == Match::not_between;
}

Match positive(Match match) {
    switch (match) {
        case Match::not_equal:
            return Match::equal;
        case Match::not_in:
            return Match::in;
        case Match::not_contains:
            return Match::contains;
        case Match::not_like:
            return Match::like;
        case Match::not_between:
            return Match::between;
        default:
            return match;
    }
}

bool is_text(FieldType type) {
    return !is_integer_stored(type) && type != FieldType::real && type != FieldType::links;
}

Condition with_column(Condition condition, FieldRef ref) {
    if (ref.user_field) {
        condition.column = {"uf", ref.field->name};
    } else {
        condition.column = {ref.field->column, ""};
    }
    return condition;
}

Condition compare(FieldRef ref, Condition::Op op, db::Value value) {
    return with_column(Condition::compare("", op, std::move(value)), ref);
}

/// NULL and "" are the same "empty" to REST clients.
Condition is_empty(FieldRef ref) {
    Condition null = with_column(Condition::is_null(""), ref);
    if (!is_text(ref.field->type)) {
        if (ref.field->type == FieldType::boolean) {
            return Condition::any({std::move(null), compare(ref, Condition::Op::eq, std::int64_t{0})});
        }
        return null;
    }
    return Condition::any({std::move(null), compare(ref, Condition::Op::eq, std::string())});
}

bool is_blank(const json::Value& value) {
    return value.is_null() || (value.is_string() && value.string().empty());
}

Error too_many(std::string_view what, int max) {
    return Error{Errc::too_large,
                 "The filter has too many " + std::string(what) + "; at most " + std::to_string(max) + ".", "filter"};
}

}  // namespace

Error unknown_filter_field(std::string_view name) {
    return invalid("Filter field '" + std::string(name) + "' is unknown or not filterable.", std::string(name),
                   "INVALID_ARG_VALUE");
}

FieldRef find_field(const FilterContext& context, std::string_view name) {
    const Field* field = nullptr;
    switch (context.names) {
        case Names::classic:
            field = context.entity.find(name);
            break;
        case Names::item:
            // Task clients mix both spellings in one request; answers keep to the item names.
            field = context.entity.find_item_name(name);
            if (!field) field = context.entity.find(name);
            break;
        case Names::v3:
            field = context.entity.find_v3_name(name);
            break;
    }
    if (field) return field->hidden ? FieldRef{} : FieldRef{field, nullptr};
    if (!context.user_fields) return {};
    const UserField* user_field = context.user_fields->find_item_name(name);
    if (!user_field) user_field = context.user_fields->find(name);
    return user_field ? FieldRef{&user_field->field, user_field} : FieldRef{};
}

Result<db::Value> LeafCompiler::stored(FieldRef ref, const json::Value& value) const {
    if (ref.field->type == FieldType::multifield || ref.field->type == FieldType::links) {
        Field plain = *ref.field;
        plain.type = ref.field->type == FieldType::links ? FieldType::reference : FieldType::string;
        return to_storage(plain, value, context_.zone);
    }
    if (ref.field->type == FieldType::enumeration || ref.field->type == FieldType::list ||
        ref.field->type == FieldType::json) {
        Field plain = *ref.field;  // a filter may ask for a code that no record can have
        plain.type = FieldType::string;
        plain.length = static_cast<int>(limits::string_bytes_max);
        return to_storage(plain, value, context_.zone);
    }
    return to_storage(*ref.field, value, context_.zone);
}

Result<Condition> LeafCompiler::compile(FieldRef ref, Match match, const std::vector<const json::Value*>& values) {
    if (++conditions_ > limits::filter_conditions_max) return too_many("conditions", limits::filter_conditions_max);
    if (static_cast<int>(values.size()) > limits::in_list_max) return too_many("values in a list", limits::in_list_max);
    const Match wanted = positive(match);
    Result<Condition> condition = Condition::always();
    if (ref.field->type == FieldType::links || ref.field->type == FieldType::multifield) {
        condition = side_table(ref, wanted, values);
    } else if (wanted == Match::contains || wanted == Match::like) {
        condition = text_match(ref, wanted, values);
    } else if (ref.field->multiple && (wanted == Match::equal || wanted == Match::in)) {
        condition = multiple_match(ref, values);
    } else {
        condition = plain(ref, wanted, values);
    }
    if (!condition || !is_negative(match)) return condition;
    return Condition::negate(std::move(*condition));
}

Result<Condition> LeafCompiler::plain(FieldRef ref, Match match, const std::vector<const json::Value*>& values) {
    if (match == Match::in || (match == Match::equal && values.size() != 1)) {
        std::vector<db::Value> list;
        bool blank = false;
        for (const json::Value* value : values) {
            if (is_blank(*value)) {
                blank = true;
                continue;
            }
            STOA_TRY(db::Value item, stored(ref, *value));
            list.push_back(std::move(item));
        }
        Condition in = with_column(Condition::in("", std::move(list)), ref);
        return blank ? Condition::any({std::move(in), is_empty(ref)}) : std::move(in);
    }
    if (match == Match::between) {
        if (values.size() != 2) return invalid("A range filter takes two values.", ref.field->name);
        STOA_TRY(db::Value low, stored(ref, *values[0]));
        STOA_TRY(db::Value high, stored(ref, *values[1]));
        return Condition::all(
            {compare(ref, Condition::Op::ge, std::move(low)), compare(ref, Condition::Op::le, std::move(high))});
    }
    if (values.size() != 1) return invalid("This filter takes one value.", ref.field->name);
    if (match == Match::equal && is_blank(*values[0])) return is_empty(ref);
    STOA_TRY(db::Value value, stored(ref, *values[0]));
    if (db::is_null(value)) {
        // "reference = 0" asks for records without one; an order against nothing is no question.
        if (match == Match::equal) return is_empty(ref);
        if (match == Match::greater) return Condition::negate(is_empty(ref));
        if (match == Match::greater_equal) return Condition::always();
        return Condition::never();
    }
    switch (match) {
        case Match::greater:
            return compare(ref, Condition::Op::gt, std::move(value));
        case Match::greater_equal:
            return compare(ref, Condition::Op::ge, std::move(value));
        case Match::less:
            return compare(ref, Condition::Op::lt, std::move(value));
        case Match::less_equal:
            return compare(ref, Condition::Op::le, std::move(value));
        default:
            return compare(ref, Condition::Op::eq, std::move(value));
    }
}

Result<Condition> LeafCompiler::text_match(FieldRef ref, Match match, const std::vector<const json::Value*>& values) {
    if (!is_text(ref.field->type)) {
        return invalid("Field " + ref.field->name + " is not text: it has no substring filter.", ref.field->name);
    }
    std::vector<Condition> any;
    for (const json::Value* value : values) {
        const auto text = value->as_text();
        if (!text) return invalid("A substring filter takes text.", ref.field->name);
        std::string pattern;
        if (match == Match::contains) {
            pattern = "%" + db::escape_like(*text) + "%";
        } else {
            for (const char c : *text) {  // the caller's % and _ stay wildcards
                if (c == '\\') pattern += '\\';
                pattern += c;
            }
        }
        any.push_back(with_column(Condition::like("", std::move(pattern)), ref));
    }
    return Condition::any(std::move(any));
}

/// A list column holds JSON text: [5,7] or ["a","b"]. An element is found between its neighbours' marks.
Result<Condition> LeafCompiler::multiple_match(FieldRef ref, const std::vector<const json::Value*>& values) {
    std::vector<Condition> any;
    for (const json::Value* value : values) {
        if (is_blank(*value)) {
            any.push_back(is_empty(ref));
            any.push_back(compare(ref, Condition::Op::eq, std::string("[]")));
            continue;
        }
        std::vector<std::string> forms;
        if (ref.user_field) {
            STOA_TRY(db::Value item, stored(ref, *value));
            if (auto* number = std::get_if<std::int64_t>(&item)) {
                forms.push_back(std::to_string(*number));
            } else if (auto* text = std::get_if<std::string>(&item)) {
                forms.push_back(json::to_json(json::Value(*text)));
            }
        } else {  // a list field keeps elements as they were sent: 5 or "5"
            forms.push_back(json::to_json(json::Value(value->as_text().value_or(""))));
            if (const auto number = value->as_integer()) forms.push_back(std::to_string(*number));
        }
        for (const std::string& form : forms) {
            const std::string escaped = db::escape_like(form);
            for (const char* open : {"[", ","}) {
                for (const char* close : {"]", ","}) {
                    any.push_back(with_column(Condition::like("", "%" + (open + escaped) + close + "%"), ref));
                }
            }
        }
    }
    return Condition::any(std::move(any));
}

Result<Condition> LeafCompiler::side_table(FieldRef ref, Match match, const std::vector<const json::Value*>& values) {
    const Field& field = *ref.field;
    const std::string& id = context_.entity.id_field().column;
    if (field.type == FieldType::links) {
        if (match != Match::equal && match != Match::in) {
            return invalid("Field " + field.name + " can only be compared for equality.", field.name);
        }
        std::vector<db::Value> targets;
        for (const json::Value* value : values) {
            STOA_TRY(db::Value target, stored(ref, *value));
            if (!db::is_null(target)) targets.push_back(std::move(target));
        }
        return Condition::exists(field.link_table, "owner_id", id, Condition::in("target_id", std::move(targets)));
    }
    std::vector<Condition> any;
    for (const json::Value* value : values) {
        const auto text = value->as_text();
        if (!text) return invalid("This filter takes text.", field.name);
        if (match == Match::equal || match == Match::in) {
            any.push_back(Condition::equals("search_value", multifield_search_value(field.target, *text)));
        } else if (match == Match::contains) {
            any.push_back(Condition::like("value", "%" + db::escape_like(*text) + "%"));
        } else if (match == Match::like) {
            any.push_back(Condition::like("value", *text));
        } else {
            return invalid("Field " + field.name + " has no order.", field.name);
        }
    }
    Condition inner = Condition::all({Condition::equals("entity", context_.entity.name),
                                      Condition::equals("type", field.target), Condition::any(std::move(any))});
    return Condition::exists("multifields", "owner_id", id, std::move(inner));
}

}  // namespace stoa::model
