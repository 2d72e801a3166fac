#include "app/drive_bridge.hpp"

#include "modules/drive/names.hpp"
#include "modules/drive/object_names.hpp"
#include "modules/drive/objects.hpp"
#include "modules/drive/storages.hpp"

namespace stoa::app {

namespace {

Result<model::Record> own_storage(api::Call& call) {
    model::Query query;
    query.where = db::Condition::all({db::Condition::equals("entity_type", std::string(drive::kUserStorage)),
                                      db::Condition::equals("entity_id", std::to_string(call.actor().user))});
    query.limit = 1;
    STOA_TRY(std::vector<model::Record> found, call.records.list(call.registry().entity(drive::kStorage), query));
    if (found.empty()) return not_found("There is no drive of the caller.");
    return std::move(found.front());
}

}  // namespace

Result<RecordId> keep_in_drive(api::Call& call, const model::StoredContent& content) {
    STOA_CHECK(drive::ensure_storages(call));
    STOA_TRY(const model::Record storage, own_storage(call));
    STOA_TRY(const model::Record root, drive::root_of(call, storage));
    STOA_TRY(const std::string clean, drive::clean_name(content.name));
    STOA_TRY(const std::string name, drive::free_name(call.records, root.id(), clean));
    return drive::add_file(call, root, name, content);
}

}  // namespace stoa::app
