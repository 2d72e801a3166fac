#pragma once
// Record and Changes: one record read whole, and what somebody wants to change. Plain values, one thread at a time.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "db/value.hpp"
#include "json/value.hpp"
#include "model/entity.hpp"

namespace stoa::model {

/// A record with all its stored fields, owned. Links and multifields are read separately (Records::links).
class Record {
  public:
    explicit Record(const Entity& entity) : entity_(&entity), values_(entity.fields.size()) {}
    Record(const Entity& entity, const db::Row& row);  ///< row selected with entity.all_columns_sql()

    const Entity& entity() const { return *entity_; }
    RecordId id() const { return integer("ID"); }
    const db::Value& value(const Field& field) const { return values_[static_cast<std::size_t>(field.index)]; }
    db::Value& value(const Field& field) { return values_[static_cast<std::size_t>(field.index)]; }
    std::int64_t integer(std::string_view name) const;  ///< 0 when NULL
    std::string text(std::string_view name) const;      ///< "" when NULL
    bool is_null(std::string_view name) const;
    const json::Value& user_fields() const { return user_fields_; }  ///< object: UF name → stored form
    json::Value& user_fields() { return user_fields_; }

  private:
    const Entity* entity_;
    std::vector<db::Value> values_;
    json::Value user_fields_;
};

/// One row of the multifields table as a client sent it.
struct MultifieldChange {
    RecordId id = 0;         ///< 0 = new row
    std::string type;        ///< PHONE, EMAIL, WEB, IM, LINK
    std::string value_type;  ///< WORK, HOME, …
    std::string value;
    bool remove = false;
};

/// Wanted values in storage form. Built by api shapes from client input, or by code with set().
class Changes {
  public:
    explicit Changes(const Entity& entity) : entity_(&entity) {}

    const Entity& entity() const { return *entity_; }
    void set(const Field& field, db::Value value);
    void set(std::string_view name, db::Value value) { set(entity_->field(name), std::move(value)); }
    void unset(std::string_view name);
    const db::Value* find(const Field& field) const;
    const db::Value* find(std::string_view name) const { return find(entity_->field(name)); }
    bool has(std::string_view name) const { return find(name) != nullptr; }
    std::int64_t integer(std::string_view name) const;  ///< 0 when absent or NULL
    std::string text(std::string_view name) const;      ///< "" when absent or NULL
    bool empty() const { return values_.empty() && links.empty() && multifields.empty() && user_fields.is_null(); }

    const std::vector<std::pair<const Field*, db::Value>>& values() const { return values_; }

    std::vector<std::pair<const Field*, std::vector<RecordId>>> links;  ///< whole new list per links field
    std::vector<MultifieldChange> multifields;
    json::Value user_fields;  ///< object UF name → client form; null = none named

  private:
    const Entity* entity_;
    std::vector<std::pair<const Field*, db::Value>> values_;
};

}  // namespace stoa::model
