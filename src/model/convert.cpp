#include "model/convert.hpp"

#include <algorithm>
#include <cmath>

#include "base/decimal.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "json/writer.hpp"

namespace stoa::model {

namespace {

Error wrong(const Field& field, std::string_view expected) {
    return invalid("Field " + field.name + " must be " + std::string(expected) + ".", field.name);
}

bool is_blank(const json::Value& value) {
    return value.is_null() || (value.is_string() && value.string().empty());
}

Result<db::Value> integer_value(const Field& field, const json::Value& value) {
    if (const auto number = value.as_integer()) return db::Value(*number);
    if (const auto real = value.as_real(); real && std::abs(*real) < 9e15 && std::trunc(*real) == *real) {
        return db::Value(static_cast<std::int64_t>(*real));
    }
    return wrong(field, "a whole number");
}

Result<db::Value> reference_value(const Field& field, const json::Value& value) {
    STOA_TRY(db::Value id, integer_value(field, value));
    const std::int64_t number = std::get<std::int64_t>(id);
    if (number < 0) return wrong(field, "the id of a record");
    return number == 0 ? db::Value() : id;
}

Result<db::Value> text_value(const Field& field, const json::Value& value) {
    auto text = value.as_text();
    if (!text) return wrong(field, "text");
    const bool one_line = field.type != FieldType::text;
    if (one_line && text->size() > static_cast<std::size_t>(field.length) &&
        utf8_length(*text) > static_cast<std::size_t>(field.length)) {
        return Error{Errc::too_large,
                     "Field " + field.name + " takes at most " + std::to_string(field.length) + " characters.",
                     field.name};
    }
    if (text->size() > limits::text_bytes_max) {
        return Error{Errc::too_large, "Field " + field.name + " is too long.", field.name};
    }
    return db::Value(std::move(*text));
}

Result<db::Value> choice_value(const Field& field, const json::Value& value) {
    STOA_TRY(db::Value text, text_value(field, value));
    const std::string& code = std::get<std::string>(text);
    if (std::find(field.choices.begin(), field.choices.end(), code) == field.choices.end()) {
        std::string known;
        for (const std::string& choice : field.choices)
            known += (known.empty() ? "" : ", ") + choice;
        return wrong(field, "one of " + known);
    }
    return text;
}

Result<db::Value> list_value(const Field& field, const json::Value& value) {
    std::string out;
    json::Writer writer(out);
    writer.begin_array();
    const std::vector<const json::Value*> items =
        value.is_array() || value.is_object() ? value.items() : std::vector<const json::Value*>{&value};
    for (const json::Value* item : items) {
        if (!item->is_scalar()) return wrong(field, "a list of plain values");
        writer.value(*item);
    }
    writer.end_array();
    if (out.size() > limits::text_bytes_max) {
        return Error{Errc::too_large, "Field " + field.name + " is too long.", field.name};
    }
    return db::Value(std::move(out));
}

json::Value to_json_value(db::Value value) {
    if (auto* number = std::get_if<std::int64_t>(&value)) return *number;
    if (auto* real = std::get_if<double>(&value)) return *real;
    if (auto* text = std::get_if<std::string>(&value)) return std::move(*text);
    return nullptr;
}

Result<json::Value> user_field_scalar(const UserField& field, const json::Value& value, const TimeZone& zone) {
    STOA_TRY(db::Value stored, to_storage(field.field, value, zone));
    if (field.user_type == "enumeration" && !db::is_null(stored)) {
        const std::int64_t id = std::get<std::int64_t>(stored);
        const auto same = [&](const UserFieldChoice& choice) { return choice.id == id; };
        if (std::none_of(field.choices.begin(), field.choices.end(), same)) {
            return wrong(field.field, "the id of one of its list items");
        }
    }
    return to_json_value(std::move(stored));
}

}  // namespace

Result<db::Value> to_storage(const Field& field, const json::Value& value, const TimeZone& zone) {
    if (field.type == FieldType::boolean) {
        if (is_blank(value)) return db::Value(std::int64_t{0});
        const auto flag = value.as_bool();
        if (!flag) return wrong(field, "Y or N");
        return db::Value(std::int64_t{*flag ? 1 : 0});
    }
    if (is_blank(value)) return db::Value();
    switch (field.type) {
        case FieldType::list:
            return list_value(field, value);
        case FieldType::json: {
            std::string out = json::to_json(value);
            if (out.size() > limits::text_bytes_max) {
                return Error{Errc::too_large, "Field " + field.name + " is too long.", field.name};
            }
            return db::Value(std::move(out));
        }
        default:
            break;
    }
    // Contents of files have become numbers of stored files before they come here.
    if (field.type == FieldType::file && !value.as_integer()) return wrong(field, "a file: [name, base64]");
    if (!value.is_scalar()) return wrong(field, "a single value");
    switch (field.type) {
        case FieldType::id:
        case FieldType::integer:
            return integer_value(field, value);
        case FieldType::user:
        case FieldType::reference:
        case FieldType::file:
            return reference_value(field, value);
        case FieldType::real: {
            const auto real = value.as_real();
            if (!real || !std::isfinite(*real)) return wrong(field, "a number");
            return db::Value(*real);
        }
        case FieldType::decimal: {
            const auto text = value.as_text();
            auto number = parse_decimal(text.value_or(""), field.scale);
            if (!number) return wrong(field, "a decimal number");
            return db::Value(*number);
        }
        case FieldType::date: {
            auto days = value.is_string() ? parse_date(value.string()) : wrong(field, "");
            if (!days) return wrong(field, "a date like 2026-01-31");
            return db::Value(*days);
        }
        case FieldType::datetime: {
            auto at = value.is_string() ? parse_datetime(value.string(), zone) : wrong(field, "");
            if (!at) return wrong(field, "a date and time like 2026-01-31T10:00:00+01:00");
            return db::Value(*at);
        }
        case FieldType::enumeration:
            return choice_value(field, value);
        default:
            return text_value(field, value);
    }
}

Result<json::Value> to_user_field_storage(const UserField& field, const json::Value& value, const TimeZone& zone) {
    if (!field.field.multiple) {
        // A one-value field accepts a list of one, as clients that treat all user fields alike send it.
        const bool list_of_one = value.is_array() && value.array().size() == 1;
        return user_field_scalar(field, list_of_one ? value.array().front() : value, zone);
    }
    json::Array out;
    if (is_blank(value)) return json::Value(std::move(out));
    const std::vector<const json::Value*> items =
        value.is_array() || value.is_object() ? value.items() : std::vector<const json::Value*>{&value};
    for (const json::Value* item : items) {
        STOA_TRY(json::Value stored, user_field_scalar(field, *item, zone));
        if (!stored.is_null()) out.push_back(std::move(stored));
    }
    return json::Value(std::move(out));
}

}  // namespace stoa::model
