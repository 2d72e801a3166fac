// disk.storage.*: https://github.com/bitrix24/b24restdocs api-reference/disk/storage

#include "api/crud.hpp"
#include "modules/drive/answers.hpp"
#include "modules/drive/children.hpp"
#include "modules/drive/methods.hpp"
#include "modules/drive/names.hpp"
#include "modules/drive/object_names.hpp"
#include "modules/drive/objects.hpp"
#include "modules/drive/storages.hpp"

namespace stoa::drive {

using api::Call;
using db::Condition;
using model::Record;

namespace {

Result<Record> named_storage(Call& call) {
    STOA_TRY(const RecordId id, needed_id(call, "id", 0));
    STOA_CHECK(ensure_storages(call));
    return find_storage(call, id);
}

Result<Record> named_root(Call& call) {
    STOA_TRY(const Record storage, named_storage(call));
    return root_of(call, storage);
}

Status get(Call& call) {
    STOA_TRY(const Record storage, named_storage(call));
    write_storage(call, storage);
    return {};
}

Status get_list(Call& call) {
    STOA_CHECK(ensure_storages(call));
    const model::Entity& storages = call.registry().entity(kStorage);
    const Condition fixed = Condition::in(
        "entity_type", {std::string(kUserStorage), std::string(kCommonStorage), std::string(kGroupStorage)});
    bool counted = true;
    STOA_TRY(const model::Query query, api::read_query(call, storages, api::Shape::classic(), fixed, counted));
    STOA_TRY(const std::vector<Record> rows, call.records.list(storages, query));
    call.out.begin_array();
    for (const Record& row : rows)
        write_storage(call, row);
    call.out.end_array();
    if (!counted) return {};
    STOA_TRY(call.total, call.records.count(storages, query.where));
    if (query.offset + query.limit < *call.total) call.next = query.offset + query.limit;
    return {};
}

Status get_types(Call& call) {
    call.out.begin_array().text(kUserStorage).text(kCommonStorage).text(kGroupStorage).end_array();
    return {};
}

Status get_children(Call& call) {
    STOA_TRY(const Record root, named_root(call));
    return write_children(call, root.id());
}

Status add_folder_to_root(Call& call) {
    STOA_TRY(const Record root, named_root(call));
    return make_folder(call, root);
}

Status for_app(Call& call) {
    if (!call.actor().is_admin()) return access_denied();
    STOA_TRY(const RecordId id, ensure_app_storage(call));
    STOA_TRY(const Record storage, call.records.get(call.registry().entity(kStorage), id));
    write_storage(call, storage);
    return {};
}

Status rename(Call& call) {
    STOA_TRY(const Record storage, named_storage(call));
    STOA_TRY(const std::string given, call.params.text_or("newName", ""));
    if (given.empty()) return wrong_parameter(1, "newName");
    const bool own = storage.text("ENTITY_ID") == std::to_string(call.identity.credential_id);
    if (storage.text("ENTITY_TYPE") != kAppStorage || !own) {
        return forbidden("Access denied (invalid type of storage)", "ACCESS_DENIED");
    }
    STOA_TRY(std::string name, clean_name(given));
    model::Changes changes(storage.entity());
    changes.set("NAME", name);
    STOA_CHECK(call.records.as_system().update(storage.id(), std::move(changes)));
    model::Changes root(call.registry().entity(kObject));
    root.set("NAME", std::move(name));
    STOA_CHECK(call.records.as_system().update(storage.integer("ROOT_OBJECT_ID"), std::move(root)));
    STOA_TRY(const Record renamed, call.records.get(storage.entity(), storage.id()));
    write_storage(call, renamed);
    return {};
}

}  // namespace

std::vector<api::Method> storage_methods() {
    using api::Caller;
    using api::Effect;
    using api::Run;
    return {
        {.name = "disk.storage.get", .scope = kScope, .handler = get},
        {.name = "disk.storage.getList", .scope = kScope, .handler = get_list, .snapshot = true},
        {.name = "disk.storage.getTypes", .scope = kScope, .run = Run::io, .handler = get_types},
        {.name = "disk.storage.getChildren", .scope = kScope, .handler = get_children, .snapshot = true},
        {.name = "disk.storage.addFolder", .scope = kScope, .effect = Effect::write, .handler = add_folder_to_root},
        {.name = "disk.storage.getForApp",
         .scope = kScope,
         .effect = Effect::write,
         .caller = Caller::application,
         .handler = for_app},
        {.name = "disk.storage.rename",
         .scope = kScope,
         .effect = Effect::write,
         .caller = Caller::application,
         .handler = rename},
    };
}

}  // namespace stoa::drive
