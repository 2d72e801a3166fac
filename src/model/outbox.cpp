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
    if (waker_) tx.on_commit([this, account = tx.account()] { waker_(account); });
    return {};
}

Result<std::vector<Event>> Outbox::take(std::int64_t limit, std::int64_t created_before_us) {
    std::vector<Event> events;
    const Status read = database_.look_up([&](db::Tx& tx, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
        const db::Value parameters[] = {created_before_us, limit};
        STOA_CHECK(
            tx.raw().query("SELECT account_id, id, name, payload, user_id, created_us FROM outbox WHERE created_us < ? "
                           "ORDER BY account_id, id LIMIT ?",
                           parameters, [&](const db::Row& row) {
                               if (!lives_here(row.integer(0))) return true;
                               events.push_back({row.integer(0), row.integer(1), std::string(row.text(2)),
                                                 std::string(row.text(3)), row.integer(4), row.integer(5)});
                               return true;
                           }));
        return false;
    });
    if (!read && events.empty()) return read.error();  // one store that is away does not hold up the others
    return events;
}

Result<std::vector<Event>> Outbox::take_of(AccountId account, std::int64_t limit) {
    std::vector<Event> events;
    STOA_CHECK(database_.read(account, [&](db::Tx& tx) -> Status {
        db::Select select;
        select.table = kTable;
        select.columns = {{"id", ""}, {"name", ""}, {"payload", ""}, {"user_id", ""}, {"created_us", ""}};
        select.order = {{{"id", ""}, false}};
        select.limit = limit;
        events.clear();
        return tx.select(select, [&](const db::Row& row) {
            events.push_back({account, row.integer(0), std::string(row.text(1)), std::string(row.text(2)),
                              row.integer(3), row.integer(4)});
            return true;
        });
    }));
    return events;
}

Result<std::int64_t> Outbox::remove(db::WriteTx& tx, const std::vector<std::int64_t>& ids) {
    std::vector<db::Value> values(ids.begin(), ids.end());
    return tx.remove(kTable, db::Condition::in("id", std::move(values)));
}

}  // namespace stoa::model
