#include "model/side_tables.hpp"

#include <algorithm>
#include <cctype>

#include "base/limits.hpp"
#include "base/utf8.hpp"

namespace stoa::model {

namespace {

db::Condition row_of(const Entity& entity, RecordId owner, RecordId id) {
    return db::Condition::all({db::Condition::equals("id", id), db::Condition::equals("entity", entity.name),
                               db::Condition::equals("owner_id", owner)});
}

std::string trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return std::string(text);
}

}  // namespace

std::string multifield_search_value(std::string_view type, std::string_view value) {
    if (type == "EMAIL") return to_lower_ascii(trimmed(value));
    if (type != "PHONE") return trimmed(value);
    std::string digits;
    for (const char c : value) {
        if (std::isdigit(static_cast<unsigned char>(c)) != 0) digits += c;
    }
    if (digits.starts_with("00")) digits.erase(0, 2);
    return digits;
}

Status save_links(db::WriteTx& tx, const Field& field, RecordId owner, const std::vector<RecordId>& targets) {
    auto removed = tx.remove(field.link_table, db::Condition::equals("owner_id", owner));
    if (!removed) return removed.error();
    std::vector<RecordId> seen;
    for (const RecordId target : targets) {
        if (std::find(seen.begin(), seen.end(), target) != seen.end()) continue;
        seen.push_back(target);
        const db::Assignment row[] = {
            {"owner_id", owner}, {"target_id", target}, {"position", static_cast<std::int64_t>(seen.size())}};
        STOA_CHECK(tx.insert(field.link_table, row));
    }
    return {};
}

Status save_multifields(db::WriteTx& tx, const Entity& entity, RecordId owner,
                        const std::vector<MultifieldChange>& changes) {
    if (static_cast<int>(changes.size()) > limits::multifields_per_record_max) {
        return Error{Errc::too_large, "Too many phones, mails and addresses in one record.", "fm"};
    }
    for (const MultifieldChange& change : changes) {
        if (change.remove || (change.id > 0 && change.value.empty())) {
            if (change.id <= 0) continue;
            auto removed = tx.remove("multifields", row_of(entity, owner, change.id));
            if (!removed) return removed.error();
            continue;
        }
        if (change.value.empty()) continue;
        if (change.value.size() > 255) return Error{Errc::too_large, change.type + " is too long.", change.type};
        const std::string value = trimmed(change.value);
        const std::string search = multifield_search_value(change.type, change.value);
        if (change.id > 0) {
            std::vector<db::Assignment> row{{"value", value}, {"search_value", search}};
            if (!change.value_type.empty()) row.push_back({"value_type", change.value_type});
            auto updated = tx.update("multifields", row, row_of(entity, owner, change.id));
            if (!updated) return updated.error();
            continue;
        }
        STOA_TRY(const std::int64_t id, tx.next_id("multifields"));
        const db::Assignment row[] = {
            {"id", id},
            {"entity", entity.name},
            {"owner_id", owner},
            {"type", change.type},
            {"value_type", change.value_type.empty() ? std::string("WORK") : change.value_type},
            {"value", value},
            {"search_value", search},
        };
        STOA_CHECK(tx.insert("multifields", row));
    }
    return {};
}

Status remove_side_tables(db::WriteTx& tx, const Entity& entity, RecordId owner) {
    bool has_multifields = false;
    for (const Field& field : entity.fields) {
        has_multifields = has_multifields || field.type == FieldType::multifield;
        if (field.type != FieldType::links) continue;
        auto removed = tx.remove(field.link_table, db::Condition::equals("owner_id", owner));
        if (!removed) return removed.error();
    }
    if (!has_multifields) return {};
    auto removed = tx.remove("multifields", db::Condition::all({db::Condition::equals("entity", entity.name),
                                                                db::Condition::equals("owner_id", owner)}));
    if (!removed) return removed.error();
    return {};
}

}  // namespace stoa::model
