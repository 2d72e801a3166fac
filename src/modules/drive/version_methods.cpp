// disk.file.getVersions, disk.version.get. https://github.com/bitrix24/b24restdocs api-reference/disk/version

#include "api/crud.hpp"
#include "modules/drive/answers.hpp"
#include "modules/drive/methods.hpp"
#include "modules/drive/names.hpp"
#include "modules/drive/objects.hpp"

namespace stoa::drive {

using api::Call;
using model::Record;

namespace {

/// The newest first. Whoever may see the file may see its versions.
Status get_versions(Call& call) {
    STOA_TRY(const RecordId id, needed_id(call, "id", 0));
    STOA_TRY(const Record file, find_object(call, id, Kind::file));
    const model::Entity& versions = call.registry().entity(kVersion);
    bool counted = true;
    STOA_TRY(model::Query query, api::read_query(call, versions, api::Shape::classic(),
                                                 db::Condition::equals("object_id", file.id()), counted));
    query.order = {{{"id", ""}, true}};
    model::Records system = call.records.as_system();
    STOA_TRY(const std::vector<Record> rows, system.list(versions, query));
    STOA_TRY(ObjectWriter writer, ObjectWriter::make(call));
    call.out.begin_array();
    for (const Record& row : rows)
        writer.write_version(row);
    call.out.end_array();
    if (!counted) return {};
    STOA_TRY(call.total, system.count(versions, query.where));
    if (query.offset + query.limit < *call.total) call.next = query.offset + query.limit;
    return {};
}

Status get_version(Call& call) {
    const auto id = call.params.id("id");
    if (!id) return invalid("Invalid value of parameter `id`", "id", "ERROR_ARGUMENT");
    const auto version = call.records.as_system().get(call.registry().entity(kVersion), *id);
    if (!version) return version.error().code == Errc::not_found ? no_entity(*id) : version.error();
    const auto file = find_object(call, version->integer("OBJECT_ID"), Kind::file);
    if (!file) return file.error().code == Errc::not_found ? no_entity(*id) : file.error();
    STOA_TRY(ObjectWriter writer, ObjectWriter::make(call));
    writer.write_version(*version);
    return {};
}

}  // namespace

std::vector<api::Method> version_methods() {
    return {
        {.name = "disk.file.getVersions", .scope = kScope, .handler = get_versions, .snapshot = true},
        {.name = "disk.version.get", .scope = kScope, .handler = get_version},
    };
}

}  // namespace stoa::drive
