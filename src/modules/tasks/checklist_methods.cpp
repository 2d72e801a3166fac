// task.checklistitem.*: items of a task's checklists; the items without a parent are the checklists themselves.

#include "api/crud.hpp"
#include "modules/tasks/methods.hpp"
#include "modules/tasks/names.hpp"
#include "modules/tasks/positional.hpp"

namespace stoa::tasks {

using api::Call;

namespace {

constexpr std::int64_t kItemsMax = 1000;

const model::Entity& items(const Call& call) {
    return call.registry().entity(kChecklistItem);
}

/// The first checklist of the task, made when there is none.
Result<RecordId> default_checklist(Call& call, RecordId task) {
    model::Query query;
    query.where = db::Condition::all(
        {db::Condition::equals("task_id", task), db::Condition::equals("parent_id", std::int64_t{0})});
    query.limit = 1;
    STOA_TRY(const auto rows, call.records.list(items(call), query));
    if (!rows.empty()) return rows.front().id();
    model::Changes changes(items(call));
    changes.set("TASK_ID", task);
    changes.set("TITLE", std::string("BX_CHECKLIST_1"));
    return call.records.add(std::move(changes));
}

Status add(Call& call) {
    STOA_TRY(const RecordId task, readable_task(call));
    STOA_TRY(const json::Value* fields, object_at(call, 1, "arFields", true));
    STOA_TRY(model::Changes changes,
             api::read_changes(items(call), nullptr, api::Shape::classic(), *fields, call.zone()));
    if (changes.text("TITLE").empty()) return invalid("Item name not specified.", "TITLE", "ERROR_CORE");
    STOA_TRY(const std::int64_t count, call.records.count(items(call), db::Condition::equals("task_id", task)));
    if (count >= kItemsMax)
        return Error{Errc::too_large, "The task has too many checklist items.", "TASKID", "ERROR_CORE"};
    if (!changes.has("PARENT_ID")) {
        STOA_TRY(const RecordId checklist, default_checklist(call, task));
        changes.set("PARENT_ID", checklist);
    }
    changes.set("TASK_ID", task);
    STOA_TRY(const RecordId id, call.records.add(std::move(changes)));
    call.out.integer(id);
    return {};
}

Status set_complete(Call& call, bool value) {
    STOA_TRY(const RecordId task, readable_task(call));
    STOA_TRY(const RecordId id, id_at(call, 1, "itemId"));
    auto item = call.records.get(items(call), id);
    if (!item || item->integer("TASK_ID") != task) {  // documented: false, not an error
        call.out.boolean(false);
        return {};
    }
    model::Changes changes(items(call));
    changes.set("IS_COMPLETE", std::int64_t{value ? 1 : 0});
    STOA_CHECK(call.records.update(id, std::move(changes)));
    call.out.boolean(true);
    return {};
}

Status complete(Call& call) {
    return set_complete(call, true);
}
Status renew(Call& call) {
    return set_complete(call, false);
}

Status update(Call& call) {
    return update_item(call, items(call));
}
Status remove(Call& call) {
    return remove_item(call, items(call));
}
Status get(Call& call) {
    return get_item(call, items(call));
}

Status get_list(Call& call) {
    STOA_TRY(const RecordId task, readable_task(call));
    STOA_TRY(const json::Value* order, object_at(call, 1, "arOrder", false));
    STOA_TRY(const auto rows, rows_of_task(call, items(call), task, *order, json::Value(), kItemsMax));
    write_rows(call, items(call), rows);
    return {};
}

}  // namespace

std::vector<api::Method> checklist_methods() {
    using api::Effect;
    return {
        {.name = "task.checklistitem.add", .scope = kScope, .effect = Effect::write, .handler = add},
        {.name = "task.checklistitem.update", .scope = kScope, .effect = Effect::write, .handler = update},
        {.name = "task.checklistitem.complete", .scope = kScope, .effect = Effect::write, .handler = complete},
        {.name = "task.checklistitem.renew", .scope = kScope, .effect = Effect::write, .handler = renew},
        {.name = "task.checklistitem.delete", .scope = kScope, .effect = Effect::write, .handler = remove},
        {.name = "task.checklistitem.get", .scope = kScope, .handler = get},
        {.name = "task.checklistitem.getlist", .scope = kScope, .handler = get_list},
    };
}

}  // namespace stoa::tasks
