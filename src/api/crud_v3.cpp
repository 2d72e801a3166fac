#include "api/crud_v3.hpp"

#include <algorithm>

#include "api/aggregate_v3.hpp"
#include "api/crud.hpp"
#include "base/limits.hpp"

namespace stoa::api {

using model::Entity;
using model::Field;
using model::FieldType;

namespace {

constexpr const char* kInvalidPagination = "BITRIX_REST_V3_EXCEPTION_INVALIDPAGINATIONEXCEPTION";
constexpr const char* kInvalidFilter = "BITRIX_REST_V3_EXCEPTION_INVALIDFILTEREXCEPTION";

const json::Value& parameter(const Call& call, std::string_view name) {
    static const json::Value nothing;
    const json::Value* value = call.params.find(name);
    return value ? *value : nothing;
}

model::FilterContext context_of(const Call& call, const Entity& entity) {
    return {entity, call.metadata().user_fields(entity.user_field_entity), model::Names::v3, call.zone()};
}

Result<Selection> read_selection(const Call& call, const Entity& entity) {
    return Selection::make(entity, call.metadata().user_fields(entity.user_field_entity), Shape::v3(),
                           call.params.find("select"));
}

Status get_item(Call& call, const Entity& entity) {
    STOA_TRY(const RecordId id, call.params.integer("id"));
    call.out.begin_object().key("item");
    STOA_CHECK(write_one(call, entity, Shape::v3(), id));
    call.out.end_object();
    return {};
}

Status write_items(Call& call, const Entity& entity, const Selection& selection, const model::Query& query) {
    std::int64_t rows = 0;
    call.out.begin_object().key("items");
    STOA_CHECK(write_rows(call, entity, Shape::v3(), selection, query, rows));
    call.out.end_object();
    return {};
}

Status list_items(Call& call, const Entity& entity) {
    const model::FilterContext context = context_of(call, entity);
    model::Query query;
    STOA_TRY(query.where, model::compile_filter_v3(context, parameter(call, "filter")));
    STOA_TRY(query.order, model::compile_order(context, parameter(call, "order")));
    STOA_CHECK(read_pagination_v3(call, limits::page_size, limits::page_size_v3_max, query));
    STOA_TRY(const Selection selection, read_selection(call, entity));
    return write_items(call, entity, selection, query);
}

bool names_field(const json::Value& filter, const std::string& field) {
    for (const json::Value* item : filter.items()) {
        if (item->is_array() && !item->array().empty() && item->array()[0] == json::Value(field)) return true;
        const json::Value* conditions = item->find("conditions");
        if (conditions && names_field(*conditions, field)) return true;
    }
    return false;
}

/// Rows after a cursor {field, order, value, limit}: what walks through big tables without counting pages.
Status tail_items(Call& call, const Entity& entity) {
    const model::FilterContext context = context_of(call, entity);
    static const json::Value empty{json::Object()};
    const json::Value* given = call.params.find("cursor");
    const json::Value& cursor = given ? *given : empty;
    if (!cursor.is_object()) return invalid("'cursor' must be an object.", "cursor", kInvalidPagination);
    const Params in(cursor);
    STOA_TRY(const std::string name, in.text_or("field", "id"));
    STOA_TRY(const std::string direction, in.text_or("order", "ASC"));
    STOA_TRY(const std::int64_t limit, in.integer_or("limit", limits::page_size));
    const Field* field = entity.find_v3_name(name);
    if (!field || !field->stored())
        return invalid("Cursor field '" + name + "' is unknown.", "cursor", kInvalidPagination);
    if (limit < 1 || limit > limits::page_size_v3_max) {
        return invalid("'cursor.limit' must be 1 to " + std::to_string(limits::page_size_v3_max) + ".", "cursor",
                       kInvalidPagination);
    }
    if (names_field(parameter(call, "filter"), name)) {
        return invalid("The cursor's field must not be in the filter.", "filter", kInvalidFilter);
    }
    const bool descending = direction == "DESC" || direction == "desc";
    model::Query query;
    query.limit = limit;
    STOA_TRY(query.where, model::compile_filter_v3(context, parameter(call, "filter")));
    if (const json::Value* value = cursor.find("value"); value && !value->is_null()) {
        json::Array after{json::Value(name), json::Value(descending ? "<" : ">"), *value};
        json::Array conditions;
        conditions.emplace_back(std::move(after));
        STOA_TRY(db::Condition beyond, model::compile_filter_v3(context, json::Value(std::move(conditions))));
        query.where = db::Condition::all({std::move(query.where), std::move(beyond)});
    }
    json::Object order;
    order.set(name, descending ? "DESC" : "ASC");
    STOA_TRY(query.order, model::compile_order(context, json::Value(std::move(order))));
    STOA_TRY(const Selection selection, read_selection(call, entity));
    return write_items(call, entity, selection, query);
}

Status add_item(Call& call, const Entity& entity) {
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    STOA_TRY(const RecordId id, add_record(call, entity, Shape::v3(), *fields));
    call.out.begin_object().key("item");
    STOA_CHECK(write_one(call, entity, Shape::v3(), id));
    call.out.end_object();
    return {};
}

void write_done(Call& call) {
    call.out.begin_object().field("result", true).end_object();
}

Status update_item(Call& call, const Entity& entity) {
    STOA_TRY(const RecordId id, call.params.integer("id"));
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    STOA_CHECK(update_record(call, entity, Shape::v3(), id, *fields));
    write_done(call);
    return {};
}

Status delete_item(Call& call, const Entity& entity) {
    STOA_TRY(const RecordId id, call.params.integer("id"));
    STOA_CHECK(call.records.remove(entity, id));
    write_done(call);
    return {};
}

bool sortable(const Field& field) {
    return field.stored() && field.type != FieldType::json;
}

void write_field(json::Writer& out, const Field& field, std::string_view language) {
    out.begin_object();
    out.field("name", field.v3_name).field("type", v3_type_name(field.type));
    out.field("title", field.title_in(language));
    out.field("required", field.required).field("readOnly", field.read_only).field("multiple", field.multiple);
    out.field("filterable", true).field("sortable", sortable(field)).field("editable", !field.read_only);
    out.end_object();
}

Status list_fields(Call& call, const Entity& entity) {
    call.out.begin_object().key("items").begin_array();
    for (const Field& field : entity.fields) {
        if (!field.hidden && !field.v3_name.empty()) write_field(call.out, field, call.metadata().account.language);
    }
    call.out.end_array().end_object();
    return {};
}

Status get_field(Call& call, const Entity& entity) {
    STOA_TRY(const std::string name, call.params.text("name"));
    const Field* field = entity.find_v3_name(name);
    if (!field || field->hidden) return not_found("Field '" + name + "' is unknown.");
    call.out.begin_object().key("item");
    write_field(call.out, *field, call.metadata().account.language);
    call.out.end_object();
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
    {"get", Effect::read, Run::io, get_item},          {"list", Effect::read, Run::pool, list_items},
    {"tail", Effect::read, Run::pool, tail_items},     {"aggregate", Effect::read, Run::pool, aggregate_items},
    {"add", Effect::write, Run::pool, add_item},       {"update", Effect::write, Run::pool, update_item},
    {"delete", Effect::write, Run::pool, delete_item},
};
constexpr Generic kAlways[] = {
    {"field.list", Effect::read, Run::io, list_fields},
    {"field.get", Effect::read, Run::io, get_field},
};

void add_method(MethodTable& table, const Entity& entity, const Generic& generic) {
    table.add({.name = entity.api.v3.prefix + "." + std::string(generic.name),
               .scope = entity.scope,
               .effect = generic.effect,
               .run = generic.run,
               .handler = [&entity, step = generic.step](Call& call) { return step(call, entity); },
               .wire = Wire::v3});
}

}  // namespace

std::string_view v3_type_name(FieldType type) {
    switch (type) {
        case FieldType::id:
        case FieldType::integer:
        case FieldType::user:
        case FieldType::reference:
            return "int";
        case FieldType::boolean:
            return "bool";
        case FieldType::real:
        case FieldType::decimal:
            return "float";
        case FieldType::date:
            return "date";
        case FieldType::datetime:
            return "datetime";
        case FieldType::list:
        case FieldType::links:
        case FieldType::multifield:
            return "array";
        case FieldType::json:
        case FieldType::file:
            return "object";
        default:
            return "string";
    }
}

Status read_pagination_v3(const Call& call, std::int64_t limit, std::int64_t limit_max, model::Query& query) {
    const json::Value& pagination = parameter(call, "pagination");
    query.limit = limit;
    if (pagination.is_null()) return {};
    if (!pagination.is_object()) return invalid("'pagination' must be an object.", "pagination", kInvalidPagination);
    std::int64_t page = 1;
    std::int64_t offset = -1;
    for (const auto& [name, value] : pagination.object()) {
        const auto number = value.as_integer();
        if (!number || *number < 0) {
            return invalid("'pagination." + name + "' must be a number ≥ 0.", "pagination", kInvalidPagination);
        }
        if (name == "page") page = *number;
        if (name == "limit") query.limit = *number;
        if (name == "offset") offset = *number;
    }
    if (query.limit < 1 || query.limit > limit_max) {
        return invalid("'pagination.limit' must be 1 to " + std::to_string(limit_max) + ".", "pagination",
                       kInvalidPagination);
    }
    constexpr std::int64_t kPageMax = 1'000'000'000;
    if (page > kPageMax || offset > kPageMax) {
        return invalid("'pagination' is out of range.", "pagination", kInvalidPagination);
    }
    query.offset = offset >= 0 ? offset : std::max<std::int64_t>(page - 1, 0) * query.limit;
    return {};
}

void add_entity_methods_v3(MethodTable& table, const Entity& entity) {
    for (const Generic& generic : kGeneric) {
        const auto& wanted = entity.api.v3.methods;
        if (std::find(wanted.begin(), wanted.end(), generic.name) != wanted.end()) add_method(table, entity, generic);
    }
    for (const Generic& generic : kAlways)
        add_method(table, entity, generic);
}

}  // namespace stoa::api
