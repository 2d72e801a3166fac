// Uploads: disk.storage.uploadFile, disk.folder.uploadFile, disk.file.uploadVersion; and going back to a version.
// Without `fileContent` the caller gets an address to which the file can be posted.
// https://github.com/bitrix24/b24restdocs api-reference/disk/folder/disk-folder-upload-file.md

#include "api/file_fields.hpp"
#include "api/file_links.hpp"
#include "model/stored_files.hpp"
#include "modules/drive/answers.hpp"
#include "modules/drive/methods.hpp"
#include "modules/drive/names.hpp"
#include "modules/drive/object_names.hpp"
#include "modules/drive/objects.hpp"
#include "modules/drive/rights.hpp"
#include "modules/drive/storages.hpp"

namespace stoa::drive {

using api::Call;
using model::Operation;
using model::Record;

namespace {

constexpr const char* kContent = "fileContent";
constexpr const char* kNotSaved = "ERROR_COULD_NOT_SAVE_FILE";
constexpr const char* kVersionNotSaved = "DISK_FILE_22002";

const model::StoredContent* content_of(const Call& call) {
    const json::Value* value = call.params.find(kContent);
    return value ? call.upload(*value) : nullptr;
}

/// The address comes with the parameters of this call in it, so it can do what this call could, once more at most.
Status offer_address(Call& call, std::string_view method) {
    STOA_CHECK(model::ensure_file_key(call.records));
    json::Object kept;
    for (const char* name : {"id", "data", "rights", "generateUniqueName"}) {
        if (const json::Value* value = call.params.find(name)) kept.set(name, *value);
    }
    STOA_TRY(const api::FileLinks links, api::FileLinks::of(call.records));
    call.out.begin_object().field("field", "file");
    call.out.field("uploadUrl", links.upload(call.actor().user, method, std::move(kept)));
    call.out.end_object();
    return {};
}

Status upload_below(Call& call, const Record& folder, std::string_view method) {
    STOA_TRY(const std::vector<Right> rights, read_rights(call));
    STOA_CHECK(check_may(call, folder, Operation::add));
    const json::Value* given = call.params.find(kContent);
    if (!given || given->is_null()) return offer_address(call, method);
    const model::StoredContent* content = content_of(call);
    if (!content) return invalid("Could not save file", kContent, kNotSaved);
    const json::Value* data = call.params.find("data");
    const json::Value* wanted = data ? data->find_any_case("NAME") : nullptr;
    STOA_TRY(std::string name, clean_name(wanted ? wanted->as_text().value_or("") : ""));
    STOA_TRY(const bool unique, call.params.boolean_or("generateUniqueName", false));
    if (unique) {
        STOA_TRY(name, free_name(call.records, folder.id(), name));
    }
    STOA_TRY(const RecordId id, add_file(call, folder, name, *content));
    STOA_CHECK(give_rights(call, id, rights));
    return answer_new_object(call, id);
}

Status upload_to_storage(Call& call) {
    STOA_TRY(const RecordId id, needed_id(call, "id", 0));
    STOA_CHECK(ensure_storages(call));
    STOA_TRY(const Record storage, find_storage(call, id));
    STOA_TRY(const Record root, root_of(call, storage));
    return upload_below(call, root, "disk.storage.uploadFile");
}

Status upload_to_folder(Call& call) {
    STOA_TRY(const RecordId id, needed_id(call, "id", 0));
    STOA_TRY(const Record folder, find_object(call, id, Kind::folder));
    return upload_below(call, folder, "disk.folder.uploadFile");
}

/// The file names other bytes from now on; the old ones stay as a version.
Status change_content(Call& call, const Record& file, RecordId bytes, const db::Value& size) {
    model::Changes changes(file.entity());
    changes.set("FILE_ID", bytes);
    changes.set("SIZE", size);
    changes.set("GLOBAL_CONTENT_VERSION", file.integer("GLOBAL_CONTENT_VERSION") + 1);
    changes.set("UPDATE_TIME", call.now());
    changes.set("UPDATED_BY", call.actor().user);
    STOA_CHECK(call.records.as_system().update(file.id(), std::move(changes)));
    STOA_TRY(const Record changed, call.records.as_system().get(file.entity(), file.id()));
    STOA_CHECK(note_version(call.records, changed));
    STOA_TRY(ObjectWriter writer, ObjectWriter::make(call));
    return writer.write(changed, "GLOBAL_CONTENT_VERSION");
}

Status upload_version(Call& call) {
    STOA_TRY(const RecordId id, needed_id(call, "id", 0));
    const json::Value* given = call.params.find(kContent);
    if (!given || given->is_null()) return wrong_parameter(1, kContent);
    STOA_TRY(const Record file, find_object(call, id, Kind::file));
    STOA_CHECK(check_may(call, file, Operation::update));
    const model::StoredContent* content = content_of(call);
    if (!content) return invalid("Could not save file", kContent, kVersionNotSaved);
    model::StoredContent named = *content;
    named.name = file.text("NAME");
    STOA_TRY(const RecordId bytes, model::add_file(call.records, named, model::kDriveOwner));
    return change_content(call, file, bytes, named.bytes);
}

Status restore_from_version(Call& call) {
    STOA_TRY(const RecordId id, needed_id(call, "id", 0));
    STOA_TRY(const RecordId version_id, needed_id(call, "versionId", 1));
    STOA_TRY(const Record file, find_object(call, id, Kind::file));
    STOA_CHECK(check_may(call, file, Operation::remove));  // full access
    const auto version = call.records.as_system().get(call.registry().entity(kVersion), version_id);
    if (!version) return version.error().code == Errc::not_found ? no_entity(version_id) : version.error();
    if (version->integer("OBJECT_ID") != id) {
        return invalid("Cannot restore version from another file", "versionId", "DISK_FILE_22004");
    }
    STOA_TRY(const RecordId bytes, model::copy_file(call.records, version->integer("FILE_ID"), model::kDriveOwner));
    return change_content(call, file, bytes, version->integer("SIZE"));
}

}  // namespace

std::vector<api::Method> upload_methods() {
    using api::Effect;
    const auto upload = [](std::string name, api::Handler handler, const char* error_code) {
        return api::Method{.name = std::move(name),
                           .scope = kScope,
                           .effect = Effect::write,
                           .handler = std::move(handler),
                           .files = api::files_in_parameter(kContent, error_code)};
    };
    return {
        upload("disk.storage.uploadFile", upload_to_storage, kNotSaved),
        upload("disk.folder.uploadFile", upload_to_folder, kNotSaved),
        upload("disk.file.uploadVersion", upload_version, kVersionNotSaved),
        {.name = "disk.file.restoreFromVersion",
         .scope = kScope,
         .effect = Effect::write,
         .handler = restore_from_version},
    };
}

}  // namespace stoa::drive
