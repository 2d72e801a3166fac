#include "modules/tasks/task_files.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "modules/tasks/names.hpp"

namespace stoa::tasks {

using api::Call;
using db::Condition;
using model::Record;

namespace {

constexpr const char* kField = "UF_TASK_WEBDAV_FILES";
constexpr const char* kItemField = "ufTaskWebdavFiles";
constexpr const char* kOwnerType = "tasks_task";
constexpr std::int64_t kFilesPerTaskMax = 200;

/// nullptr in a portal without a drive.
const model::Entity* attachments(const model::Registry& registry) {
    return registry.find("disk.attached_object");
}

Condition of_tasks(std::span<const RecordId> tasks) {
    return Condition::all({Condition::equals("entity_type", std::string(kOwnerType)),
                           Condition::in("entity_id", {tasks.begin(), tasks.end()})});
}

Error no_such_file() {
    return invalid("Insufficient permissions.<br>", "fileId", "ERROR_CORE");
}

Result<std::vector<Record>> attached(Call& call, RecordId task) {
    model::Query query;
    query.where = of_tasks(std::span(&task, 1));
    query.limit = kFilesPerTaskMax;
    return call.records.as_system().list(*attachments(call.registry()), query);
}

/// The attachment of this file to the task, made where it is missing.
Result<RecordId> attach(Call& call, RecordId task, RecordId object) {
    const model::Entity* entity = attachments(call.registry());
    const model::Entity* objects = call.registry().find("disk.object");
    if (!entity || !objects) return no_such_file();
    const auto file = call.records.get(*objects, object);
    if (!file && file.error().code != Errc::not_found) return file.error();
    if (!file || file->text("TYPE") != "file" || file->integer("DELETED_TYPE") != 0) return no_such_file();
    STOA_TRY(const std::vector<Record> known, attached(call, task));
    for (const Record& attachment : known) {
        if (attachment.integer("OBJECT_ID") == object) return attachment.id();
    }
    if (static_cast<std::int64_t>(known.size()) >= kFilesPerTaskMax) {
        return Error{Errc::too_large, "A task has at most " + std::to_string(kFilesPerTaskMax) + " files.", kField};
    }
    model::Changes changes(*entity);
    changes.set("OBJECT_ID", object);
    changes.set("MODULE_ID", std::string("tasks"));
    changes.set("ENTITY_TYPE", std::string(kOwnerType));
    changes.set("ENTITY_ID", task);
    return call.records.as_system().add(std::move(changes));
}

/// The attachments that the field names, as ids; new ones are made.
Result<std::vector<RecordId>> named_attachments(Call& call, RecordId task, const json::Value& value) {
    std::vector<RecordId> out;
    const bool many = value.is_array() || value.is_object();
    for (const json::Value* item : many ? value.items() : std::vector<const json::Value*>{&value}) {
        std::string text = item->as_text().value_or("");
        if (text.empty()) continue;
        const bool of_drive = text[0] == 'n' || text[0] == 'N';
        const auto id = json::Value(of_drive ? text.substr(1) : text).as_integer();
        if (!id || *id < 1) return invalid("Field UF_TASK_WEBDAV_FILES must be a list like [\"n12\"].", kField);
        if (!of_drive) {
            out.push_back(*id);
            continue;
        }
        STOA_TRY(const RecordId attachment, attach(call, task, *id));
        out.push_back(attachment);
    }
    return out;
}

Error wrong_file_id(const std::string& message) {
    return invalid(message, "fileId", "100");
}

/// tasks.task.files.attach: the file of the drive hangs on the task from now on.
Status attach_file(Call& call) {
    const json::Value* given_task = call.params.find("taskId");
    if (!given_task) {
        return invalid("CTaskItem All parameters in the constructor must have real class type (internal error)",
                       "taskId", "100");
    }
    const auto task_id = given_task->as_integer();
    if (!task_id || *task_id < 1) return invalid("wrong task id (internal error)", "taskId", "0");
    const json::Value* given = call.params.find("fileId");
    if (!given) return wrong_file_id("Could not find value for parameter {fileId} (internal error)");
    const auto object = given->as_integer();
    if (!object) {
        return wrong_file_id("Invalid value {" + given->as_text().value_or("") +
                             "} to match with parameter {fileId}. Should be value of type int. (internal error)");
    }
    const model::Entity& tasks = call.registry().entity(kTask);
    STOA_TRY(const bool visible, call.records.exists(tasks, *task_id));
    const Condition may = call.services.model.access.rows(call.actor(), tasks, model::Operation::update);
    STOA_TRY(const std::int64_t own,
             call.tx().count(tasks.table, Condition::all({Condition::equals("id", *task_id), may}), 1));
    if (!visible || own == 0) return forbidden("Access denied (internal error)", "0");
    STOA_TRY(const RecordId attachment, attach(call, *task_id, *object));
    call.out.begin_object().field("attachmentId", attachment).end_object();
    return {};
}

}  // namespace

bool wants_files(const Call& call) {
    const json::Value* select = call.params.find("select");
    if (!select || !attachments(call.registry())) return false;
    const auto items = select->items();
    return std::any_of(items.begin(), items.end(), [](const json::Value* item) {
        const std::string name = item->as_text().value_or("");
        return equals_any_case(name, kField) || equals_any_case(name, kItemField);
    });
}

Status TaskFiles::load(Call& call, std::span<const RecordId> tasks) {
    if (tasks.empty()) return {};
    model::Query query;
    query.where = of_tasks(tasks);
    query.limit = kFilesPerTaskMax * static_cast<std::int64_t>(tasks.size());
    STOA_TRY(const std::vector<Record> rows, call.records.as_system().list(*attachments(call.registry()), query));
    for (const Record& row : rows)
        attachments_[row.integer("ENTITY_ID")].push_back(row.id());
    return {};
}

void TaskFiles::write(json::Writer& out, RecordId task) const {
    out.key(kItemField).begin_array();
    if (const auto found = attachments_.find(task); found != attachments_.end()) {
        for (const RecordId id : found->second)
            out.integer(id);
    }
    out.end_array();
}

Status save_files(Call& call, RecordId task, const json::Value& fields) {
    const json::Value* value = fields.find_any_case(kField);
    if (!value) value = fields.find_any_case(kItemField);
    const model::Entity* entity = attachments(call.registry());
    if (!value || !entity) return {};
    STOA_TRY(const std::vector<RecordId> wanted, named_attachments(call, task, *value));
    STOA_TRY(const std::vector<Record> known, attached(call, task));
    for (const Record& attachment : known) {
        if (std::find(wanted.begin(), wanted.end(), attachment.id()) != wanted.end()) continue;
        STOA_CHECK(call.records.as_system().remove(*entity, attachment.id()));
    }
    return {};
}

Status remove_files(model::RemoveContext& context) {
    const model::Entity* entity = attachments(context.records.services().registry);
    if (!entity) return {};
    const RecordId task = context.before.id();
    auto removed = context.tx.remove(entity->table, of_tasks(std::span(&task, 1)));
    if (!removed) return removed.error();
    return {};
}

std::vector<api::Method> file_methods() {
    return {
        {.name = "tasks.task.files.attach", .scope = kScope, .effect = api::Effect::write, .handler = attach_file},
    };
}

}  // namespace stoa::tasks
