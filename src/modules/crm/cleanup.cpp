#include "modules/crm/cleanup.hpp"

#include "base/utf8.hpp"
#include "model/stored_files.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/stages.hpp"

namespace stoa::crm {

using db::Condition;

namespace {

Status remove_where(db::WriteTx& tx, const std::string& table, std::vector<Condition> all) {
    auto removed = tx.remove(table, Condition::all(std::move(all)));
    if (!removed) return removed.error();
    return {};
}

/// Records that go together, with the files that belong to them.
Status remove_with_files(model::RemoveContext& context, const char* name, std::vector<Condition> all) {
    const model::Entity& entity = context.records.services().registry.entity(name);
    std::vector<RecordId> ids;
    db::Select select;
    select.table = entity.table;
    select.columns_sql = "id";
    select.where = Condition::all(all);
    select.limit = 1'000'000;
    STOA_CHECK(context.tx.select(select, [&](const db::Row& row) {
        ids.push_back(row.integer(0));
        return true;
    }));
    if (ids.empty()) return {};
    STOA_CHECK(model::remove_files_owned(context.records, entity, ids));
    return remove_where(context.tx, entity.table, std::move(all));
}

Status remove_activities(model::RemoveContext& context, int type_id, RecordId id) {
    const Condition of_type = Condition::equals("owner_type_id", std::int64_t{type_id});
    const Condition of_record = Condition::equals("owner_id", id);
    STOA_CHECK(remove_where(context.tx, "crm_activity_bindings", {of_type, of_record}));
    Condition bound_elsewhere = Condition::exists("crm_activity_bindings", "activity_id", "id", Condition::always());
    return remove_with_files(context, "crm.activity",
                             {of_type, of_record, Condition::negate(std::move(bound_elsewhere))});
}

Status remove_history(db::WriteTx& tx, int type_id, RecordId id) {
    if (type_id == kLead) return remove_where(tx, "crm_lead_stage_history", {Condition::equals("owner_id", id)});
    return remove_where(
        tx, "crm_stage_history",
        {Condition::equals("entity_type_id", std::int64_t{type_id}), Condition::equals("owner_id", id)});
}

}  // namespace

Status remove_dependents(model::RemoveContext& context, int type_id) {
    const RecordId id = context.before.id();
    db::WriteTx& tx = context.tx;
    STOA_CHECK(
        remove_where(tx, "crm_product_rows",
                     {Condition::equals("owner_type", short_type_code(type_id)), Condition::equals("owner_id", id)}));
    STOA_CHECK(remove_with_files(
        context, "crm.timeline.comment",
        {Condition::equals("entity_type", to_lower_ascii(type_code(type_id))), Condition::equals("entity_id", id)}));
    if (has_stages(type_id)) STOA_CHECK(remove_history(tx, type_id, id));
    STOA_CHECK(
        remove_where(tx, "crm_timeline_entries",
                     {Condition::equals("entity_type_id", std::int64_t{type_id}), Condition::equals("entity_id", id)}));
    return remove_activities(context, type_id, id);
}

Status unlink_everywhere(model::RemoveContext& context, std::string_view target) {
    const RecordId id = context.before.id();
    for (const model::Entity* entity : context.records.services().registry.all()) {
        for (const model::Field& field : entity->fields) {
            if (field.target != target) continue;
            if (field.type == model::FieldType::links) {
                STOA_CHECK(remove_where(context.tx, field.link_table, {Condition::equals("target_id", id)}));
            } else if (field.type == model::FieldType::reference) {
                const db::Assignment empty[] = {{field.column, db::Value()}};
                auto updated = context.tx.update(entity->table, empty, Condition::equals(field.column, id));
                if (!updated) return updated.error();
            }
        }
    }
    return {};
}

}  // namespace stoa::crm
