#include "modules/drive/public_links.hpp"

#include "base/random.hpp"
#include "modules/drive/names.hpp"
#include "modules/drive/objects.hpp"

namespace stoa::drive {

using db::Condition;
using model::Record;

namespace {

constexpr std::size_t kHashCharacters = 16;  ///< 95 bits
constexpr std::int64_t kFilesShownMax = 1'000;

Error no_link() {
    return not_found("There is nothing here, or not any more.");
}

api::PublicFile shown(const Record& file) {
    return {file.integer("FILE_ID"), file.text("NAME"), file.integer("SIZE")};
}

}  // namespace

Result<std::string> public_code(model::Records& records, RecordId object) {
    const model::Entity& links = records.services().registry.entity(kExternalLink);
    model::Records system = records.as_system();
    const UserId user = records.actor().user;
    model::Query query;
    query.where = Condition::all({Condition::equals("object_id", object), Condition::equals("created_by", user)});
    query.limit = 1;
    STOA_TRY(const std::vector<Record> known, system.list(links, query));
    std::string hash = known.empty() ? random_alnum(kHashCharacters) : known.front().text("HASH");
    if (known.empty()) {
        model::Changes changes(links);
        changes.set("OBJECT_ID", object);
        changes.set("HASH", hash);
        auto added = system.add(std::move(changes));
        if (!added) return added.error();
    }
    return "~" + std::to_string(records.actor().account) + "-" + hash;
}

Result<api::PublicPage> open_public_link(model::Records& records, std::string_view hash) {
    const model::Registry& registry = records.services().registry;
    model::Records system = records.as_system();
    model::Query query;
    query.where = Condition::equals("hash", std::string(hash));
    query.limit = 1;
    STOA_TRY(const std::vector<Record> found, system.list(registry.entity(kExternalLink), query));
    if (found.empty()) return no_link();
    const model::Entity& objects = registry.entity(kObject);
    const auto object = system.get(objects, found.front().integer("OBJECT_ID"));
    if (!object && object.error().code != Errc::not_found) return object.error();
    if (!object || object->integer("DELETED_TYPE") != kNotDeleted) return no_link();
    api::PublicPage page;
    page.title = object->text("NAME");
    page.folder = !is_file(*object);
    if (!page.folder) {
        page.files.push_back(shown(*object));
        return page;
    }
    model::Query children;
    children.where =
        Condition::all({Condition::equals("parent_id", object->id()), Condition::equals("deleted_type", kNotDeleted),
                        Condition::equals("type", std::string(kFile))});
    children.order = {{{"name", ""}, false}, {{"id", ""}, false}};
    children.limit = kFilesShownMax;
    STOA_TRY(const std::vector<Record> rows, system.list(objects, children));
    for (const Record& row : rows)
        page.files.push_back(shown(row));
    return page;
}

}  // namespace stoa::drive
