#include "modules/tasks/task_card.hpp"

#include "api/crud.hpp"
#include "base/utf8.hpp"
#include "modules/tasks/names.hpp"
#include "modules/tasks/task_files.hpp"

namespace stoa::tasks {

using model::Record;

namespace {

api::Shape task_shape(const model::Entity& entity) {
    return api::Shape::of(entity.api.v2);
}

bool wants(const api::Call& call, std::string_view name) {
    const json::Value* select = call.params.find("select");
    if (!select) return false;
    for (const json::Value* item : select->items()) {
        if (equals_any_case(item->as_text().value_or(""), name)) return true;
    }
    return false;
}

Status write_checklist(api::Call& call, RecordId task) {
    const model::Entity& items = call.registry().entity(kChecklistItem);
    model::Query query;
    query.where = db::Condition::equals("task_id", task);
    query.limit = 1000;
    STOA_TRY(const std::vector<Record> rows, call.records.list(items, query));
    if (rows.empty()) {
        call.out.begin_array().end_array();
        return {};
    }
    const api::Shape shape{model::Names::item};
    call.out.begin_object();
    for (const Record& row : rows) {
        call.out.key(std::to_string(row.id())).begin_object();
        for (const model::Field& field : items.fields) {
            call.out.raw_key(field.item_name);
            api::write_value(call.out, field, shape, row.value(field), call.zone());
        }
        call.out.end_object();
    }
    call.out.end_object();
    return {};
}

void write_actions(api::Call& call, const Record& task, bool may_edit, bool may_remove) {
    const std::int64_t status = task.integer("STATUS");
    const bool open = status != completed;
    call.out.key("action").begin_object();
    call.out.field("complete", open && may_edit);
    call.out.field("start", open && may_edit && status != in_progress);
    call.out.field("pause", may_edit && status == in_progress);
    call.out.field("defer", open && may_edit && status != deferred);
    call.out.field("renew", may_edit && (!open || status == deferred));
    call.out.field("approve", may_edit && status == awaiting_review);
    call.out.field("disapprove", may_edit && status == awaiting_review);
    call.out.field("delegate", may_edit);
    call.out.field("edit", may_edit);
    call.out.field("changeDeadline", may_edit);
    call.out.field("remove", may_remove);
    call.out.field("checklistAddItems", may_edit);
    call.out.field("elapsedtime.add", true);
    call.out.end_object();
}

Result<bool> may(api::Call& call, const model::Entity& entity, RecordId id, model::Operation operation) {
    const db::Condition rows = call.services.model.access.rows(call.actor(), entity, operation);
    if (rows.kind == db::Condition::Kind::always) return true;
    STOA_TRY(const std::int64_t count,
             call.tx().count(entity.table, db::Condition::all({db::Condition::equals("id", id), rows}), 1));
    return count > 0;
}

}  // namespace

Status PeopleCards::load(model::Records& records, const std::set<UserId>& users) {
    std::vector<db::Value> ids;
    for (const UserId user : users) {
        if (user > 0) ids.emplace_back(user);
    }
    if (ids.empty()) return {};
    model::Query query;
    query.limit = static_cast<std::int64_t>(ids.size());
    query.where = db::Condition::in("id", std::move(ids));
    STOA_TRY(const std::vector<Record> rows,
             records.as_system().list(records.services().registry.entity(kUser), query));
    for (const Record& row : rows) {
        std::string name = row.text("NAME");
        if (const std::string last = row.text("LAST_NAME"); !last.empty()) name += (name.empty() ? "" : " ") + last;
        json::Writer out(cards_[row.id()]);
        out.begin_object();
        out.key("id").integer_text(row.id());
        out.field("name", name).field("link", "/company/personal/user/" + std::to_string(row.id()) + "/");
        out.field("icon", "").field("workPosition", row.text("WORK_POSITION"));
        out.end_object();
    }
    return {};
}

void PeopleCards::write(json::Writer& out, UserId user) const {
    const auto found = cards_.find(user);
    if (found == cards_.end()) {
        out.begin_array().end_array();
    } else {
        out.raw(found->second);
    }
}

bool shows(const api::Call& call, const model::Field& field) {
    const json::Value* select = call.params.find("select");
    if (!select || select->items().empty()) return true;
    return wants(call, "*") || wants(call, field.name) || wants(call, field.item_name);
}

Status write_task(api::Call& call, RecordId id) {
    const model::Entity& entity = call.registry().entity(kTask);
    STOA_TRY(const Record task, call.records.get(entity, id));
    PeopleCards people;
    STOA_CHECK(people.load(call.records, {task.integer("CREATED_BY"), task.integer("RESPONSIBLE_ID")}));
    STOA_TRY(const bool may_edit, may(call, entity, id, model::Operation::update));
    STOA_TRY(const bool may_remove, may(call, entity, id, model::Operation::remove));
    TaskFiles files;
    const bool with_files = wants_files(call);
    if (with_files) STOA_CHECK(files.load(call, std::span(&id, 1)));
    Status more_done;
    call.out.begin_object().key("task");
    STOA_CHECK(api::write_one(call, entity, task_shape(entity), id, [&](const db::Row&) {
        call.out.field("descriptionInBbcode", "Y");
        call.out.key("group").begin_array().end_array();
        for (const auto& [name, key] : {std::pair("CREATED_BY", "creator"), {"RESPONSIBLE_ID", "responsible"}}) {
            if (!shows(call, entity.field(name))) continue;
            call.out.key(key);
            people.write(call.out, task.integer(name));
        }
        if (wants(call, "CHECKLIST")) {
            call.out.key("checklist");
            more_done = write_checklist(call, id);
        }
        if (with_files) files.write(call.out, id);
        write_actions(call, task, may_edit, may_remove);
    }));
    STOA_CHECK(more_done);
    call.out.end_object();
    return {};
}

}  // namespace stoa::tasks
