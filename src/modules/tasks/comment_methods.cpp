// task.commentitem.*: comments of a task.

#include "api/crud.hpp"
#include "modules/tasks/methods.hpp"
#include "modules/tasks/names.hpp"
#include "modules/tasks/positional.hpp"

namespace stoa::tasks {

using api::Call;

namespace {

constexpr std::int64_t kCommentsMax = 500;  ///< newest first; the method has no paging

const model::Entity& comments(const Call& call) {
    return call.registry().entity(kComment);
}

Status add(Call& call) {
    STOA_TRY(const RecordId task, readable_task(call));
    STOA_TRY(const json::Value* fields, object_at(call, 1, "arFields", true));
    STOA_TRY(model::Changes changes,
             api::read_changes(comments(call), nullptr, api::Shape::classic(), *fields, call.zone()));
    if (changes.text("POST_MESSAGE").empty()) {
        return invalid("Comment text is not specified.", "POST_MESSAGE", "ERROR_CORE");
    }
    // Speaking for somebody else is the administrators' (and integrations') business.
    const std::int64_t author = changes.integer("AUTHOR_ID");
    if (author > 0 && author != call.actor().user && !call.actor().is_admin()) changes.unset("AUTHOR_ID");
    changes.set("TASK_ID", task);
    STOA_TRY(const RecordId id, call.records.add(std::move(changes)));
    call.out.integer(id);
    return {};
}

Status update(Call& call) {
    return update_item(call, comments(call));
}
Status remove(Call& call) {
    return remove_item(call, comments(call));
}
Status get(Call& call) {
    return get_item(call, comments(call));
}

Status get_list(Call& call) {
    STOA_TRY(const RecordId task, readable_task(call));
    STOA_TRY(const json::Value* order, object_at(call, 1, "arOrder", false));
    STOA_TRY(const json::Value* filter, object_at(call, 2, "arFilter", false));
    STOA_TRY(const auto rows, rows_of_task(call, comments(call), task, *order, *filter, kCommentsMax));
    write_rows(call, comments(call), rows);
    return {};
}

}  // namespace

std::vector<api::Method> comment_methods() {
    using api::Effect;
    return {
        {.name = "task.commentitem.add", .scope = kScope, .effect = Effect::write, .handler = add},
        {.name = "task.commentitem.update", .scope = kScope, .effect = Effect::write, .handler = update},
        {.name = "task.commentitem.delete", .scope = kScope, .effect = Effect::write, .handler = remove},
        {.name = "task.commentitem.get", .scope = kScope, .handler = get},
        {.name = "task.commentitem.getlist", .scope = kScope, .handler = get_list},
    };
}

}  // namespace stoa::tasks
