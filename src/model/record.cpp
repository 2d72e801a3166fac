#include "model/record.hpp"

#include <algorithm>

#include "json/parse.hpp"

namespace stoa::model {

Record::Record(const Entity& entity, const db::Row& row) : Record(entity) {
    for (const Field& field : entity.fields) {
        const int position = entity.column_position(field);
        if (position >= 0) value(field) = row.value(position);
    }
    if (const int position = entity.user_fields_position(); position >= 0 && !row.is_null(position)) {
        if (auto parsed = json::parse(row.text(position))) user_fields_ = std::move(*parsed);
    }
}

std::int64_t Record::integer(std::string_view name) const {
    const auto* number = std::get_if<std::int64_t>(&value(entity_->field(name)));
    return number ? *number : 0;
}

std::string Record::text(std::string_view name) const {
    const auto* text = std::get_if<std::string>(&value(entity_->field(name)));
    return text ? *text : std::string();
}

bool Record::is_null(std::string_view name) const {
    return db::is_null(value(entity_->field(name)));
}

void Changes::set(const Field& field, db::Value value) {
    for (auto& [known, old] : values_) {
        if (known == &field) {
            old = std::move(value);
            return;
        }
    }
    values_.emplace_back(&field, std::move(value));
}

void Changes::unset(std::string_view name) {
    const Field* field = &entity_->field(name);
    std::erase_if(values_, [&](const auto& item) { return item.first == field; });
}

const db::Value* Changes::find(const Field& field) const {
    for (const auto& [known, value] : values_) {
        if (known == &field) return &value;
    }
    return nullptr;
}

std::int64_t Changes::integer(std::string_view name) const {
    const db::Value* value = find(name);
    const auto* number = value ? std::get_if<std::int64_t>(value) : nullptr;
    return number ? *number : 0;
}

std::string Changes::text(std::string_view name) const {
    const db::Value* value = find(name);
    const auto* text = value ? std::get_if<std::string>(value) : nullptr;
    return text ? *text : std::string();
}

}  // namespace stoa::model
