#include "model/outbox.hpp"

#include "base/clock.hpp"

namespace stoa::model {

namespace {
constexpr const char* kTable = "outbox";
}

Status Outbox::append(db::WriteTx& tx, std::string_view name, std::string_view data_json, UserId user) {
    STOA_TRY(const std::int64_t id, tx.next_id(kTable));
    const db::Assignment row[] = {
        {"id", id},
        {"name", std::string(name)},
        {"payload", std::string(data_json)},
        {"user_id", user},
        {"created_us", system_clock().now_us()},
    };
    STOA_CHECK(tx.insert(kTable, row));
    if (waker_) tx.on_commit(waker_);
    return {};
}

Result<std::vector<Event>> Outbox::take(std::int64_t limit) {
    std::vector<Event> events;
    const Status read = database_.read(0, [&](db::Tx& tx) -> Status {
        const db::Value parameters[] = {limit};
        return tx.raw().query(
            "SELECT account_id, id, name, payload, user_id, created_us FROM outbox ORDER BY account_id, id LIMIT ?",
            parameters, [&](const db::Row& row) {
                events.push_back({row.integer(0), row.integer(1), std::string(row.text(2)), std::string(row.text(3)),
                                  row.integer(4), row.integer(5)});
                return true;
            });
    });
    STOA_CHECK(read);
    return events;
}

Status Outbox::remove(db::WriteTx& tx, const std::vector<std::int64_t>& ids) {
    std::vector<db::Value> values(ids.begin(), ids.end());
    auto removed = tx.remove(kTable, db::Condition::in("id", std::move(values)));
    if (!removed) return removed.error();
    return {};
}

}  // namespace stoa::model
