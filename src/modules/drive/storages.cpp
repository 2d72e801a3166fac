#include "modules/drive/storages.hpp"

#include "modules/drive/names.hpp"
#include "modules/drive/objects.hpp"

namespace stoa::drive {

using api::Call;
using db::Condition;
using model::Changes;
using model::Record;

namespace {

constexpr const char* kCommonId = "shared_files_s1";  // as clients know it

const model::Entity& storages(const Call& call) {
    return call.registry().entity(kStorage);
}

struct Wanted {
    std::string type, id, name;
    UserId owner = 0;  ///< 0 = the company's
};

Condition is(const Wanted& wanted) {
    return Condition::all({Condition::equals("entity_type", wanted.type), Condition::equals("entity_id", wanted.id)});
}

std::string common_name(std::string_view language) {
    if (language == "ru") return "Общий диск";
    if (language == "de") return "Unternehmens-Drive";
    return "Company Drive";
}

/// "First Last" of the user, as the drive's owner is shown to others.
Result<std::string> user_name(Call& call, UserId user) {
    const std::string plain = "User " + std::to_string(user);
    const model::Entity* users = call.registry().find("user");
    if (!users) return plain;
    const auto record = call.records.as_system().get(*users, user);
    if (!record) return record.error().code == Errc::not_found ? Result<std::string>(plain) : record.error();
    std::string name = record->text("NAME");
    if (const std::string last = record->text("LAST_NAME"); !last.empty()) name += (name.empty() ? "" : " ") + last;
    if (name.empty()) name = record->text("EMAIL");
    return name.empty() ? plain : name;
}

/// The storage and its root folder name each other, so the storage is saved twice.
Result<RecordId> add_storage(Call& call, const Wanted& wanted) {
    model::Records system = call.records.as_system();
    Changes storage(storages(call));
    storage.set("NAME", wanted.name);
    storage.set("ENTITY_TYPE", wanted.type);
    storage.set("ENTITY_ID", wanted.id);
    if (wanted.owner > 0) storage.set("OWNER_ID", wanted.owner);
    auto added = system.add(std::move(storage));
    if (!added && added.error().code == Errc::already_exists) {
        return Error{Errc::busy, "The storage is just being made. Try again.", {}, {}, 1};
    }
    STOA_TRY(const RecordId id, std::move(added));
    Changes root(call.registry().entity(kObject));
    root.set("NAME", wanted.name);
    root.set("TYPE", std::string(kFolder));
    root.set("STORAGE_ID", id);
    if (wanted.owner > 0) root.set("OWNER_ID", wanted.owner);
    STOA_TRY(const RecordId root_id, system.add(std::move(root)));
    Changes link(storages(call));
    link.set("ROOT_OBJECT_ID", root_id);
    STOA_CHECK(system.update(id, std::move(link)));
    return id;
}

Result<RecordId> find_exactly(Call& call, const Wanted& wanted) {
    model::Query query;
    query.where = is(wanted);
    query.limit = 1;
    STOA_TRY(const std::vector<Record> found, call.records.as_system().list(storages(call), query));
    return found.empty() ? RecordId{0} : found.front().id();
}

}  // namespace

Status ensure_storages(Call& call) {
    const UserId user = call.actor().user;
    if (user <= 0) return {};
    Wanted own{kUserStorage, std::to_string(user), {}, user};
    Wanted common{kCommonStorage, kCommonId, common_name(call.metadata().account.language), 0};
    STOA_TRY(const std::int64_t known, call.tx().count(storages(call).table, Condition::any({is(own), is(common)}), 2));
    if (known == 2) return {};
    if (!call.records.writable()) return api::needs_write();
    STOA_TRY(own.name, user_name(call, user));
    for (const Wanted* wanted : {&common, &own}) {
        STOA_TRY(const RecordId id, find_exactly(call, *wanted));
        if (id > 0) continue;
        STOA_TRY([[maybe_unused]] const RecordId added, add_storage(call, *wanted));
    }
    return {};
}

Result<RecordId> ensure_app_storage(Call& call) {
    const std::string number = std::to_string(call.identity.credential_id);
    const std::string& client = call.identity.client_id;
    const Wanted wanted{kAppStorage, number, client.empty() ? "Application " + number : client, call.actor().user};
    STOA_TRY(const RecordId known, find_exactly(call, wanted));
    if (known > 0) return known;
    return add_storage(call, wanted);
}

Result<Record> find_storage(Call& call, RecordId id) {
    auto storage = call.records.get(storages(call), id);
    if (!storage && storage.error().code == Errc::not_found) return no_entity(id);
    return storage;
}

Result<Record> root_of(Call& call, const Record& storage) {
    return find_object(call, storage.integer("ROOT_OBJECT_ID"), Kind::folder);
}

}  // namespace stoa::drive
