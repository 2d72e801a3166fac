// task.elapseditem.*: time spent on a task.

#include "api/crud.hpp"
#include "modules/tasks/methods.hpp"
#include "modules/tasks/names.hpp"
#include "modules/tasks/positional.hpp"

namespace stoa::tasks {

using api::Call;

namespace {

constexpr std::int64_t kItemsMax = 500;

const model::Entity& items(const Call& call) {
    return call.registry().entity(kElapsedItem);
}

Status add(Call& call) {
    STOA_TRY(const RecordId task, readable_task(call));
    STOA_TRY(const json::Value* fields, object_at(call, 1, "arFields", true));
    STOA_TRY(model::Changes changes,
             api::read_changes(items(call), nullptr, api::Shape::classic(), *fields, call.zone()));
    if (!changes.has("SECONDS")) return invalid("SECONDS is required.", "SECONDS", "ERROR_CORE");
    const std::int64_t user = changes.integer("USER_ID");
    if (user > 0 && user != call.actor().user && !call.actor().is_admin()) changes.unset("USER_ID");
    changes.set("TASK_ID", task);
    STOA_TRY(const RecordId id, call.records.add(std::move(changes)));
    call.out.integer(id);
    return {};
}

Status update(Call& call) {
    return update_item(call, items(call));
}
Status remove(Call& call) {
    return remove_item(call, items(call));
}

/// The task may be left out: then entries of all tasks the caller may see, with the order and filter in its place.
Status get_list(Call& call) {
    const json::Value* first = call.params.at(0);
    const bool has_task = first && first->as_integer().has_value();
    const std::size_t shift = has_task ? 1 : 0;
    STOA_TRY(const json::Value* order, object_at(call, shift, "arOrder", false));
    STOA_TRY(const json::Value* filter, object_at(call, shift + 1, "arFilter", false));
    std::vector<model::Record> rows;
    if (has_task) {
        STOA_TRY(const RecordId task, readable_task(call));
        STOA_TRY(rows, rows_of_task(call, items(call), task, *order, *filter, kItemsMax));
    } else {
        const model::FilterContext context{items(call), nullptr, model::Names::classic, call.zone()};
        model::Query query;
        STOA_TRY(query.where, model::compile_filter(context, *filter));
        STOA_TRY(query.order, model::compile_order(context, *order));
        query.limit = kItemsMax;
        STOA_TRY(rows, call.records.list(items(call), query));
    }
    write_rows(call, items(call), rows);
    call.total = static_cast<std::int64_t>(rows.size());
    return {};
}

}  // namespace

std::vector<api::Method> elapsed_methods() {
    using api::Effect;
    return {
        {.name = "task.elapseditem.add", .scope = kScope, .effect = Effect::write, .handler = add},
        {.name = "task.elapseditem.update", .scope = kScope, .effect = Effect::write, .handler = update},
        {.name = "task.elapseditem.delete", .scope = kScope, .effect = Effect::write, .handler = remove},
        {.name = "task.elapseditem.getlist", .scope = kScope, .handler = get_list},
    };
}

}  // namespace stoa::tasks
