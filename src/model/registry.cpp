#include "model/registry.hpp"

#include <cassert>
#include <map>
#include <unordered_map>

#include "model/entity_json.hpp"
#include "model_data.hpp"

namespace stoa::model {

struct Registry::State {
    std::vector<std::unique_ptr<Entity>> entities;
    std::unordered_map<std::string, const Entity*> by_name;
    std::unordered_map<int, const Entity*> by_type_id;
    std::unordered_map<std::string, std::unique_ptr<EntityHooks>> hooks;
};

namespace {

db::TableDef link_table(const std::string& name) {
    db::TableDef table;
    table.name = name;
    table.columns = {{"owner_id", db::ColumnType::integer, 0, true},
                     {"target_id", db::ColumnType::integer, 0, true},
                     {"position", db::ColumnType::integer, 0, true}};
    table.primary_key = {"owner_id", "target_id"};
    table.indexes = {{"ix_" + name + "_target", {"target_id"}, false}};
    return table;
}

db::TableDef multifields_table() {
    db::TableDef table;
    table.name = "multifields";
    table.columns = {{"id", db::ColumnType::integer, 0, true},
                     {"entity", db::ColumnType::varchar, 64, true},
                     {"owner_id", db::ColumnType::integer, 0, true},
                     {"type", db::ColumnType::varchar, 16, true},
                     {"value_type", db::ColumnType::varchar, 32, false},
                     {"value", db::ColumnType::varchar, 255, true},
                     {"search_value", db::ColumnType::varchar, 255, true}};
    table.primary_key = {"id"};
    table.indexes = {{"ix_multifields_owner", {"entity", "owner_id"}, false},
                     {"ix_multifields_search", {"type", "search_value"}, false}};
    return table;
}

}  // namespace

Registry::Registry() : state_(std::make_unique<State>()) {
    const Status added = add_all(data::embedded_files());
    assert(added.ok() && "model's own entity data is part of the program");
    (void)added;
}

Registry::~Registry() = default;

Status Registry::add(std::string_view json) {
    STOA_TRY(Entity parsed, parse_entity(json));
    if (state_->by_name.contains(parsed.name)) return invalid("entity " + parsed.name + " is there twice");
    auto entity = std::make_unique<Entity>(std::move(parsed));
    state_->by_name[entity->name] = entity.get();
    if (entity->type_id > 0) state_->by_type_id[entity->type_id] = entity.get();
    state_->entities.push_back(std::move(entity));
    return {};
}

Status Registry::add_all(std::span<const base::EmbeddedFile> files) {
    for (const base::EmbeddedFile& file : files) {
        const bool in_folder = file.name.starts_with("entities/") || file.name.find("/entities/") != file.name.npos;
        if (!in_folder || !file.name.ends_with(".json")) continue;
        if (Status added = add(file.bytes); !added) {
            return invalid(std::string(file.name) + ": " + added.error().message);
        }
    }
    return {};
}

void Registry::set_hooks(std::string_view entity, std::unique_ptr<EntityHooks> hooks) {
    assert(find(entity) && "hooks belong to a registered entity");
    state_->hooks[std::string(entity)] = std::move(hooks);
}

const Entity* Registry::find(std::string_view name) const {
    const auto found = state_->by_name.find(std::string(name));
    return found == state_->by_name.end() ? nullptr : found->second;
}

const Entity& Registry::entity(std::string_view name) const {
    const Entity* found = find(name);
    assert(found && "entity names in code are constants of entity data");
    return *found;
}

const Entity* Registry::by_type_id(int type_id) const {
    const auto found = state_->by_type_id.find(type_id);
    return found == state_->by_type_id.end() ? nullptr : found->second;
}

EntityHooks* Registry::hooks(const Entity& entity) const {
    const auto found = state_->hooks.find(entity.hooks_name());
    return found == state_->hooks.end() ? nullptr : found->second.get();
}

std::vector<const Entity*> Registry::all() const {
    std::vector<const Entity*> out;
    for (const auto& entity : state_->entities)
        out.push_back(entity.get());
    return out;
}

std::vector<db::TableDef> Registry::tables() const {
    std::map<std::string, db::TableDef> by_name;  // two entities may show one table: the union of their columns
    by_name["multifields"] = multifields_table();
    for (const auto& entity : state_->entities) {
        db::TableDef def = entity->table_def();
        auto [place, is_new] = by_name.emplace(def.name, def);
        if (!is_new) {
            for (db::ColumnDef& column : def.columns) {
                const auto same = [&](const db::ColumnDef& c) { return c.name == column.name; };
                auto& known = place->second.columns;
                if (std::none_of(known.begin(), known.end(), same)) known.push_back(std::move(column));
            }
            place->second.indexes.insert(place->second.indexes.end(), def.indexes.begin(), def.indexes.end());
        }
        for (const Field& field : entity->fields) {
            if (field.type == FieldType::links) by_name.emplace(field.link_table, link_table(field.link_table));
        }
    }
    std::vector<db::TableDef> out;
    for (auto& [unused, table] : by_name)
        out.push_back(std::move(table));
    return out;
}

}  // namespace stoa::model
