#include "modules/notify/inbox.hpp"

#include <algorithm>

#include "modules/notify/limits.hpp"
#include "modules/notify/names.hpp"

namespace stoa::notify {

using db::Condition;

namespace {

const model::Entity& entity_of(model::Records& records) {
    return records.services().registry.entity(kNotification);
}

Condition unread_of(UserId user) {
    return Condition::all({shown_to(user), Condition::equals("is_read", std::int64_t{0})});
}

Result<std::vector<RecordId>> ids_of(model::Records& records, Condition where, bool newest_first, std::int64_t limit) {
    std::vector<RecordId> ids;
    db::Select select;
    select.table = entity_of(records).table;
    select.columns = {{"id", ""}};
    select.where = std::move(where);
    select.order = {{{"id", ""}, newest_first}};
    select.limit = limit;
    STOA_CHECK(records.tx().select(select, [&](const db::Row& row) {
        ids.push_back(row.integer(0));
        return true;
    }));
    return ids;
}

Status remove_ids(model::Records& records, const std::vector<RecordId>& ids) {
    if (ids.empty()) return {};
    auto removed = records.write_tx().remove(entity_of(records).table, Condition::in("id", {ids.begin(), ids.end()}));
    if (!removed) return removed.error();
    return {};
}

}  // namespace

Condition shown_to(UserId user) {
    return Condition::all({Condition::equals("user_id", user), Condition::equals("shown", std::int64_t{1})});
}

Result<std::int64_t> unread_count(model::Records& records, UserId user) {
    return records.tx().count(entity_of(records).table, unread_of(user), limits::notify_unread_max);
}

Result<std::vector<RecordId>> mark(model::Records& records, UserId user, const Condition& which, bool read) {
    std::int64_t most = limits::notify_unread_max;
    if (!read) {
        STOA_TRY(const std::int64_t unread, unread_count(records, user));
        most -= unread;
    }
    if (most <= 0) return std::vector<RecordId>();
    const Condition changing = Condition::equals("is_read", std::int64_t{read ? 0 : 1});
    STOA_TRY(std::vector<RecordId> ids, ids_of(records, Condition::all({shown_to(user), which, changing}), true, most));
    if (ids.empty()) return ids;
    std::vector<db::Assignment> row{{"is_read", std::int64_t{read ? 1 : 0}}};
    if (read) row.push_back({"mail_due", db::Value()});  // no mail tells of what was seen
    auto updated =
        records.write_tx().update(entity_of(records).table, row, Condition::in("id", {ids.begin(), ids.end()}));
    if (!updated) return updated.error();
    return ids;
}

Status remove_rows(model::Records& records, const std::vector<model::Record>& rows) {
    std::vector<RecordId> ids;
    for (const model::Record& row : rows)
        ids.push_back(row.id());
    return remove_ids(records, ids);
}

Status make_room(model::Records& records, UserId user) {
    STOA_TRY(const std::int64_t unread, unread_count(records, user));
    if (unread < limits::notify_unread_max) return {};
    STOA_TRY(const std::vector<RecordId> oldest,
             ids_of(records, unread_of(user), false, unread - limits::notify_unread_max + 1));
    return remove_ids(records, oldest);
}

}  // namespace stoa::notify
