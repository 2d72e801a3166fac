// The generic engine for v2: steps that special methods share, and the methods that entity data asks for.

#include "api/crud.hpp"

#include <algorithm>

#include "api/crud_v3.hpp"
#include "api/file_fields.hpp"
#include "api/file_links.hpp"
#include "base/limits.hpp"

namespace stoa::api {

using model::Entity;
using model::Names;

namespace {

const model::UserFieldSet* user_fields_of(const Call& call, const Entity& entity) {
    return call.metadata().user_fields(entity.user_field_entity);
}

/// start=-1: one page without counting, for clients that walk by id. Else rounded down to a page border.
Result<std::int64_t> read_start(const Params& params) {
    STOA_TRY(const std::int64_t start, params.integer_or("start", 0));
    if (start < 0) return std::int64_t{-1};
    return start - start % limits::page_size;
}

void wrap_true(Call& call, const std::string& key) {
    if (key.empty()) {
        call.out.boolean(true);
    } else {
        call.out.begin_object().field(key, true).end_object();
    }
}

Result<const json::Value*> fields_parameter(const Call& call, const Entity& entity) {
    return call.params.object(entity.api.v2.fields_parameter);
}

Status add_method(Call& call, const Entity& entity) {
    STOA_TRY(const json::Value* fields, fields_parameter(call, entity));
    const Shape shape = Shape::of(entity.api.v2);
    STOA_TRY(const RecordId id, add_record(call, entity, shape, *fields));
    if (entity.api.v2.item_key.empty()) {
        call.out.integer(id);
        return {};
    }
    call.out.begin_object().key(entity.api.v2.item_key);
    STOA_CHECK(write_one(call, entity, shape, id));
    call.out.end_object();
    return {};
}

Status get_method(Call& call, const Entity& entity) {
    STOA_TRY(const RecordId id, call.params.id(entity.api.v2.id_parameter));
    const model::EntityApi& api = entity.api;
    if (!api.v2.item_key.empty()) call.out.begin_object().key(api.v2.item_key);
    const Status written = write_one(call, entity, Shape::of(api.v2), id);
    if (!written && written.error().code == Errc::not_found && api.v2.missing_is_empty) {
        call.reset_output();
        call.out.begin_array().end_array();
        return {};
    }
    STOA_CHECK(written);
    if (!api.v2.item_key.empty()) call.out.end_object();
    return {};
}

Status list_method(Call& call, const Entity& entity) {
    const std::string& key = entity.api.v2.list_key;
    if (!key.empty()) call.out.begin_object().key(key);
    STOA_CHECK(write_list(call, entity, Shape::of(entity.api.v2)));
    if (!key.empty()) call.out.end_object();
    return {};
}

Status update_method(Call& call, const Entity& entity) {
    STOA_TRY(const RecordId id, call.params.id(entity.api.v2.id_parameter));
    STOA_TRY(const json::Value* fields, fields_parameter(call, entity));
    STOA_CHECK(update_record(call, entity, Shape::of(entity.api.v2), id, *fields));
    wrap_true(call, entity.api.v2.item_key);
    return {};
}

Status delete_method(Call& call, const Entity& entity) {
    STOA_TRY(const RecordId id, call.params.id(entity.api.v2.id_parameter));
    STOA_CHECK(call.records.remove(entity, id));
    wrap_true(call, entity.api.v2.item_key);
    return {};
}

Status fields_method(Call& call, const Entity& entity) {
    write_field_descriptions(call.out, entity, user_fields_of(call, entity), Shape::of(entity.api.v2),
                             call.metadata().account.language);
    return {};
}

using Step = Status (*)(Call&, const Entity&);

struct Generic {
    std::string_view name;
    Effect effect;
    Run run;
    Step step;
};

constexpr Generic kGeneric[] = {
    {"add", Effect::write, Run::pool, add_method},       {"get", Effect::read, Run::io, get_method},
    {"list", Effect::read, Run::pool, list_method},      {"update", Effect::write, Run::pool, update_method},
    {"delete", Effect::write, Run::pool, delete_method}, {"fields", Effect::read, Run::io, fields_method},
};

bool may_have_files(const Entity& entity, const Generic& generic) {
    if (generic.effect != Effect::write || generic.step == delete_method) return false;
    return entity.has_user_fields() || std::any_of(entity.fields.begin(), entity.fields.end(), [](const auto& field) {
               return field.type == model::FieldType::file;
           });
}

}  // namespace

Result<model::Query> read_query(const Call& call, const Entity& entity, Shape shape, const db::Condition& fixed,
                                bool& counted) {
    const model::FilterContext context{entity, user_fields_of(call, entity), shape.names, call.zone()};
    const json::Value nothing;
    const auto parameter = [&](std::string_view name) -> const json::Value& {
        const json::Value* value = call.params.find(name);
        return value ? *value : nothing;
    };
    model::Query query;
    STOA_TRY(query.where, model::compile_filter(context, parameter("filter")));
    query.where = db::Condition::all({fixed, std::move(query.where)});
    STOA_TRY(query.order, model::compile_order(context, parameter("order")));
    STOA_TRY(const std::int64_t start, read_start(call.params));
    query.limit = limits::page_size;
    query.offset = start > 0 ? start : 0;
    counted = start >= 0;
    return query;
}

Status write_list(Call& call, const Entity& entity, Shape shape, const db::Condition& fixed, const MoreMembers& more) {
    bool counted = true;
    STOA_TRY(const model::Query query, read_query(call, entity, shape, fixed, counted));
    STOA_TRY(const Selection selection,
             Selection::make(entity, user_fields_of(call, entity), shape, call.params.find("select")));
    std::int64_t rows = 0;
    STOA_CHECK(write_rows(call, entity, shape, selection, query, rows, more));
    if (!counted) return {};
    // A first page that is not full needs no counting.
    if (query.offset == 0 && rows < query.limit) {
        call.total = rows;
        return {};
    }
    STOA_TRY(call.total, call.records.count(entity, query.where));
    if (query.offset + rows < *call.total) call.next = query.offset + query.limit;
    return {};
}

Status write_rows(Call& call, const Entity& entity, Shape shape, const Selection& selection, const model::Query& query,
                  std::int64_t& rows, const MoreMembers& more) {
    std::optional<FileLinks> links;
    if (selection.shows_files()) {
        STOA_TRY(links, FileLinks::of(call.records));
        shape.files = &*links;
    }
    SideTables side;
    if (selection.needs_side_tables()) {
        std::vector<RecordId> ids;
        const int id_column = entity.column_position(entity.id_field());
        STOA_CHECK(call.records.stream(entity, query, [&](const db::Row& row) {
            ids.push_back(row.integer(id_column));
            return true;
        }));
        STOA_TRY(side, load_side_tables(call.records, entity, selection, ids));
    }
    call.out.begin_array();
    rows = 0;
    STOA_CHECK(call.records.stream(entity, query, [&](const db::Row& row) {
        write_record(call.out, entity, shape, selection, side, row, call.zone(), more);
        ++rows;
        return true;
    }));
    call.out.end_array();
    return {};
}

Status write_one(Call& call, const Entity& entity, Shape shape, RecordId id, const MoreMembers& more) {
    STOA_TRY(const Selection selection,
             Selection::make(entity, user_fields_of(call, entity), shape, call.params.find("select")));
    std::optional<FileLinks> links;
    if (selection.shows_files()) {
        STOA_TRY(links, FileLinks::of(call.records));
        shape.files = &*links;
    }
    SideTables side;
    if (selection.needs_side_tables()) {
        STOA_TRY(side, load_side_tables(call.records, entity, selection, std::span(&id, 1)));
    }
    return call.records.stream_one(entity, id, [&](const db::Row& row) {
        write_record(call.out, entity, shape, selection, side, row, call.zone(), more);
        return true;
    });
}

Result<RecordId> add_record(Call& call, const Entity& entity, Shape shape, const json::Value& fields) {
    STOA_TRY(const std::optional<json::Value> stored, store_files(call, entity, shape, fields));
    STOA_TRY(model::Changes changes, read_changes(entity, user_fields_of(call, entity), shape,
                                                  stored ? *stored : fields, call.zone(), call.actor().system));
    return call.records.add(std::move(changes));
}

Status update_record(Call& call, const Entity& entity, Shape shape, RecordId id, const json::Value& fields) {
    STOA_TRY(const std::optional<json::Value> stored, store_files(call, entity, shape, fields));
    STOA_TRY(model::Changes changes, read_changes(entity, user_fields_of(call, entity), shape,
                                                  stored ? *stored : fields, call.zone(), call.actor().system));
    return call.records.update(id, std::move(changes));
}

void add_entity_methods(MethodTable& table, const model::Registry& registry) {
    for (const Entity* entity : registry.all()) {
        for (const std::string& name : entity->api.v2.methods) {
            for (const Generic& generic : kGeneric) {
                if (generic.name != name) continue;
                table.add({.name = entity->api.v2.prefix + "." + name,
                           .scope = entity->scope,
                           .effect = generic.effect,
                           .run = generic.run,
                           .handler = [entity, step = generic.step](Call& call) { return step(call, *entity); },
                           .files = may_have_files(*entity, generic)
                                        ? files_in_fields(*entity, Shape::of(entity->api.v2).names,
                                                          entity->api.v2.fields_parameter)
                                        : nullptr});
            }
        }
        if (!entity->api.v3.prefix.empty()) add_entity_methods_v3(table, *entity);
    }
}

}  // namespace stoa::api
