#include "modules/drive/objects.hpp"

#include "base/limits.hpp"
#include "model/stored_files.hpp"
#include "modules/drive/names.hpp"
#include "modules/drive/object_names.hpp"

namespace stoa::drive {

using api::Call;
using model::Changes;
using model::Operation;
using model::Record;
using model::SaveContext;

namespace {

const model::Entity& objects(const Call& call) {
    return call.registry().entity(kObject);
}

/// A race that the unique index decided is the same as a name that was there before.
Result<RecordId> save_new(Call& call, Changes changes, bool file) {
    auto id = call.records.add(std::move(changes));
    if (id) return id;
    if (id.error().code == Errc::already_exists) return name_taken(file);
    if (id.error().code == Errc::forbidden) return access_denied();
    return id;
}

/// Keeps up what follows from other fields: the key of the name, and the way to the root.
class ObjectHooks final : public model::EntityHooks {
  public:
    Status before_save(SaveContext& context) override {
        Changes& changes = context.changes;
        if (context.operation == Operation::add) {
            changes.set("REAL_OBJECT_ID", context.id);
            STOA_CHECK(set_way(context));
        }
        const auto after = [&](const char* name) {
            return changes.has(name) || !context.before ? changes.integer(name) : context.before->integer(name);
        };
        const bool trashed = after("DELETED_TYPE") == kInTrash;
        if (trashed) {
            changes.set("NAME_KEY", trash_key(context.id));
        } else if (changes.has("NAME") || changes.has("DELETED_TYPE")) {
            const std::string name = changes.has("NAME") ? changes.text("NAME") : context.before->text("NAME");
            changes.set("NAME_KEY", name_key(name));
        }
        return {};
    }

  private:
    static Status set_way(SaveContext& context) {
        const model::Field& field = context.entity.field("ANCESTORS");
        std::vector<RecordId> way;
        if (const RecordId parent = context.changes.integer("PARENT_ID"); parent > 0) {
            STOA_TRY(way, context.records.links(field, parent));
        }
        if (way.size() >= limits::disk_depth_max) {
            return Error{Errc::too_large, "Folders lie too deep in each other.", "PARENT_ID"};
        }
        way.insert(way.begin(), context.id);
        context.changes.links.emplace_back(&field, std::move(way));
        return {};
    }
};

}  // namespace

Result<Record> find_object(Call& call, RecordId id, Kind kind, Trash trash) {
    auto object = call.records.get(objects(call), id);
    if (!object) return object.error().code == Errc::not_found ? no_entity(id) : object.error();
    const bool wanted_kind = kind == Kind::any || is_file(*object) == (kind == Kind::file);
    const bool deleted = object->integer("DELETED_TYPE") != kNotDeleted;
    const bool wanted_place = trash == Trash::either || deleted == (trash == Trash::inside);
    if (!wanted_kind || !wanted_place) return no_entity(id);
    return object;
}

Status check_may(Call& call, const Record& object, Operation operation) {
    const db::Condition rows = call.services.model.access.rows(call.actor(), object.entity(), operation);
    if (rows.kind == db::Condition::Kind::always) return {};
    const db::Condition this_one = db::Condition::equals("id", object.id());
    STOA_TRY(const std::int64_t count, call.tx().count(object.entity().table, db::Condition::all({this_one, rows}), 1));
    if (count == 0) return access_denied();
    return {};
}

bool is_file(const Record& object) {
    return object.text("TYPE") == kFile;
}

bool is_root(const Record& object) {
    return object.is_null("PARENT_ID");
}

Status place_below(Call& call, Changes& changes, const Record& folder) {
    const RecordId storage_id = folder.integer("STORAGE_ID");
    STOA_TRY(const Record storage, call.records.as_system().get(call.registry().entity(kStorage), storage_id));
    changes.set("PARENT_ID", folder.id());
    changes.set("STORAGE_ID", storage_id);
    const bool shared = storage.is_null("OWNER_ID");
    changes.set("OWNER_ID", shared ? db::Value(call.actor().user) : db::Value(storage.integer("OWNER_ID")));
    return {};
}

Result<RecordId> add_folder(Call& call, const Record& folder, const std::string& name) {
    STOA_TRY(const bool taken, name_is_taken(call.records, folder.id(), name));
    if (taken) return name_taken(false);
    Changes changes(objects(call));
    changes.set("NAME", name);
    changes.set("TYPE", std::string(kFolder));
    STOA_CHECK(place_below(call, changes, folder));
    return save_new(call, std::move(changes), false);
}

Result<RecordId> add_file(Call& call, const Record& folder, const std::string& name,
                          const model::StoredContent& content) {
    STOA_TRY(const bool taken, name_is_taken(call.records, folder.id(), name));
    if (taken) return name_taken(true);
    model::StoredContent named = content;
    named.name = name;
    STOA_TRY(const RecordId file, model::add_file(call.records, named, model::kDriveOwner));
    Changes changes(objects(call));
    changes.set("NAME", name);
    changes.set("TYPE", std::string(kFile));
    changes.set("FILE_ID", file);
    changes.set("SIZE", content.bytes);
    changes.set("GLOBAL_CONTENT_VERSION", std::int64_t{1});
    STOA_CHECK(place_below(call, changes, folder));
    STOA_TRY(const RecordId id, save_new(call, std::move(changes), true));
    STOA_TRY(const Record added, call.records.as_system().get(objects(call), id));
    STOA_CHECK(note_version(call.records, added));
    return id;
}

Status note_version(model::Records& records, const Record& file) {
    Changes version(records.services().registry.entity(kVersion));
    version.set("OBJECT_ID", file.id());
    for (const char* name : {"SIZE", "NAME", "GLOBAL_CONTENT_VERSION", "FILE_ID"})
        version.set(name, file.value(file.entity().field(name)));
    auto added = records.as_system().add(std::move(version));
    if (!added) return added.error();
    return {};
}

std::unique_ptr<model::EntityHooks> make_object_hooks() {
    return std::make_unique<ObjectHooks>();
}

}  // namespace stoa::drive
