#include "modules/tasks/module.hpp"

#include "modules/tasks/methods.hpp"
#include "modules/tasks/names.hpp"
#include "modules/tasks/task_files.hpp"
#include "modules/tasks/task_hooks.hpp"
#include "tasks_data.hpp"

namespace stoa::tasks {

Status register_entities(model::Registry& registry, TaskListener* listener) {
    STOA_CHECK(registry.add_all(data::embedded_files()));
    registry.set_hooks(kTask, make_task_hooks(listener));
    registry.set_hooks(kComment, make_comment_hooks(listener));
    registry.set_hooks(kChecklistItem, make_checklist_hooks());
    registry.set_hooks(kElapsedItem, make_elapsed_hooks());
    return {};
}

void add_methods(api::MethodTable& table) {
    table.add(task_methods());
    table.add(checklist_methods());
    table.add(comment_methods());
    table.add(elapsed_methods());
    table.add(file_methods());
}

}  // namespace stoa::tasks
