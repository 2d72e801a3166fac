// crm.timeline.comment.*: comments under a CRM record.
// https://github.com/bitrix24/b24restdocs api-reference/crm/timeline/comments/

#include "api/file_fields.hpp"
#include "api/shape.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "model/stored_files.hpp"
#include "modules/crm/attachments.hpp"
#include "modules/crm/methods.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/save_steps.hpp"

namespace stoa::crm {

using api::Call;
using db::Condition;
using model::Changes;
using model::Record;

namespace {

const model::Entity& comments(const Call& call) {
    return call.registry().entity("crm.timeline.comment");
}

struct Owner {
    int type_id = 0;
    RecordId id = 0;
    std::string code;  ///< as stored: "deal", "dynamic_130"
};

/// The record that comments hang on. Errors: OWNER_NOT_FOUND.
Result<Owner> find_owner(Call& call, std::string_view code, RecordId id) {
    const int type_id = parse_type_code(code);
    const model::Entity* entity = call.records.entity_by_type(type_id);
    const Error unknown = not_found("Owner of the item not found", "OWNER_NOT_FOUND");
    if (!entity) return unknown;
    STOA_TRY(const bool visible, call.records.exists(*entity, id));
    if (!visible) return unknown;
    return Owner{type_id, id, to_lower_ascii(type_code(type_id))};
}

std::string text_of(const json::Value& object, std::string_view name) {
    const json::Value* value = object.find_any_case(name);
    return value ? value->as_text().value_or("") : std::string();
}

Status emit(Call& call, std::string_view event, RecordId id) {
    std::string data;
    json::Writer(data).begin_object().field("ID", id).end_object();
    return call.records.emit(event, data);
}

Status add_comment(Call& call) {
    const json::Value* fields = call.params.find("fields");
    if (!fields || !fields->is_object()) return invalid("Could not find value for parameter {fields}", "fields", "100");
    const json::Value* id = fields->find_any_case("ENTITY_ID");
    const std::string code = text_of(*fields, "ENTITY_TYPE");
    if (!id || code.empty()) return invalid("Required fields are not provided", "ENTITY_ID", "100");
    STOA_TRY(const Owner owner, find_owner(call, code, id->as_integer().value_or(0)));
    STOA_TRY(Changes changes, api::read_changes(comments(call), nullptr, api::Shape::classic(), *fields, call.zone()));
    if (changes.text("COMMENT").empty()) return invalid("Empty comment", "COMMENT", "INVALID_ARG_VALUE");
    changes.set("ENTITY_TYPE", owner.code);
    changes.unset("AUTHOR_ID");
    STOA_TRY(const RecordId added, call.records.add(std::move(changes)));
    if (const json::Value* files = fields->find_any_case("FILES")) {
        STOA_CHECK(api::store_attachments(call, comments(call), added, *files));
    }
    STOA_CHECK(note_activity(call.records, owner.type_id, owner.id));
    STOA_CHECK(emit(call, "ONCRMTIMELINECOMMENTADD", added));
    call.out.integer(added);
    return {};
}

/// The comment, if the caller may see its record (and, when named, if it hangs on that record).
Result<Record> find_comment(Call& call) {
    const auto id = call.params.id("id");
    if (!id) return invalid("ID is not defined or invalid.", "id", "100");
    const auto comment = call.records.get(comments(call), *id);
    if (!comment) return not_found("Not found.", "NOT_FOUND");
    STOA_TRY(const Owner owner, find_owner(call, comment->text("ENTITY_TYPE"), comment->integer("ENTITY_ID")));
    STOA_TRY(const std::int64_t type_id, call.params.integer_or("ownerTypeId", owner.type_id));
    STOA_TRY(const std::int64_t owner_id, call.params.integer_or("ownerId", owner.id));
    if (type_id != owner.type_id || owner_id != owner.id) {
        return not_found("Owner of the item not found", "OWNER_NOT_FOUND");
    }
    return *comment;
}

bool shows_attachments(const Call& call, const api::Selection& selection) {
    if (selection.star) return true;
    const json::Value* select = call.params.find("select");
    for (const json::Value* name : select ? select->items() : std::vector<const json::Value*>()) {
        if (equals_any_case(name->as_text().value_or(""), "FILES")) return true;
    }
    return false;
}

void write_comment(Call& call, const Record& comment, const api::Selection& selection, const Attachments& files) {
    call.out.begin_object();
    for (const model::Field* field : selection.fields) {
        call.out.raw_key(field->name);
        api::write_value(call.out, *field, api::Shape::classic(), comment.value(*field), call.zone());
    }
    if (shows_attachments(call, selection)) {
        call.out.key("FILES");
        files.write_cards(call, comment.id());
    }
    call.out.end_object();
}

Status get_comment(Call& call) {
    STOA_TRY(const Record comment, find_comment(call));
    const RecordId id[] = {comment.id()};
    STOA_TRY(const Attachments files, Attachments::load(call, comments(call), id));
    write_comment(call, comment, api::Selection::everything(comments(call), nullptr, api::Shape::classic()), files);
    return {};
}

Status list_comments(Call& call) {
    STOA_TRY(const json::Value* filter, call.params.object_or_empty("filter"));
    const json::Value* id = filter->find_any_case("ENTITY_ID");
    const std::string code = text_of(*filter, "ENTITY_TYPE");
    if (!id || code.empty()) return invalid("The filter must name ENTITY_ID and ENTITY_TYPE.", "filter");
    const auto owner = find_owner(call, code, id->as_integer().value_or(0));
    if (!owner) return forbidden("Access denied.");

    const model::FilterContext context{comments(call), nullptr, model::Names::classic, call.zone()};
    const json::Value nothing;
    const json::Value* order = call.params.find("order");
    STOA_TRY(const std::int64_t start, call.params.integer_or("start", 0));
    STOA_TRY(const auto selection,
             api::Selection::make(comments(call), nullptr, api::Shape::classic(), call.params.find("select")));
    model::Query query;
    query.where =
        Condition::all({Condition::equals("entity_type", owner->code), Condition::equals("entity_id", owner->id)});
    STOA_TRY(query.order, model::compile_order(context, order ? *order : nothing));
    query.limit = limits::page_size;
    query.offset = std::max<std::int64_t>(0, start - start % limits::page_size);
    STOA_TRY(const auto rows, call.records.list(comments(call), query));
    std::vector<RecordId> ids;
    if (shows_attachments(call, selection)) {
        for (const Record& comment : rows)
            ids.push_back(comment.id());
    }
    STOA_TRY(const Attachments files, Attachments::load(call, comments(call), ids));
    call.out.begin_array();
    for (const Record& comment : rows)
        write_comment(call, comment, selection, files);
    call.out.end_array();
    if (start < 0) return {};
    STOA_TRY(call.total, call.records.count(comments(call), query.where));
    if (query.offset + query.limit < *call.total) call.next = query.offset + query.limit;
    return {};
}

Status update_comment(Call& call) {
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    STOA_TRY(const Record comment, find_comment(call));
    Changes changes(comments(call));
    if (fields->find_any_case("COMMENT")) {
        const std::string text = text_of(*fields, "COMMENT");
        if (text.empty()) return invalid("Empty comment", "COMMENT", "INVALID_ARG_VALUE");
        changes.set("COMMENT", text);
    }
    STOA_CHECK(call.records.update(comment.id(), std::move(changes)));
    // The old files go as soon as FILES is named.
    if (const json::Value* files = fields->find_any_case("FILES")) {
        STOA_CHECK(model::remove_files_owned(call.records, comments(call), comment.id()));
        STOA_CHECK(api::store_attachments(call, comments(call), comment.id(), *files));
    }
    STOA_CHECK(emit(call, "ONCRMTIMELINECOMMENTUPDATE", comment.id()));
    call.out.integer(comment.id());
    return {};
}

Status delete_comment(Call& call) {
    STOA_TRY(const Record comment, find_comment(call));
    STOA_CHECK(call.records.remove(comments(call), comment.id()));
    STOA_CHECK(emit(call, "ONCRMTIMELINECOMMENTDELETE", comment.id()));
    call.out.null();
    return {};
}

}  // namespace

void add_timeline_methods(api::MethodTable& table) {
    using api::Effect;
    table.add({
        {.name = "crm.timeline.comment.add",
         .scope = "crm",
         .effect = Effect::write,
         .handler = add_comment,
         .files = find_attachments},
        {.name = "crm.timeline.comment.get", .scope = "crm", .handler = get_comment},
        {.name = "crm.timeline.comment.list", .scope = "crm", .handler = list_comments},
        {.name = "crm.timeline.comment.update",
         .scope = "crm",
         .effect = Effect::write,
         .handler = update_comment,
         .files = find_attachments},
        {.name = "crm.timeline.comment.delete", .scope = "crm", .effect = Effect::write, .handler = delete_comment},
    });
}

}  // namespace stoa::crm
