#include "modules/drive/answers.hpp"

#include <algorithm>

#include "api/shape.hpp"
#include "json/url.hpp"
#include "modules/drive/names.hpp"
#include "modules/drive/objects.hpp"
#include "modules/drive/storages.hpp"

namespace stoa::drive {

using api::Call;
using model::Record;

namespace {

constexpr std::string_view kSetByMaking[] = {"ID", "REAL_OBJECT_ID", "DELETED_TYPE", "GLOBAL_CONTENT_VERSION",
                                             "FILE_ID"};

void write_text_or_null(json::Writer& out, std::string_view name, const std::string& text) {
    out.raw_key(name);
    text.empty() ? out.null() : out.text(text);
}

/// Everything under an address of its kind: a user's pages, a group's, the company's.
std::string base_address(const Call& call, const Record& storage) {
    const std::string& url = call.metadata().account.url;
    const std::string type = storage.text("ENTITY_TYPE");
    const std::string id = json::url_encode(storage.text("ENTITY_ID"));
    if (type == kUserStorage) return url + "/company/personal/user/" + id + "/disk/%";
    if (type == kGroupStorage) return url + "/workgroups/group/" + id + "/disk/%";
    return url + "/docs/%";
}

}  // namespace

void write_storage(Call& call, const Record& storage) {
    json::Writer& out = call.out;
    out.begin_object();
    out.raw_key("ID").integer_text(storage.id());
    out.field("NAME", storage.text("NAME"));
    write_text_or_null(out, "CODE", storage.text("CODE"));
    for (const char* name : {"MODULE_ID", "ENTITY_TYPE", "ENTITY_ID"})
        out.field(name, storage.text(name));
    out.raw_key("ROOT_OBJECT_ID").integer_text(storage.integer("ROOT_OBJECT_ID"));
    out.end_object();
}

Result<ObjectWriter> ObjectWriter::make(Call& call) {
    STOA_TRY(api::FileLinks links, api::FileLinks::of(call.records));
    return ObjectWriter(call, std::move(links));
}

Status ObjectWriter::write(const Record& object, std::string_view changed) {
    return write(object, std::span(&changed, 1), false);
}

Status ObjectWriter::write_new(const Record& object) {
    return write(object, kSetByMaking, true);
}

Status ObjectWriter::write(const Record& object, std::span<const std::string_view> numbers, bool made) {
    json::Writer& out = call_.out;
    const bool file = is_file(object);
    const auto number = [&](std::string_view name) {
        out.raw_key(name);
        if (object.is_null(name)) {
            out.null();
        } else if (std::find(numbers.begin(), numbers.end(), name) != numbers.end()) {
            out.integer(object.integer(name));
        } else {
            out.integer_text(object.integer(name));
        }
    };
    const auto time = [&](std::string_view name) {
        out.raw_key(name);
        const model::Field& field = object.entity().field(name);
        api::write_value(out, field, api::Shape::classic(), object.value(field), call_.zone());
    };
    out.begin_object();
    number("ID");
    out.field("NAME", object.text("NAME"));
    write_text_or_null(out, "CODE", object.text("CODE"));
    number("STORAGE_ID");
    out.field("TYPE", object.text("TYPE"));
    if (!file) number("REAL_OBJECT_ID");
    number("PARENT_ID");
    number("DELETED_TYPE");
    if (file) {
        number("GLOBAL_CONTENT_VERSION");
        number("FILE_ID");
        number("SIZE");
    }
    time("CREATE_TIME");
    time("UPDATE_TIME");
    time("DELETE_TIME");
    out.raw_key("CREATED_BY").integer_text(object.integer("CREATED_BY"));
    out.raw_key("UPDATED_BY").integer_text(object.integer("UPDATED_BY"));
    out.raw_key("DELETED_BY");
    if (made) {
        out.null();
    } else {
        out.integer_text(object.integer("DELETED_BY"));
    }
    if (file) out.field("DOWNLOAD_URL", links_.download(object.integer("FILE_ID")));
    STOA_TRY(const std::string address, address_of(object));
    out.field("DETAIL_URL", address);
    out.end_object();
    return {};
}

void ObjectWriter::write_version(const Record& version) {
    json::Writer& out = call_.out;
    out.begin_object();
    for (const char* name : {"ID", "OBJECT_ID", "SIZE"})
        out.raw_key(name).integer_text(version.integer(name));
    out.field("NAME", version.text("NAME"));
    out.raw_key("GLOBAL_CONTENT_VERSION").integer_text(version.integer("GLOBAL_CONTENT_VERSION"));
    out.raw_key("CREATE_TIME");
    const model::Field& field = version.entity().field("CREATE_TIME");
    api::write_value(out, field, api::Shape::classic(), version.value(field), call_.zone());
    out.raw_key("CREATED_BY").integer_text(version.integer("CREATED_BY"));
    out.field("DOWNLOAD_URL", links_.download(version.integer("FILE_ID")));
    out.end_object();
}

Result<std::string> ObjectWriter::address_of(const Record& object) {
    const bool root = is_root(object);
    const RecordId folder = root ? object.id() : object.integer("PARENT_ID");
    STOA_TRY(std::string address, folder_address(folder, object.integer("STORAGE_ID")));
    address.replace(address.find('%'), 1, is_file(object) ? "file" : "path");
    return root ? address + "/" : address + "/" + json::url_encode(object.text("NAME"));
}

Result<std::string> ObjectWriter::folder_address(RecordId folder, RecordId storage_id) {
    if (const auto known = folders_.find(folder); known != folders_.end()) return known->second;
    model::Records system = call_.records.as_system();
    const model::Entity& objects = call_.registry().entity(kObject);
    STOA_TRY(const Record storage, system.get(call_.registry().entity(kStorage), storage_id));
    STOA_TRY(std::vector<RecordId> way, system.links(objects.field("ANCESTORS"), folder));
    if (!way.empty()) way.pop_back();  // the root shows as the storage
    std::map<RecordId, std::string> names;
    if (!way.empty()) {
        model::Query query;
        query.where = db::Condition::in("id", {way.begin(), way.end()});
        query.limit = static_cast<std::int64_t>(way.size());
        STOA_TRY(const std::vector<Record> rows, system.list(objects, query));
        for (const Record& row : rows)
            names[row.id()] = row.text("NAME");
    }
    std::string address = base_address(call_, storage);
    for (auto id = way.rbegin(); id != way.rend(); ++id)
        address += "/" + json::url_encode(names[*id]);
    return folders_[folder] = address;
}

Status answer_object(Call& call, RecordId id, std::string_view changed) {
    STOA_TRY(const Record object, call.records.as_system().get(call.registry().entity(kObject), id));
    STOA_TRY(ObjectWriter writer, ObjectWriter::make(call));
    return writer.write(object, changed);
}

Status answer_new_object(Call& call, RecordId id) {
    STOA_TRY(const Record object, call.records.as_system().get(call.registry().entity(kObject), id));
    STOA_TRY(ObjectWriter writer, ObjectWriter::make(call));
    return writer.write_new(object);
}

}  // namespace stoa::drive
