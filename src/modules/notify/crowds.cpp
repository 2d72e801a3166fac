#include "modules/notify/crowds.hpp"

#include "modules/notify/limits.hpp"
#include "modules/notify/names.hpp"
#include "modules/notify/pushes.hpp"

namespace stoa::notify {

using db::Condition;
using model::Record;

namespace {

const model::Entity& entity_of(model::Records& records) {
    return records.services().registry.entity(kNotification);
}

UnixSeconds window_start(model::Records& records) {
    return records.services().clock.now() - limits::notify_crowd_window_s;
}

}  // namespace

std::string crowd_tag(const Notification& given) {
    return "CROWD|" + given.module + "|" + given.event + "|" + std::to_string(given.author);
}

Result<std::optional<Record>> running_crowd(model::Records& records, const Notification& given) {
    model::Query query;
    query.where =
        Condition::all({Condition::equals("tag", crowd_tag(given)), Condition::equals("user_id", given.receiver),
                        Condition::equals("is_read", std::int64_t{0})});
    query.limit = 1;
    STOA_TRY(std::vector<Record> rows, records.as_system().list(entity_of(records), query));
    if (rows.empty() || rows.front().integer("DATE_CREATE") < window_start(records)) return std::optional<Record>();
    return std::optional<Record>(std::move(rows.front()));
}

Result<bool> is_crowded(model::Records& records, const Notification& given) {
    const std::string crowd = crowd_tag(given);
    db::Select select;
    select.table = entity_of(records).table;
    select.columns = {{"date_create", ""}, {"tag", ""}};
    select.where =
        Condition::all({Condition::equals("user_id", given.receiver), Condition::equals("is_read", std::int64_t{0}),
                        Condition::equals("module", given.module), Condition::equals("event", given.event),
                        Condition::equals("author_id", given.author > 0 ? db::Value(given.author) : db::Value())});
    select.order = {{{"id", ""}, true}};
    select.limit = limits::notify_singly_max + 1;  // an earlier crowd may be among them
    const UnixSeconds from = window_start(records);
    std::int64_t single = 0;
    STOA_CHECK(records.tx().select(select, [&](const db::Row& row) {
        if (row.text(1) != crowd && row.integer(0) >= from) ++single;
        return true;
    }));
    return single >= limits::notify_singly_max;
}

Notification as_crowd(const Notification& given) {
    Notification crowd = given;
    crowd.tag = crowd_tag(given);
    crowd.sub_tag.clear();  // what one of them is about may go, the others stay
    crowd.title = given.crowd_title;
    crowd.link = given.crowd_link;
    crowd.answerable = false;
    return crowd;
}

Status count_on(model::Records& records, const Record& crowd, const Notification& given,
                std::optional<UnixSeconds> mail_due) {
    const model::Entity& entity = entity_of(records);
    const UnixSeconds now = records.services().clock.now();
    std::vector<db::Assignment> row{
        {"grouped", crowd.integer("GROUPED") + 1}, {"text", given.text}, {"date_create", now}};
    if (mail_due) row.push_back({"mail_due", *mail_due});
    auto updated = records.write_tx().update(entity.table, row, Condition::equals("id", crowd.id()));
    if (!updated) return updated.error();
    const bool told_this_second = crowd.integer("DATE_CREATE") == now;
    if (crowd.integer("SHOWN") == 0 || told_this_second) return {};
    STOA_TRY(const Record counted, records.as_system().get(entity, crowd.id()));
    return push_added(records, counted, true);
}

}  // namespace stoa::notify
