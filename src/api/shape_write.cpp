// Records → JSON. On the hot path of every read: appends only, no tree, no allocation per value.

#include <algorithm>

#include "api/file_fields.hpp"
#include "api/shape.hpp"
#include "base/decimal.hpp"
#include "json/parse.hpp"

namespace stoa::api {

using model::Entity;
using model::Field;
using model::FieldType;
using model::Names;
using model::UserField;

namespace {

constexpr std::int64_t kDayS = 86'400;

/// Reads one value from a row column or from an owned value, so that both are written by the same code.
class RowSource {
  public:
    RowSource(const db::Row& row, int column) : row_(row), column_(column) {}
    bool is_null() const { return row_.is_null(column_); }
    std::int64_t integer() const { return row_.integer(column_); }
    double real() const { return row_.real(column_); }
    std::string_view text() const { return row_.text(column_); }

  private:
    const db::Row& row_;
    int column_;
};

class ValueSource {
  public:
    explicit ValueSource(const db::Value& value) : value_(value) {}
    bool is_null() const { return db::is_null(value_); }
    std::int64_t integer() const {
        const auto* number = std::get_if<std::int64_t>(&value_);
        return number ? *number : 0;
    }
    double real() const {
        if (const auto* real = std::get_if<double>(&value_)) return *real;
        return static_cast<double>(integer());
    }
    std::string_view text() const {
        const auto* text = std::get_if<std::string>(&value_);
        return text ? std::string_view(*text) : std::string_view();
    }

  private:
    const db::Value& value_;
};

void write_integer(json::Writer& out, const Shape& shape, std::int64_t value) {
    if (shape.typed) {
        out.integer(value);
    } else {
        out.integer_text(value);
    }
}

void write_decimal(json::Writer& out, const Shape& shape, std::int64_t value, int scale) {
    thread_local std::string text;
    text.clear();
    append_decimal(text, value, scale);
    if (!shape.typed) {
        out.raw_text(text);
        return;
    }
    if (text.find('.') != std::string::npos) {
        while (text.back() == '0')
            text.pop_back();
        if (text.back() == '.') text.pop_back();
    }
    out.raw(text);
}

void write_instant(json::Writer& out, UnixSeconds at, const TimeZone& zone) {
    thread_local std::string text;
    text.clear();
    append_iso(text, at, zone);
    out.raw_text(text);
}

/// v2 clients know dates only as local midnight with offset; v3 has plain dates.
void write_date(json::Writer& out, const Shape& shape, std::int64_t days, const TimeZone& zone) {
    if (shape.names != Names::v3) {
        write_instant(out, zone.from_local(days * kDayS), zone);
        return;
    }
    thread_local std::string text;
    text.clear();
    append_date(text, days);
    out.raw_text(text);
}

void write_boolean(json::Writer& out, const Shape& shape, bool value) {
    if (shape.names == Names::v3) {
        out.boolean(value);
    } else {
        out.raw_text(value ? "Y" : "N");
    }
}

template <class Source>
void write_from(json::Writer& out, const Field& field, const Shape& shape, const Source& source, const TimeZone& zone) {
    if (source.is_null()) {
        if (field.type == FieldType::list) {
            out.raw("[]");
        } else if (field.type == FieldType::boolean) {
            write_boolean(out, shape, false);
        } else {
            out.null();
        }
        return;
    }
    switch (field.type) {
        case FieldType::id:
        case FieldType::integer:
        case FieldType::user:
        case FieldType::reference:
            write_integer(out, shape, source.integer());
            break;
        case FieldType::boolean:
            write_boolean(out, shape, source.integer() != 0);
            break;
        case FieldType::decimal:
            write_decimal(out, shape, source.integer(), field.scale);
            break;
        case FieldType::real:
            if (shape.typed) {
                out.real(source.real());
            } else {
                std::string text;
                json::Writer(text).real(source.real());
                out.raw_text(text);
            }
            break;
        case FieldType::date:
            write_date(out, shape, source.integer(), zone);
            break;
        case FieldType::datetime:
            write_instant(out, source.integer(), zone);
            break;
        case FieldType::file:
            write_file(out, shape, source.integer());
            break;
        case FieldType::list:
        case FieldType::json:
            out.raw(source.text());
            break;
        default:
            out.text(source.text());
            break;
    }
}

std::string_view key_of(const Field& field, const Shape& shape) {
    switch (shape.names) {
        case Names::item:
            return field.item_name;
        case Names::v3:
            return field.v3_name;
        default:
            return field.name;
    }
}

db::Value to_db_value(const json::Value& value) {
    if (value.is_integer()) return value.integer();
    if (value.is_real()) return value.real();
    if (value.is_string()) return value.string();
    return {};
}

void write_user_field_scalar(json::Writer& out, const UserField& field, const Shape& shape, const json::Value& value,
                             const TimeZone& zone) {
    if (field.user_type == "file" && !value.is_integer()) {
        out.null();
        return;
    }
    if (value.is_array() || value.is_object()) {
        out.value(value);
        return;
    }
    if (field.user_type == "boolean" && shape.names == Names::classic) {
        out.raw_text(value.as_bool().value_or(false) ? "1" : "0");
        return;
    }
    write_from(out, field.field, shape, ValueSource(to_db_value(value)), zone);
}

void write_user_field(json::Writer& out, const UserField& field, const Shape& shape, const json::Value* value,
                      const TimeZone& zone) {
    if (!field.field.multiple) {
        write_user_field_scalar(out, field, shape, value ? *value : json::Value(), zone);
        return;
    }
    out.begin_array();
    if (value && value->is_array()) {
        for (const json::Value& item : value->array())
            write_user_field_scalar(out, field, shape, item, zone);
    }
    out.end_array();
}

void write_user_fields(json::Writer& out, const Entity& entity, const Shape& shape, const Selection& selection,
                       const db::Row& row, const TimeZone& zone) {
    json::Value stored;
    const int position = entity.user_fields_position();
    if (position >= 0 && !row.is_null(position)) {
        if (auto parsed = json::parse(row.text(position))) stored = std::move(*parsed);
    }
    const bool item_names = shape.names != Names::classic && !shape.original_uf_names;
    for (const UserField* field : selection.user_fields) {
        out.raw_key(item_names ? field->field.item_name : field->field.name);
        write_user_field(out, *field, shape, stored.find(field->field.name), zone);
    }
}

void write_links(json::Writer& out, const Shape& shape, const std::vector<std::pair<RecordId, RecordId>>& pairs,
                 RecordId owner) {
    out.begin_array();
    const auto first = std::lower_bound(pairs.begin(), pairs.end(), owner,
                                        [](const auto& pair, RecordId id) { return pair.first < id; });
    for (auto at = first; at != pairs.end() && at->first == owner; ++at)
        write_integer(out, shape, at->second);
    out.end_array();
}

template <class Wanted>
void write_multifields(json::Writer& out, const Shape& shape, const std::vector<model::Multifield>& rows,
                       RecordId owner, const Wanted& wanted) {
    out.begin_array();
    const auto first = std::lower_bound(rows.begin(), rows.end(), owner,
                                        [](const model::Multifield& row, RecordId id) { return row.owner < id; });
    for (auto at = first; at != rows.end() && at->owner == owner; ++at) {
        if (!wanted(at->type)) continue;
        out.begin_object();
        if (shape.multifields_as_fm) {
            out.field("id", at->id).field("typeId", at->type).field("valueType", at->value_type);
            out.field("value", at->value);
        } else {
            out.key("ID").integer_text(at->id);
            out.field("VALUE_TYPE", at->value_type).field("VALUE", at->value).field("TYPE_ID", at->type);
        }
        out.end_object();
    }
    out.end_array();
}

void write_side_tables(json::Writer& out, const Shape& shape, const Selection& selection, const SideTables& side,
                       RecordId owner) {
    for (const auto& [field, pairs] : side.links) {
        out.raw_key(key_of(*field, shape));
        write_links(out, shape, pairs, owner);
    }
    if (selection.multifields.empty()) return;
    if (shape.multifields_as_fm) {
        out.raw_key("fm");
        write_multifields(out, shape, side.multifields, owner, [&](const std::string& type) {
            const auto same = [&](const Field* field) { return field->target == type; };
            return std::any_of(selection.multifields.begin(), selection.multifields.end(), same);
        });
        return;
    }
    for (const Field* field : selection.multifields) {
        out.raw_key(key_of(*field, shape));
        write_multifields(out, shape, side.multifields, owner,
                          [&](const std::string& type) { return type == field->target; });
    }
}

}  // namespace

Result<SideTables> load_side_tables(model::Records& records, const Entity& entity, const Selection& selection,
                                    std::span<const RecordId> ids) {
    SideTables side;
    for (const Field* field : selection.links) {
        STOA_TRY(auto pairs, records.links(*field, ids));
        side.links.emplace_back(field, std::move(pairs));
    }
    if (!selection.multifields.empty()) {
        STOA_TRY(side.multifields, records.multifields(entity, ids));
        std::stable_sort(side.multifields.begin(), side.multifields.end(),
                         [](const auto& a, const auto& b) { return a.owner < b.owner; });
    }
    return side;
}

void write_record(json::Writer& out, const Entity& entity, const Shape& shape, const Selection& selection,
                  const SideTables& side, const db::Row& row, const TimeZone& zone, const MoreMembers& more) {
    out.begin_object();
    for (const Field* field : selection.fields) {
        out.raw_key(key_of(*field, shape));
        write_from(out, *field, shape, RowSource(row, entity.column_position(*field)), zone);
    }
    if (selection.needs_side_tables()) {
        const RecordId id = row.integer(entity.column_position(entity.id_field()));
        write_side_tables(out, shape, selection, side, id);
    }
    if (!selection.user_fields.empty()) write_user_fields(out, entity, shape, selection, row, zone);
    if (shape.multifields_as_fm && selection.star) out.raw_key("entityTypeId").integer(entity.type_id);  // crm.item
    if (more) more(row);
    out.end_object();
}

void write_value(json::Writer& out, const Field& field, const Shape& shape, const db::Value& value,
                 const TimeZone& zone) {
    write_from(out, field, shape, ValueSource(value), zone);
}

}  // namespace stoa::api
