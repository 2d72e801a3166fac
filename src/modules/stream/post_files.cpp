#include "modules/stream/post_files.hpp"

#include <algorithm>

#include "api/file_links.hpp"
#include "base/utf8.hpp"
#include "modules/stream/limits.hpp"
#include "modules/stream/names.hpp"
#include "modules/stream/user_names.hpp"

namespace stoa::stream {

using api::Call;
using db::Condition;
using model::Record;

namespace {

constexpr const char* kUploads = "FILES";

/// nullptr in a portal without a drive.
const model::Entity* attachments(const model::Registry& registry) {
    return registry.find("disk.attached_object");
}

Condition of_owners(const char* type, Condition owners) {
    return Condition::all({Condition::equals("entity_type", std::string(type)), std::move(owners)});
}

Condition of_owner(const FileOwner& owner) {
    return of_owners(owner.type, Condition::equals("entity_id", owner.id));
}

Result<std::vector<Record>> list(Call& call, Condition where, std::int64_t limit) {
    model::Query query;
    query.where = std::move(where);
    query.limit = limit;
    return call.records.as_system().list(*attachments(call.registry()), query);
}

/// The attachment of a file of the drive that the caller may see, made where it is missing.
Result<RecordId> attach(Call& call, const FileOwner& owner, RecordId object, const char* field) {
    const model::Entity* objects = call.registry().find("disk.object");
    const Error no_such_file = invalid("There is no such file in the drive: " + std::to_string(object) + ".", field);
    if (!objects) return no_such_file;
    const auto file = call.records.get(*objects, object);
    if (!file && file.error().code != Errc::not_found) return file.error();
    if (!file || file->text("TYPE") != "file" || file->integer("DELETED_TYPE") != 0) return no_such_file;
    STOA_TRY(const std::vector<Record> known, list(call, of_owner(owner), limits::stream_files_max));
    for (const Record& attachment : known) {
        if (attachment.integer("OBJECT_ID") == object) return attachment.id();
    }
    if (static_cast<std::int64_t>(known.size()) >= limits::stream_files_max) {
        return Error{Errc::too_large, "At most " + std::to_string(limits::stream_files_max) + " files hang here.",
                     field};
    }
    model::Changes changes(*attachments(call.registry()));
    changes.set("OBJECT_ID", object);
    changes.set("MODULE_ID", std::string("blog"));
    changes.set("ENTITY_TYPE", std::string(owner.type));
    changes.set("ENTITY_ID", owner.id);
    return call.records.as_system().add(std::move(changes));
}

Status take_upload(Call& call, const KeepFile& keep, const FileOwner& owner, const json::Value& value) {
    const model::StoredContent* upload = call.upload(value);
    if (!upload) return invalid("FILES is a list of [name, base64].", kUploads);
    if (!keep) return Error{Errc::unsupported, "There is no drive to put files into.", kUploads};
    STOA_TRY(const RecordId object, keep(call, *upload));
    const auto attached = attach(call, owner, object, kUploads);
    return attached ? Status() : Status(attached.error());
}

Status detach(Call& call, const FileOwner& owner, std::string_view number) {
    const auto id = json::Value(number).as_integer();
    if (!id) return invalid("FILES names no attachment: " + std::string(number) + ".", kUploads);
    STOA_TRY(const std::vector<Record> known,
             list(call, Condition::all({of_owner(owner), Condition::equals("id", *id)}), 1));
    if (known.empty()) return invalid("FILES names no attachment: " + std::string(number) + ".", kUploads);
    return call.records.as_system().remove(known.front().entity(), *id);
}

Status take_uploads(Call& call, const KeepFile& keep, const FileOwner& owner, const json::Value& given) {
    if (api::upload_number(given) >= 0) return take_upload(call, keep, owner, given);
    if (given.is_object()) {
        for (const auto& [key, value] : given.object()) {
            const bool leaves = value.is_string() && equals_any_case(value.string(), "del");
            STOA_CHECK(leaves ? detach(call, owner, key) : take_upload(call, keep, owner, value));
        }
        return {};
    }
    for (const json::Value* item : given.items())
        STOA_CHECK(take_upload(call, keep, owner, *item));
    return {};
}

Status take_list(Call& call, const FileOwner& owner, const json::Value& given) {
    std::set<RecordId> wanted;
    const bool many = given.is_array() || given.is_object();
    for (const json::Value* item : many ? given.items() : std::vector<const json::Value*>{&given}) {
        std::string text = item->as_text().value_or("");
        if (text.empty() || text == "empty") continue;
        const bool of_drive = text[0] == 'n' || text[0] == 'N';
        const auto id = json::Value(of_drive ? text.substr(1) : text).as_integer();
        if (!id || *id < 1) return invalid("Files are named like [\"n12\"].", owner.field);
        if (!of_drive) {
            wanted.insert(*id);
            continue;
        }
        STOA_TRY(const RecordId attachment, attach(call, owner, *id, owner.field));
        wanted.insert(attachment);
    }
    STOA_TRY(const std::vector<Record> known, list(call, of_owner(owner), limits::stream_files_max));
    for (const Record& attachment : known) {
        if (!wanted.contains(attachment.id())) {
            STOA_CHECK(call.records.as_system().remove(attachment.entity(), attachment.id()));
        }
    }
    return {};
}

bool names_something(const json::Value* value) {
    return value != nullptr && !value->is_null() && !(value->is_string() && value->string().empty());
}

/// "type" of a card.
std::string_view kind_of(const std::string& content_type) {
    for (const std::string_view kind : {"image", "video", "audio"}) {
        if (content_type.starts_with(kind)) return kind;
    }
    return "file";
}

/// Rows of an entity by id.
Result<std::map<RecordId, Record>> rows_of(Call& call, const char* entity_name, const std::set<RecordId>& ids) {
    std::map<RecordId, Record> out;
    const model::Entity* entity = call.registry().find(entity_name);
    if (ids.empty() || !entity) return out;
    model::Query query;
    query.where = Condition::in("id", {ids.begin(), ids.end()});
    query.limit = static_cast<std::int64_t>(ids.size());
    STOA_TRY(std::vector<Record> rows, call.records.as_system().list(*entity, query));
    for (Record& row : rows)
        out.emplace(row.id(), std::move(row));
    return out;
}

}  // namespace

void find_files(api::FileSearch& search) {
    if (json::Value* files = api::FileSearch::member(search.parameters(), kUploads)) search.take(*files, kUploads);
}

Status save_files(Call& call, const KeepFile& keep, const FileOwner& owner) {
    const json::Value* uploads = call.params.find(kUploads);
    const json::Value* field = call.params.find(owner.field);
    const bool has_uploads = names_something(uploads) && !(uploads->is_array() && uploads->array().empty());
    if (!has_uploads && !names_something(field)) return {};
    if (!attachments(call.registry())) {
        return Error{Errc::unsupported, "There is no drive to put files into.", has_uploads ? kUploads : owner.field};
    }
    return has_uploads ? take_uploads(call, keep, owner, *uploads) : take_list(call, owner, *field);
}

Status remove_files(model::RemoveContext& context, const char* type, Condition owners) {
    const model::Entity* entity = attachments(context.records.services().registry);
    if (!entity) return {};
    auto removed = context.tx.remove(entity->table, of_owners(type, std::move(owners)));
    if (!removed) return removed.error();
    return {};
}

Status FilesOf::load(Call& call, const char* type, std::span<const RecordId> owners) {
    if (owners.empty() || !attachments(call.registry())) return {};
    const Condition where = of_owners(type, Condition::in("entity_id", {owners.begin(), owners.end()}));
    STOA_TRY(const std::vector<Record> rows,
             list(call, where, limits::stream_files_max * static_cast<std::int64_t>(owners.size())));
    for (const Record& row : rows)
        by_owner_[row.integer("ENTITY_ID")].push_back({row.id(), row.integer("OBJECT_ID")});
    return {};
}

void FilesOf::write_attachments(json::Writer& out, RecordId owner) const {
    out.begin_array();
    if (const auto found = by_owner_.find(owner); found != by_owner_.end()) {
        for (const Attachment& attachment : found->second)
            out.integer(attachment.id);
    }
    out.end_array();
}

void FilesOf::write_objects(json::Writer& out, RecordId owner) const {
    out.begin_array();
    if (const auto found = by_owner_.find(owner); found != by_owner_.end()) {
        for (const Attachment& attachment : found->second)
            out.integer(attachment.object);
    }
    out.end_array();
}

Status FilesOf::load_cards(Call& call) {
    cards_.clear();
    std::set<RecordId> ids;
    for (const auto& [owner, of_owner] : by_owner_) {
        for (const Attachment& attachment : of_owner)
            ids.insert(attachment.object);
    }
    if (ids.empty()) return {};
    STOA_TRY(const auto objects, rows_of(call, "disk.object", ids));
    std::set<RecordId> contents, authors;
    for (const auto& [id, object] : objects) {
        contents.insert(object.integer("FILE_ID"));
        authors.insert(object.integer("CREATED_BY"));
    }
    STOA_TRY(const auto stored, rows_of(call, "file", contents));
    STOA_TRY(const auto names, user_names(call.records, authors));
    STOA_TRY(const api::FileLinks links, api::FileLinks::of(call.records));
    for (const auto& [id, object] : objects) {
        const RecordId content = object.integer("FILE_ID");
        const auto file = stored.find(content);
        Card& card = cards_[id];
        card.id = id;
        append_iso(card.date, object.integer("CREATE_TIME"), call.zone());
        card.type = kind_of(file == stored.end() ? std::string() : file->second.text("CONTENT_TYPE"));
        card.name = object.text("NAME");
        card.size = object.integer("SIZE");
        card.author = object.integer("CREATED_BY");
        if (const auto name = names.find(card.author); name != names.end()) card.author_name = name->second;
        card.url_show = links.show(content);
        card.url_download = links.download(content);
    }
    return {};
}

void FilesOf::write_card(json::Writer& out, const Card& card) {
    out.begin_object().field("id", card.id).field("date", card.date).field("type", card.type);
    out.field("name", card.name).field("size", card.size);
    out.field("authorId", card.author).field("authorName", card.author_name);
    out.field("urlPreview", card.url_show).field("urlShow", card.url_show);
    out.field("urlDownload", card.url_download).end_object();
}

void FilesOf::write_cards_of(json::Writer& out, RecordId owner) const {
    out.begin_array();
    if (const auto found = by_owner_.find(owner); found != by_owner_.end()) {
        for (const Attachment& attachment : found->second) {
            if (const auto card = cards_.find(attachment.object); card != cards_.end()) write_card(out, card->second);
        }
    }
    out.end_array();
}

Status FilesOf::write_cards(Call& call) {
    STOA_CHECK(load_cards(call));
    call.out.begin_object();
    for (const auto& [id, card] : cards_) {
        call.out.key(std::to_string(id));
        write_card(call.out, card);
    }
    call.out.end_object();
    return {};
}

}  // namespace stoa::stream
