#include "modules/tasks/positional.hpp"

#include "api/crud.hpp"
#include "modules/tasks/names.hpp"

namespace stoa::tasks {

namespace {
Error core_error(std::string message, std::string_view field) {
    return invalid(std::move(message), std::string(field), "ERROR_CORE");
}
}  // namespace

Result<RecordId> id_at(const api::Call& call, std::size_t position, std::string_view name) {
    const json::Value* value = call.params.at(position);
    if (!value) {
        return core_error("Parameter " + std::to_string(position + 1) + " (" + std::string(name) + ") is missing.",
                          name);
    }
    const auto id = value->as_integer();
    if (!id || *id < 1) {
        return core_error("Parameter " + std::to_string(position + 1) + " (" + std::string(name) + ") must be an id.",
                          name);
    }
    return *id;
}

Result<const json::Value*> object_at(const api::Call& call, std::size_t position, std::string_view name,
                                     bool required) {
    static const json::Value empty{json::Object()};
    const json::Value* value = call.params.at(position);
    const bool blank = !value || value->is_null() || (value->is_array() && value->array().empty()) ||
                       (value->is_string() && value->string().empty());
    if (blank && !required) return &empty;
    if (blank || !value->is_object()) {
        return core_error(
            "Parameter " + std::to_string(position + 1) + " (" + std::string(name) + ") must be an object.", name);
    }
    return value;
}

Result<RecordId> readable_task(api::Call& call) {
    STOA_TRY(const RecordId task, id_at(call, 0, "taskId"));
    STOA_TRY(const bool readable, call.records.exists(call.registry().entity(kTask), task));
    if (!readable) return core_error("Task not found or access denied.", "taskId");
    return task;
}

Result<RecordId> item_of_task(api::Call& call, const model::Entity& entity) {
    STOA_TRY(const RecordId task, readable_task(call));
    STOA_TRY(const RecordId id, id_at(call, 1, "itemId"));
    auto item = call.records.get(entity, id);
    if (!item || item->integer("TASK_ID") != task) return core_error("The task has no such item.", "itemId");
    return id;
}

Status update_item(api::Call& call, const model::Entity& entity) {
    STOA_TRY(const RecordId id, item_of_task(call, entity));
    STOA_TRY(const json::Value* fields, object_at(call, 2, "arFields", true));
    STOA_CHECK(api::update_record(call, entity, api::Shape::classic(), id, *fields));
    call.out.boolean(true);
    return {};
}

Status remove_item(api::Call& call, const model::Entity& entity) {
    STOA_TRY(const RecordId id, item_of_task(call, entity));
    STOA_CHECK(call.records.remove(entity, id));
    call.out.boolean(true);
    return {};
}

Status get_item(api::Call& call, const model::Entity& entity) {
    STOA_TRY(const RecordId id, item_of_task(call, entity));
    return api::write_one(call, entity, api::Shape::classic(), id);
}

Result<std::vector<model::Record>> rows_of_task(api::Call& call, const model::Entity& entity, RecordId task,
                                                const json::Value& order, const json::Value& filter,
                                                std::int64_t limit) {
    const model::FilterContext context{entity, nullptr, model::Names::classic, call.zone()};
    model::Query query;
    STOA_TRY(query.where, model::compile_filter(context, filter));
    query.where = db::Condition::all({db::Condition::equals("task_id", task), std::move(query.where)});
    if (order.is_object() && !order.object().empty()) {
        STOA_TRY(query.order, model::compile_order(context, order));
    } else {
        query.order = {{{"id", ""}, true}};
    }
    query.limit = limit;
    return call.records.list(entity, query);
}

void write_rows(api::Call& call, const model::Entity& entity, const std::vector<model::Record>& rows) {
    call.out.begin_array();
    for (const model::Record& row : rows) {
        call.out.begin_object();
        for (const model::Field& field : entity.fields) {
            if (field.hidden) continue;
            call.out.raw_key(field.name);
            api::write_value(call.out, field, api::Shape::classic(), row.value(field), call.zone());
        }
        call.out.end_object();
    }
    call.out.end_array();
}

}  // namespace stoa::tasks
