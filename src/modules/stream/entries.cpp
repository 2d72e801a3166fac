#include "modules/stream/entries.hpp"

#include <algorithm>
#include <set>

#include "base/utf8.hpp"
#include "json/writer.hpp"
#include "modules/stream/destinations.hpp"
#include "modules/stream/limits.hpp"
#include "modules/stream/names.hpp"

namespace stoa::stream {

using db::Condition;
using model::Record;

namespace {

const model::Entity& posts(model::Records& records) {
    return records.services().registry.entity(kPost);
}

/// In their order, each once, without those that do not exist.
Result<std::vector<std::string>> codes_of(model::Records& records, const char* entity_name, char letter,
                                          const std::vector<RecordId>& ids) {
    std::vector<std::string> codes;
    const model::Entity* entity = records.services().registry.find(entity_name);
    std::vector<db::Value> asked;
    for (const RecordId id : ids) {
        if (id > 0 && asked.size() < limits::stream_destinations_max) asked.emplace_back(id);
    }
    if (!entity || asked.empty()) return codes;
    std::set<RecordId> known;
    db::Select select;
    select.table = entity->table;
    select.columns = {{"id", ""}};
    select.limit = static_cast<std::int64_t>(asked.size());
    select.where = Condition::in("id", std::move(asked));
    STOA_CHECK(records.tx().select(select, [&](const db::Row& row) {
        known.insert(row.integer(0));
        return true;
    }));
    for (const RecordId id : ids) {
        if (known.erase(id) > 0) codes.push_back(letter + std::to_string(id));
    }
    return codes;
}

Result<std::vector<std::string>> codes_of(model::Records& records, const Readers& readers) {
    STOA_TRY(std::vector<std::string> codes, codes_of(records, kUser, 'U', readers.users));
    STOA_TRY(const std::vector<std::string> more, codes_of(records, kDepartment, 'D', readers.departments));
    codes.insert(codes.end(), more.begin(), more.end());
    if (codes.size() > limits::stream_destinations_max) codes.resize(limits::stream_destinations_max);
    return codes;
}

std::string to_dest(const std::vector<std::string>& codes) {
    json::Array list(codes.begin(), codes.end());
    return json::to_json(json::Value(std::move(list)));
}

Result<std::vector<Record>> about(model::Records& records, std::string_view source, std::string_view event = {}) {
    model::Query query;
    query.where = Condition::equals("source", std::string(source));
    if (!event.empty()) {
        query.where = Condition::all({std::move(query.where), Condition::equals("source_event", std::string(event))});
    }
    query.limit = limits::stream_entries_per_source_max;
    return records.as_system().list(posts(records), query);
}

/// The author's newest entries of the last moments: an import must not fill the stream.
Result<bool> wrote_enough(model::Records& records, UserId author) {
    const UnixSeconds from = records.services().clock.now() - limits::stream_entries_window_s;
    db::Select select;
    select.table = posts(records).table;
    select.columns = {{"date_publish", ""}};
    select.where =
        Condition::all({Condition::equals("author_id", author), Condition::negate(Condition::is_null("source"))});
    select.order = {{{"id", ""}, true}};
    select.limit = limits::stream_entries_max;
    std::int64_t recent = 0;
    STOA_CHECK(records.tx().select(select, [&](const db::Row& row) {
        if (row.integer(0) >= from) ++recent;
        return true;
    }));
    return recent >= limits::stream_entries_max;
}

std::string within_field(model::Records& records, const char* field, std::string_view text) {
    return std::string(utf8_prefix(text, static_cast<std::size_t>(posts(records).field(field).length)));
}

}  // namespace

Result<RecordId> add_entry(model::Records& records, const Entry& entry) {
    STOA_TRY(const std::vector<Record> known, about(records, entry.source, entry.event));
    if (!known.empty()) return known.front().id();
    STOA_TRY(const std::vector<std::string> codes, codes_of(records, entry.readers));
    if (codes.empty()) return RecordId{0};
    STOA_TRY(const bool enough, wrote_enough(records, entry.author));
    if (enough) return RecordId{0};
    model::Changes post(posts(records));
    post.set("AUTHOR_ID", entry.author);
    post.set("TITLE", within_field(records, "TITLE", entry.title));
    post.set("DETAIL_TEXT", entry.text);
    post.set("DEST", to_dest(codes));
    post.set("SOURCE", entry.source);
    post.set("SOURCE_EVENT", entry.event);
    return records.as_system().add(std::move(post));
}

Status readdress_entries(model::Records& records, std::string_view source, const Readers& readers) {
    STOA_TRY(const std::vector<Record> entries, about(records, source));
    if (entries.empty()) return {};
    STOA_TRY(const std::vector<std::string> codes, codes_of(records, readers));
    if (codes.empty()) return remove_entries(records, source);
    for (const Record& entry : entries) {
        if (destinations_of(entry) == codes) continue;
        model::Changes changes(entry.entity());
        changes.set("DEST", to_dest(codes));
        STOA_CHECK(records.as_system().update(entry.id(), std::move(changes)));
    }
    return {};
}

Status remove_entries(model::Records& records, std::string_view source) {
    STOA_TRY(const std::vector<Record> entries, about(records, source));
    for (const Record& entry : entries)
        STOA_CHECK(records.as_system().remove(entry.entity(), entry.id()));
    return {};
}

}  // namespace stoa::stream
