#include "modules/crm/attachments.hpp"

#include "api/shape.hpp"
#include "model/stored_files.hpp"

namespace stoa::crm {

using model::Record;

namespace {

std::string_view kind_of(std::string_view content_type) {
    for (const std::string_view kind : {"image", "video", "audio"}) {
        if (content_type.starts_with(kind)) return kind;
    }
    return "file";
}

}  // namespace

void find_attachments(api::FileSearch& search) {
    json::Value* fields = api::FileSearch::member(search.parameters(), "fields");
    json::Value* files = fields ? api::FileSearch::member(*fields, "FILES") : nullptr;
    if (files) search.take(*files, "FILES");
}

Result<Attachments> Attachments::load(api::Call& call, const model::Entity& entity, std::span<const RecordId> owners) {
    STOA_TRY(api::FileLinks links, api::FileLinks::of(call.records));
    Attachments out{std::move(links)};
    STOA_TRY(auto files, model::files_owned(call.records, entity, owners));
    std::vector<db::Value> authors;
    for (auto& [owner, file] : files) {
        authors.emplace_back(file.integer("CREATED_BY"));
        out.files_[owner].push_back(std::move(file));
    }
    const model::Entity* users = call.registry().find("user");
    if (authors.empty() || !users) return out;
    model::Query query;
    query.limit = static_cast<std::int64_t>(authors.size());
    query.where = db::Condition::in("id", std::move(authors));
    STOA_TRY(const std::vector<Record> rows, call.records.as_system().list(*users, query));
    for (const Record& row : rows) {
        std::string name = row.text("NAME");
        if (const std::string last = row.text("LAST_NAME"); !last.empty()) name += (name.empty() ? "" : " ") + last;
        out.authors_[row.id()] = std::move(name);
    }
    return out;
}

void Attachments::write_cards(api::Call& call, RecordId owner) const {
    call.out.begin_object();
    const auto found = files_.find(owner);
    for (const Record& file : found == files_.end() ? std::vector<Record>() : found->second) {
        const UserId author = file.integer("CREATED_BY");
        const auto name = authors_.find(author);
        call.out.key(std::to_string(file.id())).begin_object();
        call.out.field("id", file.id()).key("date");
        const model::Field& date = file.entity().field("CREATE_TIME");
        api::write_value(call.out, date, api::Shape::classic(), file.value(date), call.zone());
        call.out.field("type", kind_of(file.text("CONTENT_TYPE")));
        call.out.field("name", file.text("NAME")).field("size", file.integer("SIZE"));
        call.out.field("authorId", author).field("authorName", name == authors_.end() ? "" : name->second);
        call.out.field("urlPreview", links_.show(file.id())).field("urlShow", links_.show(file.id()));
        call.out.field("urlDownload", links_.download(file.id())).end_object();
    }
    call.out.end_object();
}

void Attachments::write_list(api::Call& call, RecordId owner) const {
    call.out.begin_array();
    const auto found = files_.find(owner);
    for (const Record& file : found == files_.end() ? std::vector<Record>() : found->second) {
        call.out.begin_object().field("id", file.id()).field("url", links_.download(file.id())).end_object();
    }
    call.out.end_array();
}

}  // namespace stoa::crm
