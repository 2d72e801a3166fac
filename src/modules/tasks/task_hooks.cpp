#include "modules/tasks/task_hooks.hpp"

#include "base/random.hpp"
#include "base/utf8.hpp"
#include "model/records.hpp"
#include "modules/tasks/names.hpp"
#include "modules/tasks/task_files.hpp"

namespace stoa::tasks {

using model::Changes;
using model::Operation;
using model::Record;
using model::RemoveContext;
using model::SaveContext;

namespace {

db::Condition rows_of_task(RecordId task) {
    return db::Condition::equals("task_id", task);
}

Status check_user(SaveContext& context, const char* field) {
    const std::int64_t user = context.changes.integer(field);
    if (user == 0) return {};
    STOA_TRY(const bool exists,
             context.records.as_system().exists(context.records.services().registry.entity(kUser), user));
    if (!exists) return invalid("There is no user " + std::to_string(user) + ".", field);
    return {};
}

Status check_parent(SaveContext& context) {
    const std::int64_t parent = context.changes.integer("PARENT_ID");
    if (parent == 0) return {};
    if (parent == context.id) return invalid("A task cannot be its own parent.", "PARENT_ID");
    STOA_TRY(const bool exists, context.records.exists(context.entity, parent));
    if (!exists) return invalid("There is no task " + std::to_string(parent) + ".", "PARENT_ID");
    return {};
}

Status check_plan(SaveContext& context) {
    const auto planned = [&](const char* name) {
        if (context.changes.has(name)) return context.changes.integer(name);
        return context.before ? context.before->integer(name) : std::int64_t{0};
    };
    const std::int64_t start = planned("START_DATE_PLAN");
    const std::int64_t end = planned("END_DATE_PLAN");
    if (start > 0 && end > 0 && end < start) return invalid("The planned end is before the start.", "END_DATE_PLAN");
    return {};
}

Status check_codes(const Changes& changes) {
    if (const db::Value* status = changes.find("STATUS")) {
        const std::int64_t code = changes.integer("STATUS");
        if (db::is_null(*status) || code < 1 || code > 7) return invalid("STATUS must be 2 to 6.", "STATUS");
    }
    const std::int64_t priority = changes.integer("PRIORITY");
    if (priority < 0 || priority > 2) return invalid("PRIORITY must be 0, 1 or 2.", "PRIORITY");
    return {};
}

/// Dates and users that follow from a change of status.
void follow_status(SaveContext& context) {
    Changes& changes = context.changes;
    if (!changes.has("STATUS")) return;
    const std::int64_t now = context.records.services().clock.now();
    const std::int64_t status = changes.integer("STATUS");
    const std::int64_t old = context.before ? context.before->integer("STATUS") : 0;
    if (status == old) return;
    const db::Value user = context.records.actor().user > 0 ? db::Value(context.records.actor().user) : db::Value();
    const auto set_new = [&](const char* name, db::Value value) {
        if (!changes.has(name)) changes.set(name, std::move(value));  // imports bring their own
    };
    if (context.before) set_new("STATUS_CHANGED_BY", user);
    set_new("STATUS_CHANGED_DATE", now);
    if (status == completed) {
        set_new("CLOSED_BY", user);
        set_new("CLOSED_DATE", now);
    } else if (old == completed) {
        changes.set("CLOSED_BY", db::Value());
        changes.set("CLOSED_DATE", db::Value());
    }
    const bool never_started = !context.before || context.before->is_null("DATE_START");
    if (status == in_progress && never_started) set_new("DATE_START", now);
}

/// What the task will be when this is saved.
Record after_save_of(const SaveContext& context) {
    Record task = *context.before;
    for (const auto& [field, value] : context.changes.values()) {
        if (field->stored()) task.value(*field) = value;
    }
    return task;
}

/// The people as the changes leave them: links are whole new lists.
TaskPeople after_save_of(const SaveContext& context, const Record& task, const TaskPeople& before) {
    TaskPeople people = before;
    people.creator = task.integer("CREATED_BY");
    people.responsible = task.integer("RESPONSIBLE_ID");
    for (const auto& [field, targets] : context.changes.links) {
        if (field->name == "ACCOMPLICES") people.accomplices = targets;
        if (field->name == "AUDITORS") people.auditors = targets;
    }
    return people;
}

class TaskHooks final : public model::EntityHooks {
  public:
    explicit TaskHooks(TaskListener* listener) : listener_(listener) {}

    Status before_save(SaveContext& context) override {
        STOA_CHECK(check_user(context, "RESPONSIBLE_ID"));
        STOA_CHECK(check_user(context, "CREATED_BY"));
        STOA_CHECK(check_parent(context));
        STOA_CHECK(check_plan(context));
        STOA_CHECK(check_codes(context.changes));
        follow_status(context);
        if (context.operation == Operation::add) {
            context.changes.set("GUID", "{" + uuid_v4() + "}");
            return {};
        }
        return listener_ != nullptr ? tell_of_update(context) : Status();
    }

    Status after_save(SaveContext& context) override {
        if (context.operation != Operation::add || listener_ == nullptr) return {};
        model::Records system = context.records.as_system();
        STOA_TRY(const Record task, system.get(context.entity, context.id));
        STOA_TRY(TaskPeople people, people_of(system, task));
        return listener_->task_saved(context.records, {task, nullptr, std::move(people), {}});
    }

    Status after_remove(RemoveContext& context) override {
        const model::Registry& registry = context.records.services().registry;
        for (const char* name : {kChecklistItem, kComment, kElapsedItem}) {
            auto removed = context.tx.remove(registry.entity(name).table, rows_of_task(context.before.id()));
            if (!removed) return removed.error();
        }
        STOA_CHECK(remove_files(context));
        return listener_ != nullptr ? listener_->task_removed(context.records, context.before.id()) : Status();
    }

  private:
    /// Before the save: afterwards nobody knows who took part before it.
    Status tell_of_update(SaveContext& context) {
        const Record task = after_save_of(context);
        STOA_TRY(TaskPeople before, people_of(context.records, *context.before));
        TaskPeople people = after_save_of(context, task, before);
        return listener_->task_saved(context.records, {task, context.before, std::move(people), std::move(before)});
    }

    TaskListener* listener_;
};

class CommentHooks final : public model::EntityHooks {
  public:
    explicit CommentHooks(TaskListener* listener) : listener_(listener) {}

    Status before_save(SaveContext& context) override {
        if (context.operation != Operation::add) return {};
        const model::Entity& users = context.records.services().registry.entity(kUser);
        auto author = context.records.as_system().get(users, context.changes.integer("AUTHOR_ID"));
        if (!author) return invalid("There is no such author.", "AUTHOR_ID", "ERROR_CORE");
        std::string name = author->text("NAME");
        if (const std::string last = author->text("LAST_NAME"); !last.empty()) name += (name.empty() ? "" : " ") + last;
        context.changes.set("AUTHOR_NAME", std::string(utf8_prefix(name, 255)));
        context.changes.set("AUTHOR_EMAIL", author->text("EMAIL"));
        return {};
    }

    Status after_save(SaveContext& context) override {
        if (context.operation != Operation::add) return {};
        STOA_CHECK(count(context.tx, context.records, context.entity, context.changes.integer("TASK_ID")));
        return listener_ != nullptr ? tell(context) : Status();
    }

    Status after_remove(RemoveContext& context) override {
        return count(context.tx, context.records, context.entity, context.before.integer("TASK_ID"));
    }

  private:
    Status tell(SaveContext& context) {
        model::Records system = context.records.as_system();
        STOA_TRY(const Record comment, system.get(context.entity, context.id));
        STOA_TRY(const Record task,
                 system.get(context.records.services().registry.entity(kTask), comment.integer("TASK_ID")));
        STOA_TRY(const TaskPeople people, people_of(system, task));
        return listener_->comment_added(context.records, task, people, comment);
    }

    /// The counter is no change of the task itself: no event, no date of change.
    static Status count(db::WriteTx& tx, model::Records& records, const model::Entity& comments, RecordId task) {
        STOA_TRY(const std::int64_t number, tx.count(comments.table, rows_of_task(task)));
        const db::Assignment row[] = {{"comments_count", number}, {"activity_date", records.services().clock.now()}};
        auto updated =
            tx.update(records.services().registry.entity(kTask).table, row, db::Condition::equals("id", task));
        if (!updated) return updated.error();
        return {};
    }

    TaskListener* listener_;
};

class ChecklistHooks final : public model::EntityHooks {
  public:
    Status before_save(SaveContext& context) override {
        Changes& changes = context.changes;
        if (!changes.has("IS_COMPLETE")) return {};
        const std::int64_t old = context.before ? context.before->integer("IS_COMPLETE") : 0;
        if (changes.integer("IS_COMPLETE") == old) return {};
        if (context.records.actor().user > 0) changes.set("TOGGLED_BY", context.records.actor().user);
        changes.set("TOGGLED_DATE", context.records.services().clock.now());
        return {};
    }
};

class ElapsedHooks final : public model::EntityHooks {
  public:
    Status before_save(SaveContext& context) override {
        constexpr std::int64_t kSecondsMax = 100 * 365 * 86'400LL;
        if (!context.changes.has("SECONDS")) return {};
        const std::int64_t seconds = context.changes.integer("SECONDS");
        if (seconds < 0 || seconds > kSecondsMax) return invalid("SECONDS is out of range.", "SECONDS");
        context.changes.set("MINUTES", seconds / 60);
        return {};
    }
    Status after_save(SaveContext& context) override {
        const RecordId task = context.before ? context.before->integer("TASK_ID") : context.changes.integer("TASK_ID");
        return sum(context.tx, context.records, context.entity, task);
    }
    Status after_remove(RemoveContext& context) override {
        return sum(context.tx, context.records, context.entity, context.before.integer("TASK_ID"));
    }

  private:
    static Status sum(db::WriteTx& tx, model::Records& records, const model::Entity& items, RecordId task) {
        db::Aggregate aggregate;
        aggregate.table = items.table;
        aggregate.terms = {{db::Aggregate::Fn::sum, {"seconds", ""}}};
        aggregate.where = rows_of_task(task);
        std::int64_t seconds = 0;
        STOA_CHECK(tx.aggregate(aggregate, [&](const db::Row& row) {
            seconds = row.integer(0);
            return false;
        }));
        const db::Assignment row[] = {{"time_spent_in_logs", seconds}};
        auto updated =
            tx.update(records.services().registry.entity(kTask).table, row, db::Condition::equals("id", task));
        if (!updated) return updated.error();
        return {};
    }
};

}  // namespace

std::unique_ptr<model::EntityHooks> make_task_hooks(TaskListener* listener) {
    return std::make_unique<TaskHooks>(listener);
}
std::unique_ptr<model::EntityHooks> make_comment_hooks(TaskListener* listener) {
    return std::make_unique<CommentHooks>(listener);
}
std::unique_ptr<model::EntityHooks> make_checklist_hooks() {
    return std::make_unique<ChecklistHooks>();
}
std::unique_ptr<model::EntityHooks> make_elapsed_hooks() {
    return std::make_unique<ElapsedHooks>();
}

}  // namespace stoa::tasks
