// The one write path (order of steps: records.hpp).

#include <algorithm>

#include "base/log.hpp"
#include "json/writer.hpp"
#include "model/convert.hpp"
#include "model/records.hpp"
#include "model/side_tables.hpp"
#include "model/stored_files.hpp"

namespace stoa::model {

namespace {

using db::Condition;

Error required(const Field& field) {
    return invalid("Field " + field.name + " is required.", field.name);
}

bool is_empty(const db::Value& value) {
    if (db::is_null(value)) return true;
    const auto* text = std::get_if<std::string>(&value);
    return text && text->empty();
}

Result<db::Value> default_value(const Field& field, const Records& records) {
    if (field.default_value == "@now") return db::Value(records.services().clock.now());
    if (field.default_value == "@today") {
        const UnixSeconds now = records.services().clock.now();
        const TimeZone& zone = *records.metadata().account.time_zone;
        std::int64_t local_s = now + zone.offset_s(now);
        if (local_s < 0) local_s -= 86'399;
        return db::Value(local_s / 86'400);
    }
    if (field.default_value == "@user") {
        return records.actor().user > 0 ? db::Value(records.actor().user) : db::Value();
    }
    if (field.default_value == "@currency") return db::Value(records.metadata().account.currency);
    return to_storage(field, json::Value(field.default_value), *records.metadata().account.time_zone);
}

Status fill_defaults(Changes& changes, const Records& records, Operation operation) {
    for (const Field& field : changes.entity().fields) {
        if (!field.stored() || field.default_value.empty()) continue;
        if (operation == Operation::update) {
            if (!field.touch || (records.actor().system && changes.find(field))) continue;
        } else if (const db::Value* given = changes.find(field); given && !db::is_null(*given)) {
            continue;
        }
        STOA_TRY(db::Value value, default_value(field, records));
        changes.set(field, std::move(value));
    }
    return {};
}

Status check_required(const Changes& changes, Operation operation) {
    for (const Field& field : changes.entity().fields) {
        if (!field.required || !field.stored()) continue;
        const db::Value* value = changes.find(field);
        const bool missing = operation == Operation::add ? (!value || is_empty(*value)) : (value && is_empty(*value));
        if (missing) return required(field);
    }
    return {};
}

/// The whole new content of the `uf` column; null when the entity keeps none.
Result<json::Value> merge_user_fields(const Changes& changes, const Record* before, const Records& records) {
    json::Value merged = before ? before->user_fields() : json::Value();
    const UserFieldSet* set = records.metadata().user_fields(changes.entity().user_field_entity);
    if (!set) return merged;
    if (!merged.is_object()) merged = json::Object();
    if (changes.user_fields.is_object()) {
        for (const auto& [name, value] : changes.user_fields.object()) {
            const UserField* field = set->find(name);
            if (!field) continue;
            STOA_TRY(json::Value stored, to_user_field_storage(*field, value, *records.metadata().account.time_zone));
            merged.object().set(field->field.name, std::move(stored));
        }
    }
    for (const UserField& field : set->fields) {
        if (!field.field.required || records.actor().system) continue;
        const bool named = changes.user_fields.find_any_case(field.field.name) != nullptr;
        if (before && !named) continue;
        const json::Value* value = merged.find(field.field.name);
        const bool empty = !value || value->is_null() || (value->is_string() && value->string().empty()) ||
                           (value->is_array() && value->array().empty());
        if (empty) return required(field.field);
    }
    return merged;
}

db::Value user_fields_column(const json::Value& user_fields) {
    if (!user_fields.is_object() || user_fields.object().empty()) return {};
    return json::to_json(user_fields);
}

/// One count per table, also for dynamic entities that share one: link tables know an owner by its id alone.
const std::string& sequence_name(const Entity& entity) {
    return entity.table;
}

Condition key_of(const Entity& entity, RecordId id) {
    Condition key = Condition::equals(entity.id_field().column, id);
    if (entity.partition_value == 0) return key;
    return Condition::all({Condition::equals(entity.partition_column, entity.partition_value), std::move(key)});
}

Status emit_change(Records& records, const Entity& entity, Operation operation, RecordId id) {
    const EntityEvents& events = entity.events;
    const std::string& name = operation == Operation::add      ? events.add
                              : operation == Operation::update ? events.update
                                                               : events.remove;
    if (name.empty()) return {};
    std::string data;
    json::Writer out(data);
    out.begin_object();
    if (events.shape == "before_after") {
        for (const char* part : {"FIELDS_BEFORE", "FIELDS_AFTER"}) {
            const bool before = part == std::string_view("FIELDS_BEFORE");
            out.key(part);
            if ((before && operation == Operation::add) || (!before && operation == Operation::remove)) {
                out.text("undefined");
            } else {
                out.begin_object().field("ID", id).end_object();
            }
        }
        out.field("IS_ACCESSIBLE_BEFORE", operation == Operation::add ? "N" : "Y");
        out.field("IS_ACCESSIBLE_AFTER", operation == Operation::remove ? "N" : "Y");
    } else {
        out.key("FIELDS").begin_object().field("ID", id);
        if (entity.partition_value != 0) out.field("ENTITY_TYPE_ID", entity.partition_value);
        out.end_object();
    }
    out.end_object();
    return records.emit(name, data);
}

/// Whether saving these changes can touch stored files: most entities have none, and pay nothing.
bool names_files(const Changes& changes, const Records& records) {
    for (const auto& [field, unused] : changes.values()) {
        if (field->type == FieldType::file) return true;
    }
    if (!changes.user_fields.is_object()) return false;
    const UserFieldSet* set = records.metadata().user_fields(changes.entity().user_field_entity);
    return set && std::any_of(set->fields.begin(), set->fields.end(), [&](const UserField& field) {
               return field.field.type == FieldType::file && changes.user_fields.find_any_case(field.field.name);
           });
}

/// Files that the record names after the change become its own; what it names no more is removed.
Status settle(Records& records, RecordId id, const Changes& changes, const Record* before,
              const json::Value& user_fields) {
    const Entity& entity = changes.entity();
    Record after = before ? *before : Record(entity);
    for (const auto& [field, value] : changes.values()) {
        if (field->type == FieldType::file) after.value(*field) = value;
    }
    const std::vector<RecordId> old =
        before ? files_of(*before, before->user_fields(), records) : std::vector<RecordId>();
    return settle_files(records, entity, id, old, files_of(after, user_fields, records));
}

std::vector<db::Assignment> assignments(const Changes& changes) {
    std::vector<db::Assignment> row;
    row.reserve(changes.values().size() + 3);
    for (const auto& [field, value] : changes.values()) {
        if (field->stored()) row.push_back({field->column, value});
    }
    return row;
}

}  // namespace

Result<RecordId> Records::add(Changes changes) {
    const Entity& entity = changes.entity();
    db::WriteTx& tx = write_tx();
    const Condition allowed = services_.access.rows(actor_, entity, Operation::add);
    if (allowed.kind == Condition::Kind::never) return forbidden();

    RecordId id = changes.integer(entity.id_field().name);
    if (id > 0 && actor_.system) {
        STOA_CHECK(tx.raise_sequence(sequence_name(entity), id + 1));
    } else {
        STOA_TRY(id, tx.next_id(sequence_name(entity)));
    }
    changes.set(entity.id_field(), id);
    STOA_CHECK(fill_defaults(changes, *this, Operation::add));

    EntityHooks* hooks = services_.registry.hooks(entity);
    SaveContext context{tx, *this, entity, Operation::add, id, nullptr, changes};
    if (hooks) STOA_CHECK(hooks->before_save(context));
    STOA_CHECK(check_required(changes, Operation::add));
    STOA_TRY(const json::Value user_fields, merge_user_fields(changes, nullptr, *this));

    std::vector<db::Assignment> row = assignments(changes);
    if (entity.partition_value != 0) {
        std::erase_if(row, [&](const db::Assignment& a) { return a.column == entity.partition_column; });
        row.push_back({entity.partition_column, entity.partition_value});
    }
    if (entity.has_user_fields()) row.push_back({"uf", user_fields_column(user_fields)});
    if (names_files(changes, *this)) STOA_CHECK(settle(*this, id, changes, nullptr, user_fields));
    STOA_CHECK(tx.insert(entity.table, row));
    for (const auto& [field, targets] : changes.links)
        STOA_CHECK(save_links(tx, *field, id, targets));
    if (!changes.multifields.empty()) STOA_CHECK(save_multifields(tx, entity, id, changes.multifields));

    if (allowed.kind != Condition::Kind::always) {
        STOA_TRY(const std::int64_t own, tx.count(entity.table, Condition::all({key_of(entity, id), allowed}), 1));
        if (own == 0) return forbidden();
    }
    if (hooks) STOA_CHECK(hooks->after_save(context));
    STOA_CHECK(emit_change(*this, entity, Operation::add, id));
    return id;
}

Status Records::update(RecordId id, Changes changes) {
    const Entity& entity = changes.entity();
    db::WriteTx& tx = write_tx();
    STOA_TRY(const Record before, get(entity, id));
    const Condition allowed = services_.access.rows(actor_, entity, Operation::update);
    if (allowed.kind != Condition::Kind::always) {
        STOA_TRY(const std::int64_t own, tx.count(entity.table, Condition::all({key_of(entity, id), allowed}), 1));
        if (own == 0) return forbidden();
    }
    changes.unset(entity.id_field().name);
    if (!actor_.system) {
        for (const Field& field : entity.fields) {
            if (field.immutable) changes.unset(field.name);
        }
    }
    STOA_CHECK(fill_defaults(changes, *this, Operation::update));

    EntityHooks* hooks = services_.registry.hooks(entity);
    SaveContext context{tx, *this, entity, Operation::update, id, &before, changes};
    if (hooks) STOA_CHECK(hooks->before_save(context));
    STOA_CHECK(check_required(changes, Operation::update));

    std::vector<db::Assignment> row = assignments(changes);
    json::Value user_fields = before.user_fields();
    if (entity.has_user_fields() && !changes.user_fields.is_null()) {
        STOA_TRY(user_fields, merge_user_fields(changes, &before, *this));
        row.push_back({"uf", user_fields_column(user_fields)});
    }
    if (names_files(changes, *this)) STOA_CHECK(settle(*this, id, changes, &before, user_fields));
    if (!row.empty()) {
        auto updated = tx.update(entity.table, row, key_of(entity, id));
        if (!updated) return updated.error();
    }
    for (const auto& [field, targets] : changes.links)
        STOA_CHECK(save_links(tx, *field, id, targets));
    if (!changes.multifields.empty()) STOA_CHECK(save_multifields(tx, entity, id, changes.multifields));
    if (hooks) STOA_CHECK(hooks->after_save(context));
    return emit_change(*this, entity, Operation::update, id);
}

Status Records::remove(const Entity& entity, RecordId id) {
    db::WriteTx& tx = write_tx();
    STOA_TRY(const Record before, get(entity, id));
    const Condition allowed = services_.access.rows(actor_, entity, Operation::remove);
    if (allowed.kind != Condition::Kind::always) {
        STOA_TRY(const std::int64_t own, tx.count(entity.table, Condition::all({key_of(entity, id), allowed}), 1));
        if (own == 0) return forbidden();
    }
    EntityHooks* hooks = services_.registry.hooks(entity);
    RemoveContext context{tx, *this, entity, before};
    if (hooks) STOA_CHECK(hooks->before_remove(context));
    auto removed = tx.remove(entity.table, key_of(entity, id));
    if (!removed) return removed.error();
    STOA_CHECK(remove_side_tables(tx, entity, id));
    STOA_CHECK(remove_files_owned(*this, entity, id));
    if (hooks) STOA_CHECK(hooks->after_remove(context));
    return emit_change(*this, entity, Operation::remove, id);
}

Status Records::emit(std::string_view name, std::string_view data_json) {
    return services_.outbox.append(write_tx(), name, data_json, actor_.user);
}

}  // namespace stoa::model
