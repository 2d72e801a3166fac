#include "modules/chat/chat_files.hpp"

#include <algorithm>

#include "api/file_links.hpp"
#include "base/utf8.hpp"
#include "json/parse.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/people.hpp"

namespace stoa::chat {

using api::Call;
using model::Record;

namespace {

constexpr const char* kObject = "disk.object";

Error no_such_file(std::string_view parameter, std::string_view given) {
    return invalid("There is no file " + std::string(given) + " that you may read.", std::string(parameter),
                   "SAVE_ERROR");
}

bool is_there(const Record& object) {
    return object.text("TYPE") == "file" && object.integer("DELETED_TYPE") == 0;
}

std::optional<RecordId> file_number(const json::Value& value) {
    std::string text = value.as_text().value_or("");
    for (const std::string_view prefix : {"upload", "disk"}) {
        if (text.starts_with(prefix)) text.erase(0, prefix.size());
    }
    const auto id = json::Value(text).as_integer();
    if (!id || *id < 1) return std::nullopt;
    return *id;
}

Result<std::vector<Record>> objects_of(model::Records records, const std::vector<RecordId>& files) {
    const model::Entity* objects = records.services().registry.find(kObject);
    if (!objects || files.empty()) return std::vector<Record>();
    model::Query query;
    query.where = db::Condition::in("id", {files.begin(), files.end()});
    query.limit = static_cast<std::int64_t>(files.size());
    STOA_TRY(std::vector<Record> rows, records.list(*objects, query));
    std::erase_if(rows, [](const Record& row) { return !is_there(row); });
    return rows;
}

std::string extension_of(const std::string& name) {
    const auto dot = name.rfind('.');
    return dot == std::string::npos ? std::string() : to_lower_ascii(std::string_view(name).substr(dot + 1));
}

std::string_view kind_of(std::string_view extension) {
    struct Kind {
        std::string_view extension, kind;
    };
    static constexpr Kind kKinds[] = {
        {"png", "image"}, {"jpg", "image"}, {"jpeg", "image"}, {"gif", "image"}, {"webp", "image"},
        {"bmp", "image"}, {"mp4", "video"}, {"webm", "video"}, {"mov", "video"}, {"mp3", "audio"},
        {"ogg", "audio"}, {"wav", "audio"}, {"m4a", "audio"},
    };
    const auto found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                    [&](const Kind& kind) { return kind.extension == extension; });
    return found == std::end(kKinds) ? "file" : found->kind;
}

}  // namespace

Result<std::vector<RecordId>> read_files(Call& call, std::string_view parameter) {
    std::vector<RecordId> out;
    const json::Value* given = call.params.find(parameter);
    if (!given || given->is_null() || (given->is_string() && given->string().empty())) return out;
    json::Value list = *given;
    if (given->is_string() && given->string().starts_with('[')) {
        auto parsed = json::parse(given->string());
        if (!parsed) return no_such_file(parameter, given->string());
        list = std::move(*parsed);
    }
    const bool many = list.is_array() || list.is_object();
    for (const json::Value* item : many ? list.items() : std::vector<const json::Value*>{&list}) {
        const auto id = file_number(*item);
        if (!id) return no_such_file(parameter, item->as_text().value_or(""));
        if (std::find(out.begin(), out.end(), *id) == out.end()) out.push_back(*id);
        if (out.size() > limits::files_per_message_max) {
            return over_limit(parameter, limits::files_per_message_max, "files");
        }
    }
    // As the caller: nobody sends what he may not read himself.
    STOA_TRY(const std::vector<Record> readable, objects_of(call.records, out));
    for (const RecordId id : out) {
        const bool there =
            std::any_of(readable.begin(), readable.end(), [&](const Record& row) { return row.id() == id; });
        if (!there) return no_such_file(parameter, std::to_string(id));
    }
    return out;
}

std::vector<RecordId> files_of(const Record& message) {
    std::vector<RecordId> out;
    const auto parsed = json::parse(message.text("FILES"));
    if (!parsed) return out;
    for (const json::Value* item : parsed->items())
        out.push_back(item->as_integer().value_or(0));
    return out;
}

Status ChatFiles::load(const std::vector<RecordId>& files) {
    STOA_TRY(std::vector<Record> rows, objects_of(call_.records.as_system(), files));
    for (Record& row : rows)
        files_.insert_or_assign(row.id(), std::move(row));
    return {};
}

std::vector<UserId> ChatFiles::authors() const {
    std::vector<UserId> out;
    for (const auto& [unused, file] : files_)
        out.push_back(file.integer("CREATED_BY"));
    return out;
}

Status ChatFiles::write(RecordId id, RecordId chat, const People& people) const {
    STOA_TRY(const api::FileLinks links, api::FileLinks::of(call_.records));
    const Record& file = files_.at(id);
    const std::string name = file.text("NAME");
    const std::string extension = extension_of(name);
    const std::string_view kind = kind_of(extension);
    const std::string show = links.show(file.integer("FILE_ID"));
    const std::string download = links.download(file.integer("FILE_ID"));
    json::Writer& out = call_.out;
    out.begin_object().field("id", id).field("chatId", chat);
    write_time(call_, out, "date", file.integer("CREATE_TIME"));
    out.field("type", kind).field("name", name).field("extension", extension).field("size", file.integer("SIZE"));
    out.field("image", false).field("status", "done").field("progress", 100);
    out.field("authorId", file.integer("CREATED_BY")).field("authorName", people.name(file.integer("CREATED_BY")));
    out.field("urlPreview", kind == "image" ? std::string_view(show) : std::string_view());
    out.field("urlShow", show).field("urlDownload", download);
    out.key("viewerAttrs").begin_object().field("viewer", "").field("viewerType", kind).field("src", show);
    out.field("objectId", std::to_string(id)).field("imChatId", chat).field("title", name).end_object();
    out.field("isTranscribable", false).field("isVideoNote", false).field("isVoiceNote", false);
    out.end_object();
    return {};
}

Status ChatFiles::write_all(RecordId chat, const People& people) const {
    call_.out.begin_array();
    for (const auto& [id, unused] : files_)
        STOA_CHECK(write(id, chat, people));
    call_.out.end_array();
    return {};
}

}  // namespace stoa::chat
