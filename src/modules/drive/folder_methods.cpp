// disk.folder.* and what disk.file.* does alike: get, copy, move, rename, trash, restore, delete.
// https://github.com/bitrix24/b24restdocs api-reference/disk/folder, api-reference/disk/file

#include "modules/drive/answers.hpp"
#include "modules/drive/children.hpp"
#include "modules/drive/methods.hpp"
#include "modules/drive/names.hpp"
#include "modules/drive/object_names.hpp"
#include "modules/drive/objects.hpp"
#include "modules/drive/tree.hpp"

namespace stoa::drive {

using api::Call;
using model::Operation;
using model::Record;

namespace {

/// Clients count the parameters of folder methods from 1 and those of file methods from 0.
Result<Record> named(Call& call, Kind kind, Trash trash = Trash::outside) {
    STOA_TRY(const RecordId id, needed_id(call, "id", kind == Kind::file ? 0 : 1));
    return find_object(call, id, kind, trash);
}

Result<Record> target_folder(Call& call, Kind kind) {
    STOA_TRY(const RecordId id, needed_id(call, "targetFolderId", kind == Kind::file ? 0 : 1));
    STOA_TRY(Record folder, find_object(call, id, Kind::folder));
    STOA_CHECK(check_may(call, folder, Operation::add));
    return folder;
}

template <Kind kind>
Status get(Call& call) {
    STOA_TRY(const Record object, named(call, kind));
    STOA_TRY(ObjectWriter writer, ObjectWriter::make(call));
    return writer.write(object);
}

Status get_children(Call& call) {
    STOA_TRY(const Record folder, named(call, Kind::folder));
    return write_children(call, folder.id());
}

Status add_sub_folder(Call& call) {
    STOA_TRY(const Record folder, named(call, Kind::folder));
    return make_folder(call, folder);
}

template <Kind kind>
Status copy_to(Call& call) {
    STOA_TRY(const Record object, named(call, kind));
    STOA_TRY(const Record folder, target_folder(call, kind));
    STOA_TRY(const RecordId copy, copy_below(call, object, folder));
    return answer_new_object(call, copy);
}

template <Kind kind>
Status move_to(Call& call) {
    STOA_TRY(const Record object, named(call, kind));
    if (is_root(object)) return invalid("Could not move root folder", "id");
    STOA_CHECK(check_may(call, object, Operation::update));
    STOA_TRY(const Record folder, target_folder(call, kind));
    STOA_CHECK(move_below(call, object, folder));
    return answer_object(call, object.id(), "PARENT_ID");
}

template <Kind kind>
Status rename(Call& call) {
    STOA_TRY(const Record object, named(call, kind));
    const json::Value* given = call.params.find("newName");
    if (!given || !given->as_text()) return wrong_parameter(1, "newName");
    if (given->as_text()->empty()) return invalid("Empty name", "newName", "0");
    STOA_TRY(std::string name, clean_name(*given->as_text()));
    STOA_CHECK(check_may(call, object, Operation::update));
    if (is_root(object)) return access_denied();
    if (name_key(name) != name_key(object.text("NAME"))) {
        STOA_TRY(const bool taken, name_is_taken(call.records, object.integer("PARENT_ID"), name));
        if (taken) return name_taken(kind == Kind::file);
    }
    model::Changes changes(object.entity());
    changes.set("NAME", std::move(name));
    changes.set("UPDATE_TIME", call.now());
    changes.set("UPDATED_BY", call.actor().user);
    STOA_CHECK(call.records.as_system().update(object.id(), std::move(changes)));
    return answer_object(call, object.id());
}

/// A file needs the right to edit it, a folder all rights.
template <Kind kind>
Status mark_deleted(Call& call) {
    STOA_TRY(const Record object, named(call, kind));
    if (is_root(object)) return invalid("Could not delete root folder", "id", kNameTaken);
    STOA_CHECK(check_may(call, object, kind == Kind::file ? Operation::update : Operation::remove));
    STOA_CHECK(put_into_trash(call, object));
    if (kind == Kind::file) return answer_object(call, object.id());
    return answer_object(call, object.id(), "DELETED_TYPE");
}

template <Kind kind>
Status restore(Call& call) {
    STOA_TRY(const Record object, named(call, kind, Trash::inside));
    if (kind == Kind::folder && !call.actor().is_admin()) return access_denied();
    STOA_CHECK(check_may(call, object, Operation::update));
    STOA_CHECK(take_out_of_trash(call, object));
    return answer_object(call, object.id(), "DELETED_TYPE");
}

template <Kind kind>
Status remove(Call& call) {
    STOA_TRY(const Record object, named(call, kind, Trash::either));
    if (is_root(object)) return invalid("Could not delete root folder", "id", kNameTaken);
    STOA_CHECK(check_may(call, object, Operation::remove));
    STOA_CHECK(delete_for_good(call, object));
    call.out.boolean(true);
    return {};
}

}  // namespace

std::vector<api::Method> folder_methods() {
    using api::Effect;
    constexpr Kind kind = Kind::folder;
    return {
        {.name = "disk.folder.get", .scope = kScope, .handler = get<kind>},
        {.name = "disk.folder.getChildren", .scope = kScope, .handler = get_children, .snapshot = true},
        {.name = "disk.folder.addSubFolder", .scope = kScope, .effect = Effect::write, .handler = add_sub_folder},
        {.name = "disk.folder.copyTo", .scope = kScope, .effect = Effect::write, .handler = copy_to<kind>},
        {.name = "disk.folder.moveTo", .scope = kScope, .effect = Effect::write, .handler = move_to<kind>},
        {.name = "disk.folder.rename", .scope = kScope, .effect = Effect::write, .handler = rename<kind>},
        {.name = "disk.folder.markDeleted", .scope = kScope, .effect = Effect::write, .handler = mark_deleted<kind>},
        {.name = "disk.folder.restore", .scope = kScope, .effect = Effect::write, .handler = restore<kind>},
        {.name = "disk.folder.deleteTree", .scope = kScope, .effect = Effect::write, .handler = remove<kind>},
    };
}

std::vector<api::Method> file_methods() {
    using api::Effect;
    constexpr Kind kind = Kind::file;
    return {
        {.name = "disk.file.get", .scope = kScope, .handler = get<kind>},
        {.name = "disk.file.copyTo", .scope = kScope, .effect = Effect::write, .handler = copy_to<kind>},
        {.name = "disk.file.moveTo", .scope = kScope, .effect = Effect::write, .handler = move_to<kind>},
        {.name = "disk.file.rename", .scope = kScope, .effect = Effect::write, .handler = rename<kind>},
        {.name = "disk.file.markDeleted", .scope = kScope, .effect = Effect::write, .handler = mark_deleted<kind>},
        {.name = "disk.file.restore", .scope = kScope, .effect = Effect::write, .handler = restore<kind>},
        {.name = "disk.file.delete", .scope = kScope, .effect = Effect::write, .handler = remove<kind>},
    };
}

}  // namespace stoa::drive
