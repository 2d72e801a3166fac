#include "modules/drive/tree.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "model/side_tables.hpp"
#include "model/stored_files.hpp"
#include "modules/drive/names.hpp"
#include "modules/drive/object_names.hpp"
#include "modules/drive/objects.hpp"

namespace stoa::drive {

using api::Call;
using db::Condition;
using model::Changes;
using model::Record;

namespace {

const model::Entity& objects(const Call& call) {
    return call.registry().entity(kObject);
}

Condition lies_in(const Call& call, RecordId folder) {
    return Condition::exists(objects(call).field("ANCESTORS").link_table, "owner_id", "id",
                             Condition::equals("target_id", folder));
}

/// The object and all below it, each after the folder it lies in.
Result<std::vector<Record>> tree_of(Call& call, const Record& top) {
    std::vector<Record> out{top};
    if (is_file(top)) return out;
    model::Query query;
    query.where = lies_in(call, top.id());
    query.limit = limits::disk_tree_objects_max + 1;
    STOA_TRY(std::vector<Record> rows, call.records.as_system().list(objects(call), query));
    if (rows.size() > limits::disk_tree_objects_max) {
        return Error{Errc::too_large, "The folder holds more than " + std::to_string(limits::disk_tree_objects_max) +
                                          " objects. Take its folders one by one."};
    }
    std::multimap<RecordId, Record*> by_parent;
    for (Record& row : rows) {
        if (row.id() != top.id()) by_parent.emplace(row.integer("PARENT_ID"), &row);
    }
    for (std::size_t next = 0; next < out.size(); ++next) {
        const auto [first, last] = by_parent.equal_range(out[next].id());
        for (auto child = first; child != last; ++child)
            out.push_back(std::move(*child->second));
    }
    return out;
}

std::vector<db::Value> ids_of(const std::vector<Record>& rows, std::size_t from, std::size_t count) {
    std::vector<db::Value> out;
    for (std::size_t i = from; i < std::min(rows.size(), from + count); ++i)
        out.emplace_back(rows[i].id());
    return out;
}

Status update_object(Call& call, RecordId id, Changes changes) {
    Status updated = call.records.as_system().update(id, std::move(changes));
    if (!updated && updated.error().code == Errc::already_exists) return name_taken(true);
    return updated;
}

Result<RecordId> copy_one(Call& call, const Record& source, const Record& folder) {
    Changes copy(objects(call));
    for (const char* name : {"NAME", "CODE", "TYPE", "SIZE"})
        copy.set(name, source.value(source.entity().field(name)));
    STOA_CHECK(place_below(call, copy, folder));
    const bool file = is_file(source);
    if (file) {
        STOA_TRY(const RecordId bytes, model::copy_file(call.records, source.integer("FILE_ID"), model::kDriveOwner));
        copy.set("FILE_ID", bytes);
        copy.set("GLOBAL_CONTENT_VERSION", std::int64_t{1});
    }
    auto id = call.records.as_system().add(std::move(copy));
    if (!id && id.error().code == Errc::already_exists) return name_taken(file);
    if (!id || !file) return id;
    STOA_TRY(const Record added, call.records.as_system().get(objects(call), *id));
    STOA_CHECK(note_version(call.records, added));
    return id;
}

Status refuse_own_subtree(Call& call, const Record& object, const Record& folder) {
    STOA_TRY(const std::vector<RecordId> way, call.records.links(objects(call).field("ANCESTORS"), folder.id()));
    if (std::find(way.begin(), way.end(), object.id()) == way.end()) return {};
    return invalid("A folder cannot be put into itself.", "targetFolderId");
}

/// Saves the ways to the root anew for everything that moved along.
Status set_ways(Call& call, const std::vector<Record>& tree, const Record& folder) {
    const model::Field& field = objects(call).field("ANCESTORS");
    std::map<RecordId, std::vector<RecordId>> ways;
    STOA_TRY(ways[folder.id()], call.records.links(field, folder.id()));
    for (std::size_t i = 0; i < tree.size(); ++i) {
        const RecordId parent = i == 0 ? folder.id() : tree[i].integer("PARENT_ID");
        std::vector<RecordId> way = ways[parent];
        if (way.size() >= limits::disk_depth_max) {
            return Error{Errc::too_large, "Folders lie too deep in each other.", "targetFolderId"};
        }
        way.insert(way.begin(), tree[i].id());
        STOA_CHECK(model::save_links(call.write_tx(), field, tree[i].id(), way));
        if (!is_file(tree[i])) ways[tree[i].id()] = std::move(way);
    }
    return {};
}

/// Everything that names the objects: versions, rights, links, attachments; and the bytes they named.
Status forget(Call& call, const std::vector<db::Value>& ids, std::vector<RecordId>& files) {
    db::WriteTx& tx = call.write_tx();
    const model::Entity& versions = call.registry().entity(kVersion);
    db::Select select;
    select.table = versions.table;
    select.columns_sql = "file_id";
    select.where = Condition::in("object_id", ids);
    select.limit = 100'000;
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        files.push_back(row.integer(0));
        return true;
    }));
    for (const char* name : {kVersion, kRight, kExternalLink, kAttachedObject}) {
        auto removed = tx.remove(call.registry().entity(name).table, Condition::in("object_id", ids));
        if (!removed) return removed.error();
    }
    const std::string& ways = objects(call).field("ANCESTORS").link_table;
    for (const char* column : {"owner_id", "target_id"}) {
        auto removed = tx.remove(ways, Condition::in(column, ids));
        if (!removed) return removed.error();
    }
    auto removed = tx.remove(objects(call).table, Condition::in("id", ids));
    if (!removed) return removed.error();
    return {};
}

}  // namespace

Result<RecordId> copy_below(Call& call, const Record& object, const Record& folder) {
    STOA_CHECK(refuse_own_subtree(call, object, folder));
    STOA_TRY(const bool taken, name_is_taken(call.records, folder.id(), object.text("NAME")));
    if (taken) return name_taken(is_file(object));
    STOA_TRY(const std::vector<Record> tree, tree_of(call, object));
    std::map<RecordId, Record> copies;  // source folder → its copy
    RecordId first = 0;
    for (const Record& source : tree) {
        const bool top = source.id() == object.id();
        if (!top && source.integer("DELETED_TYPE") != kNotDeleted) continue;
        const auto parent = copies.find(source.integer("PARENT_ID"));
        if (!top && parent == copies.end()) continue;
        STOA_TRY(const RecordId id, copy_one(call, source, top ? folder : parent->second));
        if (top) first = id;
        if (is_file(source)) continue;
        STOA_TRY(Record copy, call.records.as_system().get(objects(call), id));
        copies.emplace(source.id(), std::move(copy));
    }
    return first;
}

Status move_below(Call& call, const Record& object, const Record& folder) {
    const bool file = is_file(object);
    if (object.integer("PARENT_ID") == folder.id()) return {};
    STOA_CHECK(refuse_own_subtree(call, object, folder));
    if (!file && object.integer("STORAGE_ID") != folder.integer("STORAGE_ID")) {
        return invalid("A folder cannot be moved to another storage. Copy it.", "targetFolderId");
    }
    STOA_TRY(const bool taken, name_is_taken(call.records, folder.id(), object.text("NAME")));
    if (taken) return name_taken(file);
    STOA_TRY(const std::vector<Record> tree, tree_of(call, object));
    Changes changes(objects(call));
    STOA_CHECK(place_below(call, changes, folder));
    if (object.integer("STORAGE_ID") == folder.integer("STORAGE_ID")) changes.unset("OWNER_ID");
    if (!file) changes.set("UPDATE_TIME", call.now());
    STOA_CHECK(update_object(call, object.id(), std::move(changes)));
    return set_ways(call, tree, folder);
}

Status put_into_trash(Call& call, const Record& object) {
    STOA_TRY(const std::vector<Record> tree, tree_of(call, object));
    for (const Record& row : tree) {
        const bool top = row.id() == object.id();
        if (!top && row.integer("DELETED_TYPE") != kNotDeleted) continue;
        Changes changes(objects(call));
        changes.set("DELETED_TYPE", top ? kInTrash : kInTrashWithParent);
        changes.set("DELETE_TIME", call.now());
        changes.set("DELETED_BY", call.actor().user);
        STOA_CHECK(update_object(call, row.id(), std::move(changes)));
    }
    return {};
}

Status take_out_of_trash(Call& call, const Record& object) {
    const RecordId parent = object.integer("PARENT_ID");
    STOA_TRY(const Record folder, call.records.as_system().get(objects(call), parent));
    if (folder.integer("DELETED_TYPE") != kNotDeleted) {
        return invalid("The folder it was in is in the trash. Restore that first.", "id");
    }
    STOA_TRY(const std::vector<Record> tree, tree_of(call, object));
    std::set<RecordId> back;
    for (const Record& row : tree) {
        const bool top = row.id() == object.id();
        // What was put into the trash for itself before, and what lies in it, stays there.
        const bool along = row.integer("DELETED_TYPE") == kInTrashWithParent && back.contains(row.integer("PARENT_ID"));
        if (!top && !along) continue;
        back.insert(row.id());
        Changes changes(objects(call));
        changes.set("DELETED_TYPE", kNotDeleted);
        changes.set("UPDATE_TIME", call.now());
        changes.set("UPDATED_BY", call.actor().user);
        if (top) {
            STOA_TRY(std::string name, free_name(call.records, parent, row.text("NAME")));
            changes.set("NAME", std::move(name));
        }
        STOA_CHECK(update_object(call, row.id(), std::move(changes)));
    }
    return {};
}

Status delete_for_good(Call& call, const Record& object) {
    STOA_TRY(const std::vector<Record> tree, tree_of(call, object));
    std::vector<RecordId> files;
    for (std::size_t from = 0; from < tree.size(); from += limits::in_list_max)
        STOA_CHECK(forget(call, ids_of(tree, from, limits::in_list_max), files));
    std::sort(files.begin(), files.end());
    files.erase(std::unique(files.begin(), files.end()), files.end());
    return model::remove_files(call.records, files);
}

}  // namespace stoa::drive
