// tasks.task.* of REST v2. https://github.com/bitrix24/b24restdocs api-reference/tasks

#include "api/crud.hpp"
#include "api/file_fields.hpp"
#include "modules/tasks/methods.hpp"
#include "modules/tasks/names.hpp"
#include "modules/tasks/task_card.hpp"
#include "modules/tasks/task_files.hpp"
#include "modules/tasks/task_list.hpp"

namespace stoa::tasks {

using api::Call;

namespace {

const model::Entity& task_entity(const Call& call) {
    return call.registry().entity(kTask);
}

/// Contents of files in user fields of tasks.
void find_task_files(api::FileSearch& search) {
    const model::Entity& entity = search.registry().entity(kTask);
    json::Value* fields = api::FileSearch::member(search.parameters(), "fields");
    if (fields) api::find_files(search, entity, api::Shape::of(entity.api.v2).names, *fields);
}

/// taskId as documented; id as older clients send it. What is no number, or none at all, is error "0" or "100".
Result<RecordId> task_id(const Call& call) {
    const json::Value* value = call.params.find("taskId");
    if (!value) value = call.params.find("id");
    if (!value) return invalid("Parameter 'taskId' is required.", "taskId", "100");
    const auto id = value->as_integer();
    if (!id || *id < 1) return invalid("wrong task id", "taskId", "0");
    return *id;
}

Error hidden_task() {
    return {Errc::invalid_argument, "Task not found or access denied.", "taskId", "1048582"};
}

Status as_task_error(Status status) {
    if (!status && (status.error().code == Errc::not_found || status.error().code == Errc::forbidden)) {
        return hidden_task();
    }
    return status;
}

Status add(Call& call) {
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    const model::Entity& entity = task_entity(call);
    STOA_TRY(const RecordId id, api::add_record(call, entity, api::Shape::of(entity.api.v2), *fields));
    STOA_CHECK(save_files(call, id, *fields));
    return write_task(call, id);
}

Status get(Call& call) {
    STOA_TRY(const RecordId id, task_id(call));
    Status written = write_task(call, id);
    if (!written && written.error().code == Errc::not_found) {
        call.reset_output();
        call.out.begin_array().end_array();
        return {};
    }
    return written;
}

Status update(Call& call) {
    STOA_TRY(const RecordId id, task_id(call));
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    const model::Entity& entity = task_entity(call);
    STOA_CHECK(as_task_error(api::update_record(call, entity, api::Shape::of(entity.api.v2), id, *fields)));
    STOA_CHECK(save_files(call, id, *fields));
    return write_task(call, id);
}

Status remove(Call& call) {
    STOA_TRY(const RecordId id, task_id(call));
    STOA_CHECK(as_task_error(call.records.remove(task_entity(call), id)));
    call.out.begin_object().field("task", true).end_object();
    return {};
}

Status change_status(Call& call, std::int64_t status) {
    STOA_TRY(const RecordId id, task_id(call));
    model::Changes changes(task_entity(call));
    changes.set("STATUS", status);
    STOA_CHECK(as_task_error(call.records.update(id, std::move(changes))));
    return write_task(call, id);
}

/// A task under review goes to its creator first, unless the creator closes it.
Status complete(Call& call) {
    STOA_TRY(const RecordId id, task_id(call));
    auto task = call.records.get(task_entity(call), id);
    if (!task) return hidden_task();
    const bool review = task->integer("TASK_CONTROL") != 0 && task->integer("CREATED_BY") != call.actor().user;
    return change_status(call, review ? awaiting_review : completed);
}

Status delegate(Call& call) {
    STOA_TRY(const RecordId id, task_id(call));
    STOA_TRY(const std::int64_t user, call.params.id("userId"));
    model::Changes changes(task_entity(call));
    changes.set("RESPONSIBLE_ID", user);
    changes.set("STATUS", std::int64_t{pending});
    STOA_CHECK(as_task_error(call.records.update(id, std::move(changes))));
    return write_task(call, id);
}

Status start(Call& call) {
    return change_status(call, in_progress);
}
Status pause(Call& call) {
    return change_status(call, pending);
}
Status defer(Call& call) {
    return change_status(call, deferred);
}
Status renew(Call& call) {
    return change_status(call, pending);
}
Status approve(Call& call) {
    return change_status(call, completed);
}
Status disapprove(Call& call) {
    return change_status(call, pending);
}

std::string_view field_type_name(model::FieldType type) {
    using model::FieldType;
    switch (type) {
        case FieldType::boolean:
        case FieldType::enumeration:
            return "enum";
        case FieldType::datetime:
            return "datetime";
        case FieldType::list:
        case FieldType::links:
            return "array";
        case FieldType::string:
        case FieldType::text:
            return "string";
        default:
            return "integer";
    }
}

Status get_fields(Call& call) {
    const std::string& language = call.metadata().account.language;
    call.out.begin_object().key("fields").begin_object();
    for (const model::Field& field : task_entity(call).fields) {
        call.out.key(field.name).begin_object();
        call.out.field("title", field.title_in(language)).field("type", field_type_name(field.type));
        if (field.type == model::FieldType::id) call.out.field("primary", true);
        if (field.required) call.out.field("required", true);
        if (field.type == model::FieldType::boolean) {
            call.out.key("values").begin_object().field("Y", "Y").field("N", "N").end_object();
        } else if (!field.choices.empty()) {
            call.out.key("values").begin_object();
            for (const std::string& choice : field.choices)
                call.out.field(choice, choice);
            call.out.end_object();
        }
        if (!field.default_value.empty() && field.default_value[0] != '@') {
            call.out.field("default", field.default_value);
        }
        call.out.end_object();
    }
    call.out.end_object().end_object();
    return {};
}

}  // namespace

std::vector<api::Method> task_methods() {
    using api::Effect;
    using api::Run;
    return {
        {.name = "tasks.task.add", .scope = kScope, .effect = Effect::write, .handler = add, .files = find_task_files},
        {.name = "tasks.task.get", .scope = kScope, .run = Run::io, .handler = get},
        {.name = "tasks.task.list", .scope = kScope, .handler = list_tasks},
        {.name = "tasks.task.update",
         .scope = kScope,
         .effect = Effect::write,
         .handler = update,
         .files = find_task_files},
        {.name = "tasks.task.delete", .scope = kScope, .effect = Effect::write, .handler = remove},
        {.name = "tasks.task.start", .scope = kScope, .effect = Effect::write, .handler = start},
        {.name = "tasks.task.pause", .scope = kScope, .effect = Effect::write, .handler = pause},
        {.name = "tasks.task.complete", .scope = kScope, .effect = Effect::write, .handler = complete},
        {.name = "tasks.task.defer", .scope = kScope, .effect = Effect::write, .handler = defer},
        {.name = "tasks.task.renew", .scope = kScope, .effect = Effect::write, .handler = renew},
        {.name = "tasks.task.approve", .scope = kScope, .effect = Effect::write, .handler = approve},
        {.name = "tasks.task.disapprove", .scope = kScope, .effect = Effect::write, .handler = disapprove},
        {.name = "tasks.task.delegate", .scope = kScope, .effect = Effect::write, .handler = delegate},
        {.name = "tasks.task.getFields", .scope = kScope, .run = Run::io, .handler = get_fields},
    };
}

}  // namespace stoa::tasks
